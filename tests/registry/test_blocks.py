"""Blocks say who answers, where somebody lives, what kind of station it is; days that come change them."""

import asyncio
from base64 import b64decode
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import orjson
import pytest
from sqlalchemy import select, update

from contracts.registry import BLOCK_CONTEXT, DistrictBlock, TownBlock, VillageBlock
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.errors import Refused
from services.kit.outbox import OUTBOX
from services.registry import actions, publishing, store
from services.registry.actions import mind
from services.registry.actions.mind import look
from services.registry.model import (
    Department,
    Household,
    Neighbour,
    Recipient,
    Region,
    Row,
    Station,
    Turn,
    Unit,
)
from tests.registry.import_make import OTHER, TOWN, VILLAGE, a_place
from tests.registry.test_actions import said


async def block(db: Database, crypto: SoftwareCrypto, name: str) -> bytes:
    """Return what was said last of a block."""
    last = [one for one in await said(db) if one.block == name][-1]
    return crypto.unseal(b64decode(last.sealed), BLOCK_CONTEXT)


async def test_blocks_say_rosters_homes_kinds_of_stations_and_who_only_reads_along(
    database_url: str, tmp_path: Path
) -> None:
    person = {
        "recipient_id": "p1",
        "village_code": VILLAGE,
        "name": "张三",
        "role": "monitor",
        "groups": "drill",
    }
    phone = {"phone": "13900000001", "operator": "cmcc", "household": "H1"}
    rows: dict[str, list[Row]] = {
        "regions": [Region(code="500110", name="綦江区", level="district")],
        "neighbours": [Neighbour(code="tongzi", name="桐梓县")],
        "departments": [Department(code="water", name="水利局")],
        "units": [Unit(code="U0001", name="中学", village_code=VILLAGE, kind="school", groups="drill")],
        "households": [Household(code="H1", village_code=VILLAGE, name="张三", lat=29.01, lon=106.6)],
        "stations": [
            Station(code="K0001", name="中学", village_code=VILLAGE, station_class="screen", unit="U0001"),
            Station(
                code="S0001", name="水利", village_code=VILLAGE, station_class="screen", department="water"
            ),
        ],
        "recipients": [Recipient.model_validate({**person, **phone})],
        "rosters": [
            Turn(place_kind="station", place="K0001", role="duty", person="p1", shift="1-5 08:00-18:00"),
            Turn(place_kind="town", place=TOWN, role="leader", person="p1"),
            Turn(place_kind="department", place="water", role="duty", person="p1"),
        ],
    }
    async with a_place(database_url, tmp_path) as (db, crypto):
        for kind, some in rows.items():
            await actions.take_in(db, crypto, kind, some, by="seed", published=kind == "rosters")
        village = VillageBlock.model_validate_json(await block(db, crypto, VILLAGE))
        assert [(s.code, s.kind, s.department, s.groups) for s in village.stations] == [
            ("K0001", "key-unit", None, ("drill",)),
            ("S0001", "sub-centre", "water", ()),
        ]
        assert village.recipients[0].position == (106.6, 29.01)
        (turn,) = village.rosters
        assert (turn.shift, turn.phone, turn.drills) == ("1-5 08:00-18:00", "13900000001", True)
        (leader,) = TownBlock.model_validate_json(await block(db, crypto, TOWN)).rosters
        assert (leader.role, leader.name) == ("leader", "张三")
        district = DistrictBlock.model_validate_json(await block(db, crypto, "district"))
        assert [one.code for one in district.neighbours] == ["tongzi"]
        assert ([one.code for one in district.departments], district.rosters[0].place) == (["water"], "water")
        assert district.groups["vulnerable"] == "需要照护的人"


async def test_what_begins_and_ends_with_a_day_is_said_when_the_day_comes(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with a_place(sqlite_url, tmp_path) as (db, crypto):
        day = datetime.fromisoformat(store.today(db.clock.now()))
        tomorrow = (day + timedelta(days=1)).date().isoformat()
        await actions.edit(db, crypto, "villages", {"code": OTHER, "valid_to": tomorrow}, by="qian")
        assert OTHER in await store.addresses(db)
        now = db.clock.now()
        db.clock = Later(timedelta(days=1))
        await look(db, crypto, now)
        assert OTHER not in await store.addresses(db)
        assert any(one.gone and one.block == OTHER for one in await said(db))
        assert await publishing.due(db) == 0


class Later:
    """A clock that runs ahead."""

    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        """Return a later moment."""
        return datetime.now().astimezone() + self.ahead


async def test_a_block_that_no_message_holds_keeps_no_other_one_back(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_place(database_url, tmp_path) as (db, crypto):
        before = await store.addresses(db)
        monkeypatch.setattr(publishing, "MOST_SEALED", 3_000)
        async with db.transaction() as tx:
            ring = orjson.dumps([[106.6 + n * n % 997 / 9973, 29.0 + n / 9973] for n in range(1000)]).decode()
            await tx.execute(update(store.VILLAGES).where(store.VILLAGES.c.code == VILLAGE).values(cell=ring))
            await tx.execute(update(store.VILLAGES).where(store.VILLAGES.c.code == OTHER).values(name="新名"))
            await publishing.mark(tx, [VILLAGE, OTHER])
        await look(db, crypto, db.clock.now())
        after = await store.addresses(db)
        assert {key for key in before.keys() | after if before.get(key) != after.get(key)} == {OTHER}
        assert await publishing.due(db) == 0
        facts = [one for one in await db.rows(select(OUTBOX)) if b"registry.unsaid" in one["payload"]]
        assert len(facts) == 1
        assert VILLAGE.encode() in facts[0]["payload"]


async def test_a_refusal_does_not_end_the_looking(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []

    async def refuses(*_: object) -> None:
        looked.append(1)
        if len(looked) == 3:
            raise asyncio.CancelledError
        raise Refused("it cannot be said", mend="shorten it")

    async with a_place(sqlite_url, tmp_path) as (db, crypto):
        monkeypatch.setattr(mind, "look", refuses)
        monkeypatch.setattr(mind, "EVERY_S", 0)
        with pytest.raises(asyncio.CancelledError):
            await mind.mind(db, crypto, cast("Any", Leads()))
        assert len(looked) == 3


class Leads:
    """A leadership that is always ours."""

    async def lead(self, _name: str, work: Callable[[], Awaitable[None]]) -> None:
        """Do the work."""
        await work()
