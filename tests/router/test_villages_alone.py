"""A village of which no station was told must answer all the same: people are called, silence counts."""

import pytest

from contracts.registry import StationEntry, VillageBlock
from contracts.values import Channel, Level, Mode, StationClass
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.router.model.rates import Rate
from services.router.store import duties
from tests.clock import HandClock
from tests.router.duty_make import FIRST, Tower, a_district_with_rosters, a_tower
from tests.router.registry_make import TOWNS
from tests.router.test_climbing import A_RED, INSTEAD, climbed, of_first
from tests.router.test_rates import rated


async def _without_stations(
    db: Database, crypto: SoftwareCrypto, clock: HandClock, mode: Mode = Mode.LIVE, *others: StationEntry
) -> Tower:
    village = a_district_with_rosters()[FIRST]
    assert isinstance(village, VillageBlock)
    more = {FIRST: village.model_copy(update={"stations": others})}
    tower = await a_tower(db, crypto, clock, Level.RED, mode, more)
    await tower.publish()
    return tower


async def test_a_village_without_a_station_is_called_to_the_top_of_the_ladder(
    db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    tower = await _without_stations(db, crypto, clock)
    begun = of_first(await tower.at(0))
    assert begun - INSTEAD == A_RED[0]
    found = await climbed(tower, [60, 180, 300, 600])
    assert found[180] - INSTEAD == A_RED[180] - {("station", FIRST)}
    assert A_RED[600] <= found[600]
    clock.move(seconds=10)
    town = (await rated(tower)).towns[TOWNS[0]]
    assert (town.received, town.confirmed) == (Rate(0, 2), Rate(0, 2))
    await tower.answer(tower.hash(f"{FIRST}-1"), channel=Channel.VOICE)
    assert not (await tower.duty(FIRST)).silent


@pytest.mark.parametrize(("kind", "places"), [("key-unit", {"K0001", FIRST}), ("village", {"K0001"})])
async def test_a_school_in_it_is_no_station_of_the_village_and_one_of_another_code_is(
    db: Database, crypto: SoftwareCrypto, clock: HandClock, kind: str, places: set[str]
) -> None:
    other = StationEntry(code="K0001", name="other", station_class=StationClass.SCREEN, kind=kind)
    tower = await _without_stations(db, crypto, clock, Mode.LIVE, other)
    await tower.at(0)
    assert await _places(tower) == places


async def test_a_drill_asks_stations_only(db: Database, crypto: SoftwareCrypto, clock: HandClock) -> None:
    tower = await _without_stations(db, crypto, clock, Mode.DRILL)
    await tower.at(0)
    assert await _places(tower) == set()


async def _places(tower: Tower) -> set[str]:
    """Return the places of the first village that must answer."""
    async with tower.db.read() as connection:
        found = await duties.of_climb(connection, tower.warning.warning_id, 1)
    return {duty.place for duty in found if duty.village == FIRST}
