"""A town adds to a warning in force: for itself only, beside it, and never longer; on both databases."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from contracts import cap, registry
from contracts.values import AreaSelection, Channel, Level, Mode
from contracts.warning import AddsTo, WarningExpired, WarningHalted, WarningIssued
from services.issuer import actions
from services.issuer.actions import noted, noting
from services.issuer.actions.alongside import alongside
from services.issuer.actions.shift import shift
from services.issuer.model import State, WeatherWarning, Wish
from services.kit.errors import Forbidden, Invalid, Problem, Refused
from services.kit.ids import uuid7
from tests.issuer.follow_make import facts
from tests.issuer.issuer_make import CHEN, LI, WANG, ZHANG, Office, leading
from tests.issuer.notes_make import BOTH, NEXT, OWN, WORDS, ZHAO, DrawnReach, added, an_ask, standing_notes
from tests.router.registry_make import TOWNS, a_district, a_person, a_registry, a_village


@pytest.fixture
def desk(office: Office) -> Office:
    """An issuer on each kind of database, whose router knows four towns with people."""
    return replace(office, reach=cast("Any", DrawnReach()))


async def test_a_note_goes_out_beside_its_warning_to_its_own_town_only(desk: Office) -> None:
    before = await desk.issued(selection=BOTH)
    note = await added(desk, before)
    whole, said = await desk.said(WarningIssued)
    notice = said.notice
    assert (said.warning_id, said.revision, said.mode) == (note.note_id, 1, Mode.LIVE)
    assert said.supersedes == ()
    assert notice.adds_to == AddsTo(
        warning_id=before.warning_id, revision=1, identifier=whole.notice.identifier
    )
    assert (notice.product, notice.hazard, notice.level) == ("note", before.content.hazard, Level.ORANGE)
    assert (notice.sender_code, notice.sender_name) == (f"{OWN}00000", f"{OWN}镇")
    assert notice.text.headline == f"【{OWN}镇补充】暴雨橙色预警"
    assert notice.text.short.endswith(WORDS)
    assert notice.expires == before.content.expires
    assert {area.code for area in notice.areas} == {f"{OWN}000"}
    out = await desk.get(note.note_id)
    assert out.state is State.ISSUED
    assert out.manifest is not None
    assert {one.channel: one.count for one in out.manifest.channels} == {
        Channel.STATION: 4,
        Channel.SMS: 9,
        Channel.BROADCAST: 1,
    }
    assert await desk.get(before.warning_id) == before
    (fact,) = await facts(desk, "warning.note-sent")
    assert (fact.actor, fact.warning_id) == ("zhao", str(note.note_id))


async def test_its_cap_names_the_warning_and_never_claims_to_replace_it(desk: Office) -> None:
    before = await desk.issued(selection=BOTH)
    note = await desk.get((await added(desk, before)).note_id)
    assert note.published is not None
    assert before.published is not None
    alert = cap.read(note.published.cap_xml).alert
    assert (alert.msg_type, alert.references) == (cap.MsgType.ALERT, "")
    assert alert.incidents == before.published.notice.identifier
    assert alert.codes == ("YUTIAN:1", "NOTE")
    assert alert.sender == f"{OWN}00000"
    assert alert.identifier.startswith(f"{OWN}00000_")
    assert b"Signature" in note.published.cap_xml


async def test_a_note_for_some_villages_stays_with_them_and_leaves_ways_of_a_whole_town(desk: Office) -> None:
    before = await desk.issued(selection=BOTH)
    note = await desk.get((await added(desk, before, f"{OWN}202")).note_id)
    assert note.manifest is not None
    assert note.manifest.villages == (f"{OWN}202",)
    assert {one.channel for one in note.manifest.channels} == {Channel.STATION, Channel.SMS}


async def test_the_same_press_twice_is_one_note(desk: Office) -> None:
    before, note_id = await desk.issued(selection=BOTH), uuid7()
    both = await asyncio.gather(*(added(desk, before, note_id=note_id) for _ in range(2)))
    assert both[0] == both[1] == await added(desk, before, note_id=note_id)
    assert len(await desk.said(WarningIssued)) == 2


async def test_notes_of_one_second_have_names_of_their_own_until_there_are_too_many(desk: Office) -> None:
    before = await desk.issued(selection=BOTH)
    await asyncio.gather(*(added(desk, before, words=f"转移点{number}号") for number in range(5)))
    notes = await standing_notes(desk, before)
    assert len({one.published.notice.identifier for one in notes if one.published}) == 5
    with pytest.raises(Refused, match="5 notes of your town"):
        await added(desk, before)
    await added(desk, before, town=NEXT)


async def lifted(desk: Office, warning: WeatherWarning) -> None:
    await desk.lifted(warning.warning_id)


async def halted(desk: Office, warning: WeatherWarning) -> None:
    await actions.halt(desk.db, desk.catalogue, warning.warning_id, ZHANG, "wrong area")


async def replaced(desk: Office, warning: WeatherWarning) -> None:
    await desk.issued(selection=BOTH, supersedes=(warning.warning_id,))


async def shortened(desk: Office, warning: WeatherWarning) -> None:
    await desk.updated(warning.warning_id, expires=warning.content.expires - timedelta(hours=1))


async def moved_to_another_colour(desk: Office, warning: WeatherWarning) -> None:
    draft = await actions.update(desk.db, desk.catalogue, warning.warning_id, ZHANG)
    await actions.split(
        desk.db,
        desk.press,
        desk.reach,
        draft.warning_id,
        ZHANG,
        version=draft.version,
        towns=[OWN],
        level=Level.RED,
    )
    review = await actions.submit(desk.db, desk.press, desk.reach, draft.warning_id, ZHANG)
    await desk.approve(await desk.approve(review, LI), CHEN)


@pytest.mark.parametrize("end", [lifted, halted, replaced, shortened, moved_to_another_colour])
async def test_a_note_never_outlives_its_warning(
    desk: Office, end: Callable[[Office, WeatherWarning], Awaitable[None]]
) -> None:
    before = await desk.issued(selection=BOTH)
    note = await added(desk, before)
    await end(desk, before)
    ended = await desk.get(note.note_id)
    assert ended.state is State.HALTED
    assert ended.reason
    assert await standing_notes(desk, before) == []
    (message,) = [one for one in await desk.said(WarningHalted) if one.warning_id == note.note_id]
    assert (message.revision, message.mode) == (1, Mode.LIVE)


async def test_a_note_runs_out_with_its_warning_at_once(desk: Office) -> None:
    before = await desk.issued(selection=BOTH)
    note = await added(desk, before)
    leadership = await leading(desk)
    desk.clock.at = before.content.expires
    await actions.expire_due(desk.db, leadership, desk.catalogue)
    assert (await desk.get(note.note_id)).state is State.EXPIRED
    assert {one.warning_id for one in await desk.said(WarningExpired)} == {before.warning_id, note.note_id}


@pytest.mark.parametrize("wish", [{}, {"level": Level.RED}, {"selection": AreaSelection(towns=TOWNS)}])
async def test_an_update_that_keeps_its_places_leaves_a_note_as_it_is(desk: Office, wish: Any) -> None:
    before = await desk.issued(selection=BOTH)
    note = await added(desk, before)
    as_it_was = await desk.get(note.note_id)
    await desk.updated(before.warning_id, **wish)
    assert await desk.get(note.note_id) == as_it_was
    assert await desk.said(WarningHalted) == []


async def test_a_lift_and_a_note_at_the_same_moment_leave_no_note_in_force(desk: Office) -> None:
    before = await desk.issued(selection=BOTH)
    review = await actions.cancel(desk.db, desk.catalogue, before.warning_id, ZHANG)
    results = await asyncio.gather(
        *(added(desk, before, words=f"转移点{number}号") for number in range(3)),
        desk.approve(review, WANG),
        return_exceptions=True,
    )
    assert all(isinstance(one, Problem) for one in results if isinstance(one, BaseException))
    assert (await desk.get(before.warning_id)).state is State.ISSUED
    assert await standing_notes(desk, before) == []


async def test_a_note_of_a_drill_is_a_drill(desk: Office) -> None:
    before = await desk.issued(Mode.DRILL, selection=BOTH)
    note = await desk.get((await added(desk, before)).note_id)
    assert note.content.mode is Mode.DRILL
    assert note.manifest is not None
    assert note.manifest.mode is Mode.DRILL
    assert note.manifest.targets(Channel.SMS).count == 3  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("villages", "town", "words", "why"),
    [
        ((f"{NEXT}201",), OWN, WORDS, "another town"),
        ((f"{OWN}203", f"{OWN}999"), OWN, WORDS, "not covered"),
        ((), TOWNS[0], WORDS, "does not cover your town"),
        ((), OWN, "  ", "is empty"),
        ((), OWN, "避" * 121, "has 121 characters"),
        ((), OWN, "【市政府】快跑", "holds"),
    ],
)
async def test_what_goes_beyond_or_says_too_much_is_refused(
    desk: Office, villages: tuple[str, ...], town: str, words: str, why: str
) -> None:
    before = await desk.issued(selection=BOTH)
    with pytest.raises(Refused, match=why):
        await added(desk, before, *villages, town=town, words=words)
    assert len(await desk.said(WarningIssued)) == 1


async def test_nothing_is_added_to_what_is_not_in_force(desk: Office) -> None:
    draft = await desk.drafted(selection=BOTH)
    over = await desk.issued(selection=BOTH)
    await halted(desk, over)
    gone = await desk.issued(selection=BOTH)
    await lifted(desk, gone)
    before = await desk.issued(selection=BOTH)
    note = await desk.get((await added(desk, before)).note_id)
    for one in (draft, over, gone, note):
        with pytest.raises(Refused):
            await added(desk, one)
    desk.clock.at = before.content.expires
    with pytest.raises(Refused, match="not in force"):
        await added(desk, before)


async def test_a_note_is_nobodys_warning(desk: Office) -> None:
    before = await desk.issued(selection=BOTH)
    note = await desk.get((await added(desk, before)).note_id)
    others = await alongside(desk.db, Mode.LIVE, "11B03", TOWNS)
    assert [one.reference for one in others] == [str(before.warning_id)]
    with pytest.raises(Invalid, match="town's note"):
        await desk.drafted(selection=BOTH, supersedes=(note.warning_id,))
    for begin in (actions.update, actions.cancel):
        with pytest.raises(Refused, match="town's note"):
            await begin(desk.db, desk.catalogue, note.warning_id, ZHANG)
    with pytest.raises(Invalid, match="only added to a warning"):
        await desk.drafted(selection=BOTH, product="note")


async def test_its_town_takes_a_note_back_and_so_may_the_district(desk: Office) -> None:
    before = await desk.issued(selection=BOTH)
    first, second = await added(desk, before), await added(desk, before)
    with pytest.raises(Forbidden):
        await noting.stop(desk.db, first.note_id, ZHAO, NEXT)
    await noting.stop(desk.db, first.note_id, ZHAO, OWN, "the road is open")
    with pytest.raises(Refused, match="over already"):
        await noting.stop(desk.db, first.note_id, ZHAO, OWN)
    await actions.halt(desk.db, desk.catalogue, second.note_id, ZHANG, "the school is full")
    assert (await desk.get(before.warning_id)).state is State.ISSUED
    assert [one.reason for one in await desk.said(WarningHalted)] == [
        "the road is open",
        "the school is full",
    ]
    sent = await noted.listed(desk.db, OWN)
    assert [(one.note.note_id, one.warning.state) for one in sent] == [
        (second.note_id, State.HALTED),
        (first.note_id, State.HALTED),
    ]
    assert await noted.listed(desk.db, NEXT) == []


async def test_a_preview_shows_the_words_and_keeps_nothing(desk: Office) -> None:
    before = await desk.issued(selection=BOTH)
    pinned = list(desk.reach.pinned)
    seen = await noting.look(desk.db, desk.press, desk.reach, an_ask(before, f"{OWN}201"))
    assert (seen.whole, seen.town_name) == (False, f"{OWN}镇")
    assert seen.content.text.short.startswith(f"{OWN}镇补充（暴雨橙色预警）：")
    assert desk.reach.pinned == pinned
    assert [one.warning.warning_id for one in await noting.offers(desk.db, OWN)] == [before.warning_id]
    assert await noting.offers(desk.db, TOWNS[0]) == []


async def test_a_halted_note_waits_for_nobody(desk: Office) -> None:
    before = await desk.issued(selection=BOTH)
    await added(desk, before)
    await desk.edit(
        await actions.update(desk.db, desk.catalogue, before.warning_id, ZHANG), Wish(observed="")
    )
    await halted(desk, before)
    (standing,) = (await shift(desk.db, desk.catalogue)).in_force
    assert standing.warning_id == before.warning_id


async def test_a_subscriber_who_lives_elsewhere_switches_no_note_off(desk: Office) -> None:
    blocks = a_district()
    away = f"{NEXT}201"
    crowd = [a_person(0, away), a_person(1, away, wish=registry.Wish(towns=(OWN,)))]
    blocks[away] = a_village(away, NEXT, 0, 2, crowd)
    desk = replace(desk, reach=cast("Any", DrawnReach(a_registry(blocks))))
    before = await desk.issued(selection=AreaSelection(towns=(OWN,)))
    assert before.manifest is not None
    sms = before.manifest.targets(Channel.SMS)
    assert sms is not None
    assert any(target.startswith(away) for target in sms.targets)
    out = await desk.get((await added(desk, before)).note_id)
    assert out.manifest is not None
    assert out.manifest.routing is not None
    assert out.manifest.routing.strictly
    own = out.manifest.targets(Channel.SMS)
    assert own is not None
    assert own.targets
    assert all(target.startswith(OWN) for target in own.targets)
