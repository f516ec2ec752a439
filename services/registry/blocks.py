"""Blocks: what the tables hold of a village, a town or the district, as the other services read it."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Select, func, select

from contracts.canonical import canonical_bytes
from contracts.registry import (
    AccountEntry,
    DepartmentEntry,
    DistrictBlock,
    GatewayEntry,
    HazardPointEntry,
    KeyHash,
    NeighbourEntry,
    RecipientEntry,
    RosterEntry,
    StationEntry,
    TownBlock,
    VillageBlock,
)
from services.kit.crypto import CryptoProvider
from services.kit.db import Transaction
from services.registry import store
from services.registry.model import DRILL_GROUP, station_kind

PHONE_CONTEXT = b"yutian/phone"
DISTRICT_BLOCK = "district"
INVENTED = "invented"
"""The position of hazard points that stand for nothing real: no screen may send people away from them."""
PART = 2500
"""People in one part of a village's block: sealed, some 200 kB of the 512 kB that fit into a message."""

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Material:
    """What the blocks of some places are made of, except their people."""

    day: str
    towns: Mapping[str, Row]
    villages: Mapping[str, Row]
    stations: Mapping[str, Sequence[Row]]
    keys: Mapping[str, tuple[KeyHash, ...]]
    groups: Mapping[str, tuple[str, ...]]
    """The groups of each unit."""
    rosters: Mapping[str, tuple[RosterEntry, ...]]
    points: Mapping[str, Sequence[Row]]
    """The hazard points of each village."""


async def gather(tx: Transaction, crypto: CryptoProvider, blocks: Sequence[str]) -> Material:
    """Read what these blocks are made of, in a few queries for all of them."""
    day = store.today(tx.now)
    villages = await _valid(tx, store.VILLAGES, day, store.VILLAGES.c.code.in_(blocks))
    towns = await _valid(tx, store.TOWNS, day, store.TOWNS.c.code.in_(blocks))
    stations = await _valid(tx, store.STATIONS, day, store.STATIONS.c.village_code.in_(list(blocks)))
    points = await _valid(
        tx,
        store.HAZARD_POINTS,
        day,
        store.HAZARD_POINTS.c.village_code.in_(list(blocks)),
        store.HAZARD_POINTS.c.position != INVENTED,
    )
    units = sorted({row["unit"] for row in stations if row["unit"]})
    groups = {
        code: tuple(row["groups"].split())
        for code, row in (await store.known(tx, store.UNITS, units)).items()
    }
    return Material(
        day=day,
        towns={row["code"]: row for row in towns},
        villages={row["code"]: row for row in villages},
        stations=_by("village_code", stations),
        keys=await _keys(tx, [row["code"] for row in stations]),
        groups=groups,
        rosters=await _rosters(tx, crypto, blocks, day),
        points=_by("village_code", points),
    )


async def sizes(tx: Transaction, blocks: Sequence[str]) -> dict[str, int]:
    """Return how many people stand in each of these villages' tables."""
    village = store.RECIPIENTS.c.village_code
    statement = select(village, func.count().label("people")).where(village.in_(blocks)).group_by(village)
    return {row.village_code: int(row.people) for row in await tx.execute(statement)}


async def parts(
    tx: Transaction, crypto: CryptoProvider, material: Material, blocks: Sequence[str]
) -> AsyncIterator[dict[str, bytes]]:
    """Yield name and content of every part of some blocks, some at a time; nothing of what is over."""
    rosters = material.rosters
    towns = {block: material.towns[block] for block in blocks if block in material.towns}
    yield {code: canonical_bytes(_town(row, rosters.get(code, ()))) for code, row in towns.items()}
    villages = [block for block in blocks if block in material.villages]
    if len(villages) > 1:
        found = await _people_of(tx, villages, material.day)
        people = {code: found.get(code, []) for code in villages}
        yield await asyncio.to_thread(_villages, crypto, material, people)
    elif villages:
        async for number, some in _people(tx, villages[0], material.day):
            part = await asyncio.to_thread(_village, crypto, material, villages[0], some, number == 0)
            yield {part_name(villages[0], number): part}
    if DISTRICT_BLOCK in blocks:
        yield {DISTRICT_BLOCK: canonical_bytes(await _district(tx, material))}


def part_name(village: str, number: int) -> str:
    """Return the name of a part of a village's block: the first one is called like the village."""
    return f"{village}-{number}" if number else village


async def _valid(tx: Transaction, table: Any, day: str, *where: Any) -> Sequence[Row]:
    statement = select(table).where(store.valid(table, day), *where).order_by(store.key_of(table))
    return [dict(row) for row in (await tx.execute(statement)).mappings()]


def _by(column: str, rows: Iterable[Row]) -> dict[str, list[Row]]:
    grouped: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        grouped[row[column]].append(row)
    return grouped


async def _keys(tx: Transaction, owners: Sequence[str]) -> dict[str, tuple[KeyHash, ...]]:
    table = store.KEYS
    statement = select(table).where(table.c.owner.in_(owners), table.c.revoked_at.is_(None))
    found = [dict(row) for row in (await tx.execute(statement.order_by(table.c.key_id))).mappings()]
    return {
        owner: tuple(KeyHash(key_id=row["key_id"], mode=row["mode"], sha256=row["sha256"]) for row in rows)
        for owner, rows in _by("owner", found).items()
    }


async def _rosters(
    tx: Transaction, crypto: CryptoProvider, blocks: Sequence[str], day: str
) -> dict[str, tuple[RosterEntry, ...]]:
    turns, people = store.ROSTERS, store.RECIPIENTS
    statement = (
        select(turns, people.c.name, people.c.phone_sealed, people.c.operator, people.c.groups)
        .join(people, people.c.recipient_id == turns.c.person)
        .where(turns.c.block.in_(blocks), store.valid(turns, day), store.valid(people, day))
        .order_by(turns.c.place, turns.c.role, turns.c.order, turns.c.code)
    )
    found = [dict(row) for row in (await tx.execute(statement)).mappings()]
    return {block: tuple(_turn(crypto, row) for row in rows) for block, rows in _by("block", found).items()}


def _turn(crypto: CryptoProvider, row: Row) -> RosterEntry:
    return RosterEntry(
        **{name: row[name] for name in ("place_kind", "place", "role", "order", "shift", "name", "operator")},
        recipient_id=row["person"],
        phone=opened(crypto, row["phone_sealed"]),
        drills=DRILL_GROUP in row["groups"].split(),
    )


def opened(crypto: CryptoProvider, sealed: bytes | None) -> str | None:
    """Return a phone that lay sealed."""
    return crypto.unseal(sealed, PHONE_CONTEXT).decode() if sealed else None


async def _district(tx: Transaction, material: Material) -> DistrictBlock:
    day = material.day
    gateways = await _valid(tx, store.GATEWAYS, day)
    keys = await _keys(tx, [row["gateway_id"] for row in gateways])
    return DistrictBlock(
        gateways=tuple(
            GatewayEntry.model_validate({**row, "keys": keys.get(row["gateway_id"], ())}) for row in gateways
        ),
        accounts=tuple(
            AccountEntry.model_validate(dict(row)) for row in await _valid(tx, store.ACCOUNTS, day)
        ),
        departments=tuple(
            DepartmentEntry.model_validate(dict(row)) for row in await _valid(tx, store.DEPARTMENTS, day)
        ),
        neighbours=tuple(
            NeighbourEntry.model_validate(dict(row)) for row in await _valid(tx, store.NEIGHBOURS, day)
        ),
        groups={row["code"]: row["name"] for row in await _valid(tx, store.GROUPS, day)},
        rosters=material.rosters.get(DISTRICT_BLOCK, ()),
    )


def _town(row: Row, rosters: tuple[RosterEntry, ...]) -> TownBlock:
    return TownBlock(
        code=row["code"],
        name=row["name"],
        name_en=row["name_en"],
        is_street=row["kind"] == "street",
        seat=(row["lon"], row["lat"]),
        population=row["population"],
        cell=orjson.loads(row["cell"]),
        cell_quality=row["cell_quality"],
        rosters=rosters,
    )


async def _people_of(tx: Transaction, villages: Sequence[str], day: str) -> dict[str, list[Row]]:
    """Return the people of villages with few enough of them."""
    table = store.RECIPIENTS
    statement = _with_home().where(table.c.village_code.in_(villages), store.valid(table, day))
    rows = await tx.execute(statement.order_by(table.c.village_code, table.c.recipient_id))
    return _by("village_code", [dict(row) for row in rows.mappings()])


def _with_home() -> Select[Any]:
    """Return the statement of people, each with the position of his household."""
    homes, people = store.HOUSEHOLDS, store.RECIPIENTS
    columns = (people, homes.c.lon.label("home_lon"), homes.c.lat.label("home_lat"))
    return select(*columns).outerjoin(homes, homes.c.code == people.c.household)


async def _people(tx: Transaction, village: str, day: str) -> AsyncIterator[tuple[int, Sequence[Row]]]:
    """Yield the people of a village, one part at a time; one empty part when there is nobody."""
    table, after, number = store.RECIPIENTS, "", 0
    mine = _with_home().where(table.c.village_code == village, store.valid(table, day))
    while True:
        later = mine.where(table.c.recipient_id > after).order_by(table.c.recipient_id).limit(PART)
        rows = [dict(row) for row in (await tx.execute(later)).mappings()]
        if rows or number == 0:
            yield number, rows
        if len(rows) < PART:
            return
        after, number = rows[-1]["recipient_id"], number + 1


def _villages(
    crypto: CryptoProvider, material: Material, people: Mapping[str, Sequence[Row]]
) -> dict[str, bytes]:
    found = {}
    for code, mine in people.items():
        for number, start in enumerate(range(0, len(mine) or 1, PART)):
            found[part_name(code, number)] = _village(
                crypto, material, code, mine[start : start + PART], number == 0
            )
    return found


def _village(
    crypto: CryptoProvider, material: Material, code: str, people: Sequence[Row], first: bool
) -> bytes:
    row = material.villages[code]
    block = VillageBlock(
        code=code,
        name=row["name"],
        town_code=row["town_code"],
        is_community=row["kind"] == "community",
        position=(row["lon"], row["lat"]),
        position_quality=row["position"],
        cell=orjson.loads(row["cell"]),
        stations=tuple(_station(one, material) for one in material.stations.get(code, ())) if first else (),
        recipients=tuple(_person(crypto, one) for one in people),
        rosters=material.rosters.get(code, ()) if first else (),
        hazard_points=tuple(map(_point, material.points.get(code, ()))) if first else (),
    )
    return canonical_bytes(block)


def _point(row: Row) -> HazardPointEntry:
    return HazardPointEntry(**{name: row[name] for name in HazardPointEntry.model_fields})


def _station(row: Row, material: Material) -> StationEntry:
    return StationEntry(
        code=row["code"],
        name=row["name"],
        station_class=row["station_class"],
        keys=material.keys.get(row["code"], ()),
        duty_name=row["duty_name"],
        kind=station_kind(row["code"]),
        department=row["department"],
        town=row["town"],
        groups=material.groups.get(row["unit"], ()),
        maintained_until=row["maintained_until"],
    )


def _person(crypto: CryptoProvider, row: Row) -> RecipientEntry:
    return RecipientEntry(
        recipient_id=row["recipient_id"],
        name=row["name"],
        role=row["role"],
        groups=tuple(row["groups"].split()),
        phone=opened(crypto, row["phone_sealed"]),
        operator=row["operator"],
        openid=row["openid"],
        station=row["station"],
        position=(row["home_lon"], row["home_lat"]) if row["home_lon"] is not None else None,
        cared_by=row["cared_by"],
    )
