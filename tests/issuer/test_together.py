"""All colours of a mixed warning updated or lifted in one act, with the chain of references right."""

from pathlib import Path

import pytest

from contracts import cap
from contracts.values import AreaSelection, Level
from contracts.warning import WarningCancelled, WarningUpdated
from services.issuer import actions
from services.issuer.actions.ringing import rings
from services.issuer.actions.shift import shift
from services.issuer.model import State, WeatherWarning, Wish
from services.kit.errors import Refused
from tests.issuer.api_make import a_desk
from tests.issuer.desk_make import a_room
from tests.issuer.issuer_make import LI, WANG, ZHANG, Office
from tests.issuer.test_mixing import TWO, in_review, split


async def mixed(office: Office) -> tuple[WeatherWarning, WeatherWarning]:
    """Return an orange warning for two towns and its yellow part for a third, both in force."""
    draft = await office.drafted(selection=TWO)
    part = await split(office, draft, "500110111", level=Level.YELLOW)
    await office.approve(await in_review(office, draft.warning_id), WANG)
    return await office.get(draft.warning_id), await office.get(part.warning_id)


async def update_all(office: Office, warning: WeatherWarning) -> WeatherWarning:
    return await actions.update_all(office.db, office.catalogue, warning.warning_id, ZHANG)


async def lift_all(office: Office, warning: WeatherWarning) -> WeatherWarning:
    return await actions.lift_all(office.db, office.catalogue, warning.warning_id, ZHANG)


def references(xml: str) -> set[str]:
    """Return the identifiers that a CAP document refers to."""
    return {one.identifier for one in cap.references_of(cap.read(xml.encode()).alert.references)}


def name(warning: WeatherWarning) -> str:
    assert warning.published is not None
    return warning.published.notice.identifier


@pytest.mark.parametrize("beginning", [0, 1], ids=["from its lead", "from a part"])
async def test_all_colours_are_lifted_by_one_set_of_approvals(office: Office, beginning: int) -> None:
    both = await mixed(office)
    lift = await lift_all(office, both[beginning])
    with pytest.raises(Refused, match="signer"):
        await office.approve(lift, LI)
    await office.approve(lift, WANG)
    for one in both:
        assert await office.states(one.warning_id) == [State.CANCELLED, State.ISSUED]
    said = {message.warning_id: message for message in await office.said(WarningCancelled)}
    for one in both:
        assert references(said[one.warning_id].cap_xml) == {name(one)}


async def test_all_colours_are_updated_together_and_each_refers_to_its_own(office: Office) -> None:
    lead, part = await mixed(office)
    draft = await update_all(office, lead)
    assert [one.warning_id for one in draft.content.bound] == [part.warning_id]
    await office.edit(await office.get(part.warning_id), Wish(level=Level.RED))
    review = await in_review(office, lead.warning_id)
    half = await office.approve(review, LI)
    assert half.state is State.REVIEW
    await office.approve(half, WANG)
    said = {message.warning_id: message for message in await office.said(WarningUpdated)}
    assert {one: message.notice.level for one, message in said.items()} == {
        lead.warning_id: Level.ORANGE,
        part.warning_id: Level.RED,
    }
    assert references(said[lead.warning_id].cap_xml) == {name(lead)}
    assert references(said[part.warning_id].cap_xml) == {name(part)}
    assert await office.states(part.warning_id) == [State.SUPERSEDED, State.ISSUED]


async def test_a_town_that_changes_colour_refers_to_what_it_was_under(laptop: Office) -> None:
    lead, part = await mixed(laptop)
    await update_all(laptop, lead)
    await laptop.edit(await laptop.get(lead.warning_id), Wish(selection=AreaSelection(towns=("500110110",))))
    moved = AreaSelection(towns=("500110111", "500110112"))
    await laptop.edit(await laptop.get(part.warning_id), Wish(selection=moved))
    await laptop.approve(await in_review(laptop, lead.warning_id), WANG)
    said = {message.warning_id: message for message in await laptop.said(WarningUpdated)}
    assert references(said[lead.warning_id].cap_xml) == {name(lead)}
    assert references(said[part.warning_id].cap_xml) == {name(part), name(lead)}


async def test_a_part_that_is_lifted_alone_leaves_the_update_of_all(laptop: Office) -> None:
    lead, part = await mixed(laptop)
    await update_all(laptop, lead)
    await laptop.lifted(part.warning_id)
    review = await in_review(laptop, lead.warning_id)
    assert review.content.bound == ()
    assert (await laptop.approve(review, WANG)).state is State.ISSUED


async def test_a_warning_of_one_colour_has_nothing_to_do_together(laptop: Office) -> None:
    alone = await laptop.issued()
    with pytest.raises(Refused, match="no other colours"):
        await lift_all(laptop, alone)


async def test_the_page_offers_all_colours_and_the_approver_types_each(
    laptop: Office, tmp_path: Path
) -> None:
    lead, part = await mixed(laptop)
    async with a_room(laptop, tmp_path) as room:
        zhang, wang = await room.person("zhang"), await room.person("wang")
        face = await zhang.get(f"/warnings/{part.warning_id}")
        assert {"update-all", "lift-all"} <= face.actions()
        sent = await zhang.send(face, "/lift-all")
        assert sent.status == 303
        asked = await wang.get(sent.goes_to)
        words = asked.tree.xpath("string(//kbd)")
        assert words == "真实发布 解除 黄色 2 橙色 4"
        sentence = asked.tree.xpath("string(//label[contains(@class, 'sentence')])")
        assert "与之一并发出暴雨橙色预警" in sentence
        assert "共6个村社区" in sentence
        done = await wang.send(asked, "/approve", agreed="yes", typed=words)
        assert done.status == 303, done.text
    assert await laptop.states(lead.warning_id) == [State.CANCELLED, State.ISSUED]


async def test_the_api_updates_and_lifts_all_colours(laptop: Office, tmp_path: Path) -> None:
    lead, part = await mixed(laptop)
    async with a_desk(laptop, tmp_path) as desk:
        zhang = await desk.person("zhang")
        path = f"/warnings/{lead.warning_id}"
        draft = await zhang.ask("POST", f"{path}/update-all", status=201)
        assert [one["revision"] for one in draft["content"]["bound"]] == [2]
        lift = await zhang.ask("POST", f"{path}/cancel-all", json={"reason": "雨停"}, status=201)
        assert lift["content"]["bound"][0]["warning_id"] == str(part.warning_id)


async def test_the_emergency_flow_of_a_mixed_warning_is_that_of_its_worst_colour(
    laptop: Office, tmp_path: Path
) -> None:
    draft = await laptop.drafted(selection=TWO)
    part = await split(laptop, draft, "500110111", level=Level.RED)
    review = await actions.submit(
        laptop.db, laptop.press, laptop.reach, draft.warning_id, ZHANG, None, "it is raining already"
    )
    with pytest.raises(Refused, match="signer"):
        await laptop.approve(review, LI)
    async with a_room(laptop, tmp_path) as room:
        shown = await (await room.person("wang")).get(f"/warnings/{part.warning_id}")
        assert shown.status == 200
    assert (await laptop.approve(review, WANG)).state is State.ISSUED


async def test_a_part_waits_and_rings_with_its_lead_alone(laptop: Office) -> None:
    draft = await laptop.drafted(selection=TWO)
    await split(laptop, draft, "500110111", level=Level.YELLOW)
    await in_review(laptop, draft.warning_id)
    assert [one.warning_id for one in await rings(laptop.db, laptop.catalogue, WANG)] == [draft.warning_id]
    assert [one.warning_id for one in (await shift(laptop.db, laptop.catalogue)).waiting] == [
        draft.warning_id
    ]
