"""Whom a roster offers now: those who have agreed, those on shift, those who answer for the place."""

from datetime import datetime, timedelta

import pytest

from contracts.registry import DistrictBlock, RosterEntry, StationEntry, VillageBlock
from contracts.values import Channel, Mode, StationClass
from services.kit.clock import BEIJING
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.router.model.roster import Person
from tests.clock import HandClock
from tests.router.duty_make import FIRST, Tower, a_district_with_rosters, a_tower, a_turn
from tests.router.registry_make import TOWNS, Block
from tests.router.router_make import fill
from tests.router.test_climbing import INSTEAD, of_first


async def test_a_drill_calls_only_those_who_have_agreed(
    db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    tower = await a_tower(db, crypto, clock, mode=Mode.DRILL)
    await tower.publish()
    names = {name for call in await tower.at(0) for name in call.names if name.startswith(FIRST)}
    assert names == {f"{FIRST}-2"}
    assert all(call.request.mode is Mode.DRILL for call in await tower.calls())


async def test_whose_turn_says_that_he_agreed_is_called_in_a_drill(
    db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    village = a_district_with_rosters()[FIRST]
    assert isinstance(village, VillageBlock)
    turns = [turn.model_copy(update={"drills": turn.order == 3}) for turn in village.rosters]
    more = {FIRST: village.model_copy(update={"rosters": tuple(turns), "recipients": ()})}
    tower = await a_tower(db, crypto, clock, mode=Mode.DRILL, more=more)
    await tower.publish()
    names = {name for call in await tower.at(0) for name in call.names if name.startswith(FIRST)}
    assert names == {f"{FIRST}-3"}


async def test_who_is_not_on_shift_is_not_called(
    db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    tower = await a_tower(db, crypto, clock)
    village = a_district_with_rosters()[FIRST]
    assert isinstance(village, VillageBlock)
    hours = {1: "20:00-08:00", 2: "6-7 08:00-18:00"}
    turns = [turn.model_copy(update={"shift": hours.get(turn.order, "always")}) for turn in village.rosters]
    await fill(tower.db, tower.crypto, {FIRST: village.model_copy(update={"rosters": tuple(turns)})})
    await tower.publish()
    assert of_first(await tower.at(0)) - INSTEAD == {("sms", f"{FIRST}-3"), ("voice", f"{FIRST}-3")}


@pytest.mark.parametrize(
    ("shift", "monday_noon", "monday_1am", "saturday_noon"),
    [
        ("always", True, True, True),
        ("08:00-18:00", True, False, True),
        ("1-5 08:00-18:00", True, False, False),
        ("6-1 08:00-18:00", True, False, True),
        ("20:00-08:00", False, True, False),
        ("7 20:00-08:00", False, True, False),
        ("what nobody can read", True, True, True),
    ],
)
def test_a_shift_is_hours_of_local_time_and_may_end_after_midnight(
    shift: str, monday_noon: bool, monday_1am: bool, saturday_noon: bool
) -> None:
    person = Person("p", "p", "duty", shift=shift)
    monday = datetime(2026, 6, 1, tzinfo=BEIJING)
    moments = [
        monday + timedelta(hours=12),
        monday + timedelta(hours=1),
        monday + timedelta(days=5, hours=12),
    ]
    assert [person.on_shift(at) for at in moments] == [monday_noon, monday_1am, saturday_noon]


SCHOOL = StationEntry(
    code="K0001", name="school", station_class=StationClass.SCREEN, kind="key-unit", unit="U1"
)


async def _with_a_school(
    db: Database, crypto: SoftwareCrypto, clock: HandClock, *turns: RosterEntry
) -> Tower:
    village = a_district_with_rosters()[FIRST]
    assert isinstance(village, VillageBlock)
    more = {"stations": (*village.stations, SCHOOL), "rosters": (*village.rosters, *turns)}
    tower = await a_tower(db, crypto, clock, more={FIRST: village.model_copy(update=more)})
    await tower.publish()
    return tower


async def test_a_key_unit_without_a_list_is_taken_in_hand_by_its_village_and_not_answered(
    db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    tower = await _with_a_school(db, crypto, clock)
    await tower.at(0)
    duty = await tower.duty("K0001")
    assert (duty.village, duty.town) == (FIRST, TOWNS[0])
    clock.move(seconds=20)
    await tower.answer(tower.hash(f"{FIRST}-1"), channel=Channel.VOICE)
    duty = await tower.duty("K0001")
    assert (duty.silent, duty.taken_by, duty.due_at) == (True, f"{FIRST}-1", None)
    assert not (await tower.duty(FIRST)).silent


@pytest.mark.parametrize(("kind", "place"), [("station", "K0001"), ("unit", "U1")])
async def test_a_schools_guard_answers_for_the_school_and_the_village_for_itself(
    db: Database, crypto: SoftwareCrypto, clock: HandClock, kind: str, place: str
) -> None:
    tower = await _with_a_school(db, crypto, clock, a_turn("solo-2", "guard", 1, place, kind))
    called = [name for call in await tower.at(0) for name in call.names if call.channel is Channel.VOICE]
    assert {"solo-2", f"{FIRST}-1"} <= set(called)
    clock.move(seconds=20)
    await tower.answer(tower.hash(f"{FIRST}-1"), channel=Channel.VOICE)
    assert not (await tower.duty(FIRST)).silent
    assert (await tower.duty("K0001")).due_at is not None
    await tower.answer(tower.hash("solo-2"), channel=Channel.SMS)
    assert (await tower.duty("K0001")).confirmed_by == "solo-2"


async def test_a_schools_guard_does_not_answer_for_its_village(
    db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    tower = await _with_a_school(db, crypto, clock, a_turn("solo-2", "guard", 1, "K0001", "station"))
    await tower.at(0)
    clock.move(seconds=20)
    await tower.answer(tower.hash("solo-2"), channel=Channel.VOICE)
    assert (await tower.duty(FIRST)).due_at is not None


async def test_a_department_answers_for_its_sub_centre(
    db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    blocks = a_district_with_rosters()
    village, district = blocks[FIRST], blocks["district"]
    assert isinstance(village, VillageBlock)
    assert isinstance(district, DistrictBlock)
    centre = SCHOOL.model_copy(update={"kind": "sub-centre", "unit": None, "department": "water"})
    turns = (*district.rosters, a_turn("solo-2", "duty", 1, "water", "department"))
    more: dict[str, Block] = {
        FIRST: village.model_copy(update={"stations": (*village.stations, centre)}),
        "district": district.model_copy(update={"rosters": turns}),
    }
    tower = await a_tower(db, crypto, clock, more=more)
    await tower.publish()
    await tower.at(0)
    await tower.answer(tower.hash("solo-2"), channel=Channel.VOICE)
    assert (await tower.duty("K0001")).confirmed_by == "solo-2"
