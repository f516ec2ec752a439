"""The stations as the registry knows them, and when each was heard last."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import and_, delete, func, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from contracts.registry import StationEntry
from contracts.values import Mode, StationClass
from services.channels import keys
from services.channels.pull.stations.model import OPEN, Presence
from services.channels.pull.stations.store import mqtt
from services.channels.pull.stations.store.items import Key
from services.channels.pull.stations.store.tables import (
    API_KEYS,
    BLOCKS,
    ITEMS,
    PRESENCE,
    SEQUENCES,
    STATIONS,
)
from services.kit.db import Database, Transaction


@dataclass(frozen=True)
class Station:
    """A station of the registry."""

    code: str
    name: str
    village: str
    station_class: StationClass
    duty_name: str | None


@dataclass(frozen=True)
class Seen:
    """What is known of a station's life in one mode."""

    station: str
    mode: Mode
    state: Presence
    since: datetime
    heard_at: datetime
    terminal: str
    sequence: int
    clock_offset_ms: int
    health: Mapping[str, Any]


async def newest_block(tx: Transaction, block: str) -> datetime | None:
    """Return when the newest known content of a block was said, None when it is unknown."""
    statement = select(BLOCKS.c.at).where(BLOCKS.c.block == block)
    if tx.postgres:
        statement = statement.with_for_update()
    at: datetime | None = (await tx.execute(statement)).scalar_one_or_none()
    return at


async def learn(
    tx: Transaction, block: str, sha256: str, at: datetime, village: str, entries: Sequence[StationEntry]
) -> set[str]:
    """Replace the stations of one block, with their keys; return those that a key was taken from."""
    into = postgresql.insert(BLOCKS) if tx.postgres else sqlite.insert(BLOCKS)
    seen = into.values(block=block, sha256=sha256, at=at)
    await tx.execute(
        seen.on_conflict_do_update(index_elements=[BLOCKS.c.block], set_={"sha256": sha256, "at": at})
    )
    known = set((await tx.execute(select(STATIONS.c.code).where(STATIONS.c.block == block))).scalars())
    codes = known | {entry.code for entry in entries}
    old = await _keys(tx, codes)
    for code in sorted(known - {entry.code for entry in entries}):
        await keys.learn(tx, API_KEYS, code, ())
    for entry in entries:
        await keys.learn(tx, API_KEYS, entry.code, entry.keys)
    await mqtt.learn(tx, codes, {entry.code: entry.keys for entry in entries})
    await tx.execute(delete(STATIONS).where(STATIONS.c.code.in_(codes)))
    rows = [
        {
            "code": entry.code,
            "name": entry.name,
            "village": village,
            "block": block,
            "station_class": entry.station_class,
            "duty_name": entry.duty_name,
        }
        for entry in entries
    ]
    if rows:
        await tx.execute(insert(STATIONS), rows)
    return {owner for owner, _ in old - await _keys(tx, codes)}


async def _keys(tx: Transaction, owners: Iterable[str]) -> set[tuple[str, str]]:
    found = select(API_KEYS.c.owner, API_KEYS.c.sha256).where(API_KEYS.c.owner.in_(list(owners)))
    return {(row.owner, row.sha256) for row in await tx.execute(found)}


async def get(db: Database, code: str) -> Station | None:
    """Return a station, None when the registry has not named it."""
    rows = await db.rows(select(STATIONS).where(STATIONS.c.code == code))
    return _station(rows[0]) if rows else None


def _station(row: Mapping[str, Any]) -> Station:
    kind = StationClass(row["station_class"])
    return Station(row["code"], row["name"], row["village"], kind, row["duty_name"])


@dataclass(frozen=True)
class Listed:
    """A station with its life and its work, as lists show it."""

    station: Station
    seen: Seen | None
    last: int
    open: int


async def listed(
    db: Database, mode: Mode, after: str, limit: int, village_prefix: str = "", code: str | None = None
) -> list[Listed]:
    """Return stations after a code, in the order of their codes."""
    open_items = (
        select(func.count())
        .where(ITEMS.c.station == STATIONS.c.code, ITEMS.c.mode == mode, ITEMS.c.state.in_(OPEN))
        .scalar_subquery()
    )
    numbered = and_(SEQUENCES.c.station == STATIONS.c.code, SEQUENCES.c.mode == mode)
    present = and_(PRESENCE.c.station == STATIONS.c.code, PRESENCE.c.mode == mode)
    last = func.coalesce(SEQUENCES.c.last, 0).label("last")
    seen = [column.label(f"seen_{column.name}") for column in PRESENCE.c]
    wanted = select(STATIONS, last, open_items.label("open"), *seen)
    wanted = wanted.outerjoin(SEQUENCES, numbered).outerjoin(PRESENCE, present)
    wanted = wanted.where(STATIONS.c.code == code) if code else wanted.where(STATIONS.c.code > after)
    if village_prefix:
        wanted = wanted.where(STATIONS.c.village.startswith(village_prefix, autoescape=True))
    rows = await db.rows(wanted.order_by(STATIONS.c.code).limit(limit))
    return [_listed(row) for row in rows]


def _listed(row: Mapping[str, Any]) -> Listed:
    mine = {name.removeprefix("seen_"): row[name] for name in row if name.startswith("seen_")}
    seen = _seen(mine) if mine["station"] is not None else None
    return Listed(_station(row), seen, row["last"], row["open"])


def _seen(row: Mapping[Any, Any]) -> Seen:
    return Seen(
        station=row["station"],
        mode=Mode(row["mode"]),
        state=Presence(row["state"]),
        since=row["since"],
        heard_at=row["heard_at"],
        terminal=row["terminal"],
        sequence=row["sequence"],
        clock_offset_ms=row["clock_offset_ms"],
        health=orjson.loads(row["health"]),
    )


async def seen(tx: Transaction, whose: Iterable[Key]) -> dict[Key, Seen]:
    """Return what is known of these stations' lives, their rows locked in one order."""
    codes = {station for station, _ in whose}
    statement = select(PRESENCE).where(PRESENCE.c.station.in_(codes))
    statement = statement.order_by(PRESENCE.c.station, PRESENCE.c.mode)
    if tx.postgres:
        statement = statement.with_for_update()
    found = [_seen(row) for row in (await tx.execute(statement)).mappings()]
    return {(one.station, one.mode): one for one in found}


async def keep_seen(tx: Transaction, lives: Iterable[Seen]) -> None:
    """Write what is known of these stations' lives."""
    into = postgresql.insert(PRESENCE) if tx.postgres else sqlite.insert(PRESENCE)
    names = ("state", "since", "heard_at", "terminal", "sequence", "clock_offset_ms", "health")
    upsert = into.on_conflict_do_update(
        index_elements=[PRESENCE.c.station, PRESENCE.c.mode],
        set_={name: into.excluded[name] for name in names},
    )
    rows = [
        {
            "station": one.station,
            "mode": one.mode,
            "state": one.state,
            "since": one.since,
            "heard_at": one.heard_at,
            "terminal": one.terminal,
            "sequence": one.sequence,
            "clock_offset_ms": one.clock_offset_ms,
            "health": orjson.dumps(one.health).decode(),
        }
        for one in sorted(lives, key=lambda one: (one.station, one.mode))
    ]
    if rows:
        await tx.execute(upsert, rows)


async def silent(tx: Transaction, since: datetime) -> list[Seen]:
    """Return stations that were last heard then or before and are not offline yet, locked."""
    statement = (
        select(PRESENCE)
        .where(PRESENCE.c.heard_at <= since, PRESENCE.c.state != Presence.OFFLINE)
        .order_by(PRESENCE.c.station, PRESENCE.c.mode)
    )
    if tx.postgres:
        statement = statement.with_for_update()
    return [_seen(row) for row in (await tx.execute(statement)).mappings()]
