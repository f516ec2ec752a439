"""A warning in several colours: parts that are submitted, approved and issued together, or not at all."""

from pathlib import Path
from typing import Any

import pytest

from contracts import cap
from contracts.values import AreaSelection, Level
from contracts.warning import WarningIssued, WarningPublished, WarningUpdated
from services.issuer import actions, store
from services.issuer.model import State, WeatherWarning, Wish
from services.kit.errors import Invalid, Refused
from tests.issuer.api_make import a_desk
from tests.issuer.issuer_make import LI, WANG, ZHANG, Office

TWO = AreaSelection(towns=("500110110", "500110111", "500110112"))


async def split(office: Office, draft: WeatherWarning, *towns: str, level: Level) -> WeatherWarning:
    return await actions.split(
        office.db,
        office.press,
        office.reach,
        draft.warning_id,
        ZHANG,
        version=(await office.get(draft.warning_id)).version,
        towns=towns,
        level=level,
    )


async def in_review(office: Office, warning_id: Any) -> WeatherWarning:
    return await actions.submit(office.db, office.press, office.reach, warning_id, ZHANG)


async def test_an_update_raises_some_towns_and_keeps_the_others(office: Office) -> None:
    first = await office.issued(level=Level.ORANGE, selection=TWO)
    draft = await actions.update(office.db, office.catalogue, first.warning_id, ZHANG)
    part = await split(office, draft, "500110111", level=Level.RED)
    review = await in_review(office, first.warning_id)
    half = await office.approve(review, LI)
    assert half.state is State.REVIEW
    assert len(await office.said(WarningPublished)) == 1
    await office.approve(half, WANG)
    kept, raised = await office.get(first.warning_id), await office.get(part.warning_id)
    assert (kept.state, raised.state) == (State.ISSUED, State.ISSUED)
    assert [one.name for one in raised.approvals] == ["李强", "王芳"]
    (updated,) = await office.said(WarningUpdated)
    issued = (await office.said(WarningIssued))[-1]
    assert {place.name for place in updated.notice.areas} == {"赶水镇", "石壕镇"}
    assert {place.name for place in issued.notice.areas} == {"打通镇"}
    assert (updated.notice.level, issued.notice.level) == (Level.ORANGE, Level.RED)
    assert "升级为红色" in issued.notice.text.headline
    alerts = [cap.read(message.cap_xml.encode()).alert for message in (updated, issued)]
    assert alerts[0].identifier != alerts[1].identifier
    assert alerts[0].references == alerts[1].references != ""
    assert {alert.msg_type for alert in alerts} == {cap.MsgType.UPDATE}
    assert all(cap.check(alert) == () for alert in alerts)


async def test_the_worst_colour_of_all_parts_says_who_must_approve(laptop: Office) -> None:
    draft = await laptop.drafted(level=Level.BLUE, selection=TWO)
    await split(laptop, draft, "500110111", level=Level.ORANGE)
    review = await in_review(laptop, draft.warning_id)
    with pytest.raises(Refused, match="signer"):
        await laptop.approve(review, LI)
    assert (await laptop.approve(review, WANG)).state is State.ISSUED


async def test_nothing_goes_out_when_a_part_cannot(office: Office) -> None:
    draft = await office.drafted(selection=TWO)
    part = await split(office, draft, "500110111", level=Level.YELLOW)
    review = await in_review(office, draft.warning_id)
    changed = await office.get(part.warning_id)
    async with office.db.transaction() as tx:
        await store.changes.save(tx, changed.rejected("by hand", tx.now), changed.version)
    with pytest.raises(Refused):
        await office.approve(review, WANG)
    assert (await office.get(draft.warning_id)).state is State.REVIEW
    assert not await office.said(WarningPublished)


async def test_a_part_is_returned_and_given_up_with_its_lead_and_never_alone(laptop: Office) -> None:
    draft = await laptop.drafted(selection=TWO)
    part = await split(laptop, draft, "500110111", level=Level.YELLOW)
    with pytest.raises(Refused, match="goes out with"):
        await in_review(laptop, part.warning_id)
    await in_review(laptop, draft.warning_id)
    with pytest.raises(Refused, match="goes out with"):
        await laptop.approve(await laptop.get(part.warning_id), WANG)
    await actions.send_back(laptop.db, laptop.press, draft.warning_id, LI, "not yet")
    assert (await laptop.get(part.warning_id)).state is State.DRAFT
    await in_review(laptop, draft.warning_id)
    await actions.reject(laptop.db, laptop.press, draft.warning_id, ZHANG, "not needed")
    assert (await laptop.get(part.warning_id)).state is State.REJECTED


async def test_an_edit_of_a_part_changes_what_its_lead_is_bound_to(laptop: Office) -> None:
    draft = await laptop.drafted(selection=TWO)
    part = await split(laptop, draft, "500110111", level=Level.YELLOW)
    before = await in_review(laptop, draft.warning_id)
    await actions.send_back(laptop.db, laptop.press, draft.warning_id, LI, "another number")
    await laptop.edit(await laptop.get(part.warning_id), Wish(slots={"amount": "60"}))
    after = await in_review(laptop, draft.warning_id)
    assert after.content_sha256 != before.content_sha256
    with pytest.raises(Refused, match="not the text"):
        await laptop.approve(before, WANG)


@pytest.mark.parametrize(
    ("towns", "level"),
    [
        (("500110111",), Level.ORANGE),
        (("500110109",), Level.BLUE),
        (TWO.towns, Level.BLUE),
    ],
)
async def test_what_cannot_be_split_is_named(laptop: Office, towns: tuple[str, ...], level: Level) -> None:
    draft = await laptop.drafted(selection=TWO)
    with pytest.raises(Invalid):
        await split(laptop, draft, *towns, level=level)


async def test_a_lift_of_the_warning_gives_up_a_mixed_update(laptop: Office) -> None:
    first = await laptop.issued(selection=TWO)
    draft = await actions.update(laptop.db, laptop.catalogue, first.warning_id, ZHANG)
    part = await split(laptop, draft, "500110111", level=Level.YELLOW)
    await actions.cancel(laptop.db, laptop.catalogue, first.warning_id, ZHANG)
    assert (await laptop.get(part.warning_id, 1)).state is State.REJECTED


async def test_a_warning_is_split_over_http(laptop: Office, tmp_path: Path) -> None:
    draft = await laptop.drafted(selection=TWO)
    async with a_desk(laptop, tmp_path) as desk:
        zhang = await desk.person("zhang")
        path = f"/warnings/{draft.warning_id}"
        body = {"towns": ["500110111"], "level": "YELLOW"}
        part = await zhang.ask("POST", f"{path}/split", json=body, headers={"If-Match": '"1.1"'}, status=201)
        assert part["content"]["lead"] == str(draft.warning_id)
        lead = await zhang.ask("GET", path)
        assert [one["warning_id"] for one in lead["content"]["bound"]] == [part["warning_id"]]
        assert lead["content"]["selection"]["towns"] == ["500110110", "500110112"]
        await zhang.ask("POST", f"{path}/split", json=body, headers={"If-Match": '"1.1"'}, status=412)
