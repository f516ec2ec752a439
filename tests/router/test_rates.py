"""Online, reception and confirmation rate: numerator and denominator, per town and period."""

from datetime import timedelta

import httpx
import pytest

from contracts.outcome import TargetState
from contracts.values import Level, Mode
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.router.actions.library import Library
from services.router.actions.rating import Rated, rate
from services.router.model.rates import NONE, Period, Rate, online
from services.router.store import presences
from tests.clock import HandClock
from tests.router.duty_make import FIRST, SECOND, Tower, a_tower
from tests.router.registry_make import NOON, TOWNS
from tests.router.test_duty_api import as_, served

HOUR = Period(NOON, NOON + timedelta(hours=1))
STATION_MINUTES = 2 * 60
"""Of one town in an hour: it has two stations."""


def at(minutes: float) -> timedelta:
    """Return so many minutes."""
    return timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("before", "sightings", "minutes"),
    [
        (None, [], 0),
        ("online", [], 60),
        ("offline", [], 0),
        (None, [(10, "online")], 50),
        ("online", [(10, "suspect"), (12, "offline"), (40, "online")], 30),
        ("online", [(40, "online"), (10, "offline")], 30),
        ("offline", [(59, "online")], 1),
    ],
)
def test_only_what_is_online_counts_as_online(
    before: str | None, sightings: list[tuple[float, str]], minutes: float
) -> None:
    seen = [(NOON + at(minute), presence) for minute, presence in sightings]
    assert online(seen, before, HOUR) == minutes * 60


def test_a_rate_of_nothing_has_no_per_cent() -> None:
    assert (NONE.percent, Rate(947, 1000).percent) == (None, 94.7)


async def rated(tower: Tower, period: Period = HOUR, town: str | None = None) -> Rated:
    return await rate(tower.db, Library(tower.crypto), tower.escalation.rules, period, Mode.LIVE, town)


async def test_every_town_has_its_numerators_and_its_denominators(
    db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    tower = await a_tower(db, crypto, clock)
    async with db.transaction() as tx:
        await presences.note(tx, FIRST, Mode.LIVE, "online", NOON - at(30))
        await presences.note(tx, SECOND, Mode.LIVE, "online", NOON + at(45))
        await presences.note(tx, SECOND, Mode.LIVE, "online", NOON + at(45))
    await tower.publish()
    await tower.answer(FIRST, TargetState.RECEIVED, at=NOON + timedelta(seconds=20))
    await tower.answer(FIRST, at=NOON + timedelta(seconds=301))
    await tower.answer(SECOND, at=NOON + timedelta(seconds=40))
    found = await rated(tower)
    town = found.towns[TOWNS[0]]
    assert town.online == Rate(75, STATION_MINUTES)
    assert town.received == Rate(2, 2)
    assert town.confirmed == Rate(1, 2), "an answer after five minutes is none in time"
    assert town.median_s == 30
    assert found.towns[TOWNS[1]].received == Rate(0, 2)
    assert found.total.received == Rate(2, 6)
    assert found.total.online == Rate(75, 3 * STATION_MINUTES)
    assert (town.by_level or {})[Level.RED] == (Rate(2, 2), Rate(1, 2))
    later = Period(HOUR.until, HOUR.until + at(60))
    assert (await rated(tower, later)).total.received == NONE
    assert (await rated(tower, later, TOWNS[0])).total.online == Rate(STATION_MINUTES, STATION_MINUTES)


async def test_blue_counts_for_reception_and_asks_nobody_to_answer(
    db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    tower = await a_tower(db, crypto, clock, Level.BLUE)
    await tower.publish()
    await tower.answer(FIRST, TargetState.RECEIVED)
    assert await tower.at(4000) == []
    total = (await rated(tower)).total
    assert (total.received, total.confirmed) == (Rate(1, 6), NONE)


async def test_the_api_and_the_page_show_them_and_a_town_sees_its_own(
    db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    tower = await a_tower(db, crypto, clock)
    await tower.publish()
    await tower.answer(FIRST)
    clock.move(minutes=10)
    async with served(tower) as http:
        all_towns = (await http.get("/api/v1/duty/rates", headers=as_("checker"))).json()
        own = (await http.get("/api/v1/duty/rates", headers=as_(f"town-desk:{TOWNS[0]}"))).json()
        page = await http.get("/duty/rates?days=1", headers=as_("checker"))
        refused = [await _asked(http, query) for query in ("since=2026-06-02T00:00:00Z", "town=500110111")]
    received = all_towns["total"]["received"]
    assert (received["numerator"], received["denominator"], received["percent"]) == (1, 6, 16.7)
    assert [town["code"] for town in own["towns"]] == [TOWNS[0]]
    assert own["total"]["confirmed"] == {"numerator": 1, "denominator": 2, "percent": 50.0}
    assert "16.7%" in page.text
    assert refused == [422, 403]


async def _asked(http: httpx.AsyncClient, query: str) -> int:
    answer = await http.get(f"/api/v1/duty/rates?{query}", headers=as_(f"town-desk:{TOWNS[0]}"))
    return answer.status_code


async def test_what_is_older_than_any_report_is_forgotten_but_not_what_a_station_is(
    db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    async with db.transaction() as tx:
        for days, presence in ((900, "online"), (800, "offline"), (2, "online")):
            await presences.note(tx, FIRST, Mode.LIVE, presence, NOON - timedelta(days=days))
        await presences.note(tx, SECOND, Mode.LIVE, "online", NOON - timedelta(days=900))
        await presences.forget(tx, NOON - timedelta(days=400))
        assert await presences.before(tx.connection, Mode.LIVE, NOON - timedelta(days=3)) == {
            SECOND: "online"
        }
        assert len(await presences.before(tx.connection, Mode.LIVE, NOON)) == 2
