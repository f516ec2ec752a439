"""The ladder of each colour on a fake clock: who is called when, and what stops it."""

from collections.abc import Sequence
from datetime import timedelta

import pytest

from contracts.outcome import TargetState
from contracts.values import Channel, Level
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.router.model.duty import Way
from services.router.store import duties
from tests.clock import HandClock
from tests.router.duty_make import FIRST, LOST, NOBODY, SECOND, Call, Tower, a_tower
from tests.router.registry_make import NOON, TOWNS, a_district_block, a_town
from tests.router.router_make import fill

DESK = f"desk-{TOWNS[0]}"
A_RED = {
    0: {("sms", f"{FIRST}-1"), ("voice", f"{FIRST}-1")},
    60: {("sms", f"{FIRST}-1"), ("sms", f"{FIRST}-2"), ("sms", f"{FIRST}-3")},
    180: {("station", FIRST), ("voice", f"{FIRST}-1")},
    300: {(way, f"{FIRST}-{n}") for way in ("sms", "voice") for n in (2, 3)},
    600: {("sms", DESK), ("voice", DESK)},
    900: {("sms", "officer"), ("voice", "officer")},
}
AN_ORANGE = {
    120: {("sms", f"{FIRST}-1")},
    300: A_RED[0],
    600: {("station", FIRST), *A_RED[300]},
    1200: A_RED[600],
    1800: A_RED[900],
}
A_YELLOW = {300: {("sms", f"{FIRST}-1")}, 1800: {("station", FIRST), ("sms", f"{FIRST}-1")}}
LADDERS = {Level.RED: A_RED, Level.ORANGE: AN_ORANGE, Level.YELLOW: A_YELLOW, Level.BLUE: {}}
Who = tuple[str, str]
INSTEAD = {("sms", "officer"), ("voice", "officer")}
"""At the beginning the officer is called for a village and a town whose lists are empty."""
OF_FIRST = {FIRST, DESK, "officer", *(f"{FIRST}-{n}" for n in (1, 2, 3))}


def of_first(calls: Sequence[Call]) -> set[Who]:
    """Return whom these calls reach for the first village; the officer stands for others at first."""
    return {(call.channel.value, name) for call in calls for name in call.names if name in OF_FIRST}


@pytest.fixture
async def tower(db: Database, crypto: SoftwareCrypto, clock: HandClock) -> Tower:
    """A red warning in a district with rosters."""
    return await a_tower(db, crypto, clock)


async def only_first(tower: Tower) -> None:
    """Begin, and let all places and leaders but the first village answer."""
    await tower.publish()
    await tower.look()
    async with tower.db.read() as connection:
        everybody = await duties.of_climb(connection, tower.warning.warning_id, 1)
    for duty in everybody:
        if duty.place not in (FIRST, "chief", "flood"):
            await tower.answer(duty.place)
    for leader in ("chief", "flood"):
        await tower.answer(tower.hash(leader), channel=Channel.VOICE)


async def climbed(tower: Tower, seconds: Sequence[float]) -> dict[float, set[Who]]:
    """Return whom the first village's clock calls at each of these moments."""
    return {second: found for second in seconds if (found := of_first(await tower.at(second)))}


def later(ladder: dict[int, set[Who]], second: float) -> dict[int, set[Who]]:
    """Return what of a ladder comes after a moment, the very beginning left out."""
    return {at: calls for at, calls in ladder.items() if at > max(second, 0)}


@pytest.mark.parametrize("level", Level)
async def test_silence_climbs_the_whole_ladder_at_its_times(
    level: Level, db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    tower = await a_tower(db, crypto, clock, level)
    await only_first(tower)
    begun = of_first(await tower.calls()) - INSTEAD
    assert begun == LADDERS[level].get(0, set())
    moments = sorted({*LADDERS[level], *(at - 1 for at in LADDERS[level]), 3600} - {0, -1})
    assert await climbed(tower, moments) == later(LADDERS[level], 0)


async def test_delivered_is_no_answer_but_makes_the_other_way_needless(tower: Tower) -> None:
    await only_first(tower)
    await tower.answer(FIRST, TargetState.PLAYED, by=None)
    assert of_first(await tower.at(60)) == set()
    assert of_first(await tower.at(180)) == A_RED[180]


async def test_red_calls_the_leaders_until_each_of_them_has_answered(tower: Tower) -> None:
    await tower.publish()
    called = {name for call in await tower.at(0) for name in call.names}
    assert {"chief", "flood"} <= called
    await tower.answer(tower.hash("chief"), channel=Channel.VOICE)
    again = [call.names for call in await tower.at(180) if "flood" in call.names or "chief" in call.names]
    assert again == [("flood",)]
    await tower.at(300)
    assert (await tower.duty("chief", "leader")).way is Way.KEYPRESS
    assert (await tower.duty("flood", "leader")).alarmed_at is not None
    assert (await tower.duty("chief", "leader")).alarmed_at is None


async def test_one_persons_answer_closes_his_own_place_and_no_other(tower: Tower) -> None:
    await tower.publish()
    await tower.look()
    await tower.answer(tower.hash(f"{FIRST}-2"), channel=Channel.SMS)
    first, second = await tower.duty(FIRST), await tower.duty(SECOND)
    assert (first.confirmed_by, first.way, first.due_at) == (f"{FIRST}-2", Way.SMS, None)
    assert second.silent
    assert second.due_at is not None


async def test_a_town_desk_that_answers_has_it_in_hand_and_the_place_stays_silent(tower: Tower) -> None:
    await only_first(tower)
    await climbed(tower, [60, 180, 300, 600])
    await tower.answer(tower.hash(DESK), channel=Channel.VOICE)
    duty = await tower.duty(FIRST)
    assert (duty.taken_by, duty.due_at, duty.silent) == (DESK, None, True)
    assert await climbed(tower, [900, 5000]) == {}
    await tower.answer(FIRST)
    assert not (await tower.duty(FIRST)).silent


async def test_who_answered_before_he_was_called_for_a_place_has_not_answered_for_it(tower: Tower) -> None:
    await only_first(tower)
    for name in (DESK, "officer"):
        await tower.answer(tower.hash(name), channel=Channel.SMS)
    assert (await climbed(tower, [60, 180, 300, 600]))[600] == A_RED[600]
    assert (await tower.duty(FIRST)).taken_at is None
    assert of_first(await tower.at(900)) == A_RED[900]
    assert (await tower.duty(FIRST)).alarmed_at == tower.clock.at


async def test_an_answer_after_the_call_counts_though_he_answered_before_and_is_called_again(
    tower: Tower,
) -> None:
    await only_first(tower)
    await tower.answer(tower.hash(DESK), channel=Channel.SMS)
    await climbed(tower, [60, 180, 300, 600])
    asked = tower.clock.at
    await tower.answer(tower.hash(DESK), channel=Channel.VOICE, at=asked + timedelta(seconds=20))
    await tower.answer(tower.hash(DESK), channel=Channel.SMS, at=asked - timedelta(seconds=20))
    duty = await tower.duty(FIRST)
    assert (duty.taken_by, duty.taken_at) == (DESK, asked + timedelta(seconds=20))
    assert await climbed(tower, [900]) == {}


async def test_an_empty_roster_is_answered_for_by_the_town_and_then_by_the_district(tower: Tower) -> None:
    await tower.publish()
    calls = await tower.at(0)
    voice = {name for call in calls if call.channel is Channel.VOICE for name in call.names}
    assert {f"desk-{TOWNS[1]}", "officer"} <= voice
    instead = {fact.about: fact.detail["instead"] for fact in await tower.facts("duty.climbed")}
    assert (instead[NOBODY], instead[LOST], instead[FIRST]) == ("town-desk", "district-officer", None)


async def test_when_nobody_at_all_can_be_called_there_is_an_alarm_at_once(
    db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    tower = await a_tower(db, crypto, clock)
    await fill(db, crypto, {"district": a_district_block(), TOWNS[2]: a_town(TOWNS[2], 2, 2)})
    await tower.publish()
    await tower.at(0)
    assert (await tower.duty(LOST)).alarmed_at == NOON
    assert LOST in {fact.about for fact in await tower.facts("duty.unanswered")}
    assert (await tower.duty(FIRST)).alarmed_at is None


async def test_every_step_is_a_fact_with_its_place_and_its_rung(tower: Tower) -> None:
    await only_first(tower)
    for second, rung in ((180, "second-call"), (300, "deputy"), (600, "town-desk")):
        await tower.at(second)
        facts = await tower.facts("duty.climbed")
        assert (FIRST, rung) in {(fact.about, fact.detail["rung"]) for fact in facts}
    await tower.at(900)
    (alarm,) = [fact for fact in await tower.facts("duty.unanswered") if fact.about == FIRST]
    assert (alarm.detail["rung"], alarm.detail["unheard"]) == ("district-officer", False)
    assert (await tower.duty(FIRST)).alarmed_at == tower.clock.at


async def test_a_lift_and_a_halt_and_an_expiry_stop_every_clock(tower: Tower) -> None:
    await tower.publish()
    await tower.at(0)
    await tower.publish(tower.warning.cancelled())
    assert await climbed(tower, [60, 900]) == {}
    await tower.anew()
    await tower.publish()
    await tower.halt()
    assert await climbed(tower, [0, 60, 900]) == {}
    await tower.anew()
    await tower.publish()
    assert await tower.at(6 * 3600 + 1) == []
    assert (await tower.duty(FIRST)).ended_at is not None


async def test_an_update_asks_anew_and_the_older_revision_no_more(tower: Tower) -> None:
    await tower.publish()
    await tower.at(0)
    clock = tower.clock
    clock.move(seconds=30)
    await tower.publish(tower.warning.updated())
    assert (await tower.duty(FIRST)).ended_at is not None
    again = await tower.duty(FIRST, revision=2)
    assert (again.silent, again.started_at) == (True, clock.at)


async def test_clocks_wait_for_reports_on_their_way_and_then_say_that_they_did_not_hear(tower: Tower) -> None:
    await only_first(tower)
    tower.ears.until = NOON + timedelta(seconds=50)
    assert of_first(await tower.at(60)) == set()
    assert of_first(await tower.at(69.9)) == set()
    assert of_first(await tower.at(70)) == A_RED[60]
    assert {fact.detail["unheard"] for fact in await tower.facts("duty.climbed")} == {True}
    tower.ears.until, tower.ears.deaf = None, True
    assert of_first(await tower.at(189.9)) == set()
    assert of_first(await tower.at(190)) == A_RED[180]


async def test_an_answer_that_was_on_its_way_is_heard_before_the_clock_strikes(tower: Tower) -> None:
    await only_first(tower)
    await tower.at(60)
    tower.ears.until = NOON + timedelta(seconds=170)
    assert of_first(await tower.at(185)) == set()
    await tower.answer(FIRST, at=NOON + timedelta(seconds=175))
    tower.ears.until = None
    assert of_first(await tower.at(186)) == set()


async def test_what_was_due_during_a_restart_is_done_at_once_and_in_order(tower: Tower) -> None:
    await only_first(tower)
    await tower.replica("after the restart")
    found = of_first(await tower.at(601))
    assert found == A_RED[60] | A_RED[180] | A_RED[300] | A_RED[600]
    steps = [fact.detail["rung"] for fact in await tower.facts("duty.climbed") if fact.about == FIRST]
    assert steps == ["other-way", "second-call", "deputy", "town-desk"]
