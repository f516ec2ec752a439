"""A station's year: online minutes, planned maintenance, keys and devices, comings and goings by the page."""

import base64
import hashlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.delivery import StationSeen
from contracts.registry import BLOCK_CONTEXT, BlockChanged
from contracts.values import Lane, Mode
from services.audit.model.presence import Equipment, Presence, equipment_of, online, spells
from services.kit.clock import BEIJING
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import NOON, STATIONS, AWarning, a_fact
from tests.clock import HandClock

COUNTS = frozenset({"online"})
CODE = STATIONS[0]


@pytest.fixture
async def audit(database_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Asked]:
    async with asked(database_url, clean_nats_url, tmp_path) as found:
        yield found


def seen(presence: str, at: datetime, **more: Any) -> StationSeen:
    head = {"mode": Mode.LIVE, "lane": Lane.ROUTINE, "station": CODE, "presence": presence, "at": at}
    return StationSeen(**{**head, **more})


def block(audit: Asked, at: datetime, **station: Any) -> BlockChanged:
    """Return the block of a village with one station, sealed as the registry seals it."""
    entry = {"code": CODE, "name": "沱湾社区", **station}
    body = {"kind": "village", "code": CODE, "name": "沱湾社区", "town_code": CODE[:9], "stations": [entry]}
    sealed = audit.book.crypto.seal(orjson.dumps(body), BLOCK_CONTEXT)
    text = base64.b64encode(sealed).decode()
    return BlockChanged(block=CODE, sha256=hashlib.sha256(sealed).hexdigest(), sealed=text, at=at)


def minutes(count: float) -> datetime:
    return NOON + timedelta(minutes=count)


async def test_online_minutes_are_counted_from_the_first_word_in_any_order(audit: Asked) -> None:
    said = [seen("online", minutes(0)), seen("offline", minutes(60)), seen("online", minutes(90))]
    await audit.book.say(said[2], said[0], said[1], seen("online", minutes(-600), mode=Mode.DRILL))
    cast("HandClock", audit.book.db.clock).at = minutes(120)
    found = (await audit.json(f"/stations/{CODE}", year=2026))["online"]
    assert (found["online"], found["minutes"], found["percent"]) == (90, 120, 75.0)
    assert found["unheard"] == (NOON - datetime(2026, 1, 1, tzinfo=BEIJING)) // timedelta(minutes=1)


async def test_planned_maintenance_is_left_out_and_listed(audit: Asked) -> None:
    begin = datetime(2026, 6, 1, 12, tzinfo=BEIJING)
    await audit.book.say(
        seen("online", begin),
        seen("offline", begin + timedelta(hours=1)),
        block(audit, begin + timedelta(hours=1), maintained_until="2026-06-02"),
        block(audit, begin + timedelta(hours=13), maintained_until=None),
    )
    cast("HandClock", audit.book.db.clock).at = begin + timedelta(hours=14)
    found = await audit.json(f"/stations/{CODE}", year=2026)
    assert found["online"]["maintenance"] == 12 * 60
    assert (found["online"]["online"], found["online"]["minutes"]) == (60, 120)
    assert found["online"]["spells"] == [["2026-06-01T13:00:00+08:00", "2026-06-02T01:00:00+08:00"]]
    assert [e["news"] for e in found["equipment"]] == [["maintenance"], ["maintenance"]]


async def test_a_station_and_its_month_have_the_same_online_rate(audit: Asked) -> None:
    gone = {"kind": "village", "code": CODE, "name": "沱湾社区", "town_code": CODE[:9], "stations": []}
    sealed = audit.book.crypto.seal(orjson.dumps(gone), BLOCK_CONTEXT)
    taken = BlockChanged(
        block=CODE,
        sha256=hashlib.sha256(sealed).hexdigest(),
        sealed=base64.b64encode(sealed).decode(),
        at=minutes(-60),
    )
    await audit.book.say(
        block(audit, minutes(-700), maintained_until="2026-05-31"),
        *(seen(presence, minutes(at)) for presence, at in (("online", -600), ("offline", -300))),
        taken,
        *AWarning().whole(),
    )
    cast("HandClock", audit.book.db.clock).at = NOON + timedelta(milliseconds=30)
    month = (await audit.json("/months/2026-06"))["figures"]
    year = (await audit.json(f"/stations/{CODE}", year=2026))["online"]
    of_all = next(one for one in month["indicators"] if one["id"] == "online")
    # First heard at 02:00, gone at 07:00, out of the registry at 11:00; its maintenance was over at midnight.
    assert (of_all["numerator"], of_all["denominator"]) == (300, 540)
    assert (year["online"], year["minutes"], year["percent"]) == (300, 540, of_all["value"])
    assert [(one["code"], one["minutes"]) for one in month["unheard"]] == [(CODE, 100)]


async def test_keys_and_devices_tell_of_replacements(audit: Asked) -> None:
    old = {
        "keys": [{"key_id": "k1", "mode": "live"}],
        "devices": [{"code": "d1", "kind": "siren", "state": "working"}],
    }
    new = {"keys": [{"key_id": "k2"}], "devices": [{"code": "d2", "kind": "siren", "state": "working"}]}
    await audit.book.say(
        block(audit, minutes(0), **old),
        block(audit, minutes(1), **old),
        block(audit, minutes(2), **new),
        a_fact(kind="key.revoked", about=CODE, actor="op1", at=minutes(2), detail={"key_id": "k1"}),
        a_fact(kind="station-code.used", about=CODE, at=minutes(3)),
        a_fact(kind="key.issued", about=CODE, at=NOON - timedelta(days=300)),
    )
    found = await audit.json(f"/stations/{CODE}", year=2026)
    assert [(e["keys"], [d[0] for d in e["devices"]]) for e in found["equipment"]] == [
        (["k2"], ["d2"]),
        (["k1"], ["d1"]),
    ]
    assert [e["news"] for e in found["equipment"]] == [["keys", "devices"], ["keys", "devices"]]
    assert [fact["kind"] for fact in found["keys"]] == ["station-code.used", "key.revoked"]


async def test_comings_and_goings_are_paged(audit: Asked) -> None:
    said = [
        seen(("online", "suspect", "offline")[n % 3], minutes(n // 2), last_sequence=n) for n in range(25)
    ]
    await audit.book.say(*said, seen("online", NOON - timedelta(days=200)))
    page = await audit.json(f"/stations/{CODE}", year=2026, limit=7)
    numbers = [p["last_sequence"] for p in page["presence"]]
    while page["presence_next"]:
        page = await audit.json(f"/stations/{CODE}", year=2026, limit=7, after=page["presence_next"])
        numbers += [p["last_sequence"] for p in page["presence"]]
    assert numbers == list(range(24, -1, -1))
    assert (await audit.get(f"/api/v1/audit/stations/{CODE}", after="nonsense")).status_code == 422


async def test_odd_blocks_and_presences_break_nothing(audit: Asked) -> None:
    odd = block(
        audit, minutes(0), maintained_until=20260602, keys="all", devices=[{"code": 7}, None, {"code": "d"}]
    )
    huge = seen("online", minutes(1), last_sequence=2**80, clock_offset_ms=-(2**90))
    await audit.book.say(odd, huge, seen("offline", minutes(1)), *AWarning().whole())
    for query in ({"year": 2026}, {"year": 2026, "lang": "en"}, {"mode": "drill"}):
        reply = await audit.get(f"/audit/stations/{CODE}", **query)
        assert reply.status_code == 200, reply.text
    found = await audit.json(f"/stations/{CODE}", year=2026)
    assert len(found["presence"]) == 2
    assert found["equipment"][0]["devices"] == [["d", "", ""]]


def test_a_block_that_is_no_block_says_nothing() -> None:
    for block in (None, [], {"stations": 3}, {"stations": [None, {"code": 5}]}, {"kind": "town"}):
        assert equipment_of(block) == {}


def test_maintenance_ends_with_its_day_or_with_other_words() -> None:
    def said(at: float, until: str | None) -> Equipment:
        return Equipment(minutes(at), 0, until, [], [])

    day = datetime(2026, 6, 2, tzinfo=BEIJING)
    assert spells([said(0, "2026-06-01")]) == [(NOON, day)]
    assert spells([said(9, None), said(0, "2026-06-01")]) == [(NOON, minutes(9))]
    assert spells([said(0, "2026-05-01"), said(1, "soon")]) == []
    ((begun, end),) = spells([said(0, "9999-12-31")])
    assert (begun, end > minutes(10**6)) == (NOON, True)


MOMENTS = st.integers(-100, 300).map(minutes)


@given(
    st.lists(st.tuples(MOMENTS, st.sampled_from(["online", "suspect", "offline"])), max_size=12),
    st.lists(st.tuples(MOMENTS, MOMENTS), max_size=5),
)
def test_every_minute_of_a_period_is_in_one_place(
    comings: list[tuple[datetime, str]], away: list[tuple[datetime, datetime]]
) -> None:
    known = [Presence(at, n, presence) for n, (at, presence) in enumerate(comings)]
    found = online(known, away, minutes(0), minutes(200), COUNTS)
    assert found.minutes + found.unheard + found.maintenance == 200
    assert 0 <= found.online <= found.minutes
    ordered = sorted(known, key=lambda one: (one.at, one.position))
    slow = 0
    for minute in range(200):
        at = minutes(minute)
        before = [one for one in ordered if one.at <= at]
        there = bool(before) and before[-1].presence == "online"
        slow += there and not any(begin <= at < end for begin, end in away)
    assert found.online == slow
