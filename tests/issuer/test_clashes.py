"""Others who come into force while a draft waits: shown to its approvers, and answered before it goes out."""

import asyncio
from pathlib import Path

import pytest

from contracts.values import Level
from services.issuer import actions
from services.issuer.model import Beside, NotAlone, Person, State, WeatherWarning, Wish
from services.kit.errors import Invalid
from tests.issuer.api_make import a_desk
from tests.issuer.desk_make import a_room
from tests.issuer.issuer_make import CHEN, LI, WANG, ZHANG, Office
from tests.issuer.test_alongside import kept


async def both_waiting(office: Office, **wish: object) -> tuple[WeatherWarning, WeatherWarning]:
    """Return two warnings in review that would say the same there, neither in force."""
    return await office.submitted(**wish), await office.submitted(**wish)  # type: ignore[arg-type]


async def approve(
    office: Office, warning: WeatherWarning, by: Person, *beside: tuple[str, str]
) -> WeatherWarning:
    """Approve, and say of others that they stay."""
    assert warning.manifest is not None
    return await actions.approve(
        office.db,
        office.press,
        warning.warning_id,
        by,
        content_sha256=warning.content_sha256,
        manifest_sha256=warning.manifest.sha256,
        beside=tuple(Beside(reference=one, reason=why) for one, why in beside),
    )


async def test_a_clash_that_arose_in_review_is_asked_about_at_approval(office: Office) -> None:
    first, second = await both_waiting(office)
    await office.approve(first, WANG)
    with pytest.raises(NotAlone) as refused:
        await office.approve(second, WANG)
    assert [fault.field for fault in refused.value.faults] == [f"alongside.{first.warning_id}"]
    assert (await office.get(second.warning_id)).approvals == ()
    out = await approve(office, second, WANG, (str(first.warning_id), "another window"))
    assert out.state is State.ISSUED
    (yes,) = (await office.get(second.warning_id)).approvals
    assert [one.reason for one in yes.beside] == ["another window"]


async def test_the_citys_message_that_came_meanwhile_is_asked_about_too(laptop: Office) -> None:
    review = await laptop.submitted()
    city = await kept(laptop)
    with pytest.raises(NotAlone):
        await laptop.approve(review, WANG)
    with pytest.raises(Invalid, match="has no reason"):
        await approve(laptop, review, WANG, (city.identifier, " "))
    assert (await approve(laptop, review, WANG, (city.identifier, "ours is earlier"))).state is State.ISSUED


async def test_what_the_first_approver_answered_stands_for_the_second(office: Office) -> None:
    first, second = await both_waiting(office, level=Level.RED)
    await office.passed(first)
    half = await approve(office, second, LI, (str(first.warning_id), "two rivers"))
    assert (await office.approve(half, CHEN)).state is State.ISSUED


async def test_a_clash_between_two_approvals_is_asked_of_the_second(laptop: Office) -> None:
    first, second = await both_waiting(laptop, level=Level.RED)
    half = await laptop.approve(second, LI)
    await laptop.passed(first)
    with pytest.raises(NotAlone):
        await laptop.approve(half, CHEN)


async def test_of_two_approved_at_once_one_is_asked(office: Office) -> None:
    pair = await both_waiting(office)
    done = await asyncio.gather(
        *(office.approve(one, by) for one, by in zip(pair, (WANG, CHEN), strict=True)),
        return_exceptions=True,
    )
    assert sorted(isinstance(one, NotAlone) for one in done) == [False, True]


async def test_to_supersede_it_is_returned_and_sent_again(laptop: Office) -> None:
    first, second = await both_waiting(laptop)
    await laptop.approve(first, WANG)
    await actions.send_back(laptop.db, laptop.press, second.warning_id, WANG, "supersede that one")
    draft = await laptop.get(second.warning_id)
    await laptop.edit(draft, Wish(supersedes=(first.warning_id,)))
    review = await actions.submit(laptop.db, laptop.press, laptop.reach, second.warning_id, ZHANG)
    await laptop.approve(review, WANG)
    assert await laptop.states(first.warning_id) == [State.SUPERSEDED]


async def test_the_face_shows_the_clash_and_takes_the_answer(laptop: Office, tmp_path: Path) -> None:
    first, second = await both_waiting(laptop)
    await laptop.approve(first, WANG)
    async with a_room(laptop, tmp_path) as room:
        chen = await room.person("chen")
        address = f"/warnings/{second.warning_id}"
        face = await chen.get(address)
        (shown,) = face.tree.xpath("//*[@id='clashes']//fieldset")
        assert "退回" in shown.text_content()
        said = {"agreed": "yes", "typed": face.tree.xpath("string(//kbd)")}
        refused = await chen.send(face, "/approve", **said)
        assert refused.status == 409
        assert refused.tree.xpath("//section[@id='errors']//a/@href") == ["#clashes"]
        answer = {f"clash-{first.warning_id}": "keep", f"why-clash-{first.warning_id}": "时段不同"}
        done = await chen.send(refused, "/approve", **said, **answer)
        assert done.status == 303, done.text
        assert "时段不同" in (await chen.get(done.goes_to)).text


async def test_the_api_lists_the_clash_and_takes_the_answer(laptop: Office, tmp_path: Path) -> None:
    first, second = await both_waiting(laptop)
    await laptop.approve(first, WANG)
    assert second.manifest is not None
    async with a_desk(laptop, tmp_path) as desk:
        wang = await desk.person("wang")
        path = f"/warnings/{second.warning_id}"
        (other,) = await wang.ask("GET", f"{path}/alongside")
        assert other["reference"] == str(first.warning_id)
        body = {"content_sha256": second.content_sha256, "manifest_sha256": second.manifest.sha256}
        await wang.ask("POST", f"{path}/approve", json=body, status=409)
        beside = [{"reference": other["reference"], "reason": "时段不同"}]
        await wang.ask("POST", f"{path}/approve", json=body | {"beside": beside})
        assert await wang.ask("GET", f"{path}/alongside") == []


async def test_the_face_names_what_it_supersedes_and_what_stays_by_title(
    laptop: Office, tmp_path: Path
) -> None:
    first, city = await laptop.issued(), await kept(laptop)
    beside = (Beside(reference=city.identifier, reason="ours is earlier"),)
    review = await laptop.submitted(supersedes=(first.warning_id,), beside=beside)
    async with a_room(laptop, tmp_path) as room:
        page = await (await room.person("wang")).get(f"/warnings/{review.warning_id}")
        grounds = page.tree.xpath("string(//dl[@class='grounds'])")
        assert first.content.text.headline in grounds
        assert city.headline in grounds
        sentence = page.tree.xpath("string(//label[contains(@class, 'sentence')])")
        assert f"并取代“{first.content.text.headline}”" in sentence
