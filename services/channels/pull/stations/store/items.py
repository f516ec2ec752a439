"""Sequences, items and notices."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, bindparam, case, func, insert, or_, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from contracts.outcome import TargetState
from contracts.values import Level, Mode
from services.channels.pull.stations.model import FACTS, IN_FORCE, OPEN, Item, Kind, Report
from services.channels.pull.stations.store import epochs
from services.channels.pull.stations.store.tables import ITEMS, NOTICES, SEQUENCES
from services.kit.db import Transaction

Key = tuple[str, Mode]
"""A station in one mode: whose sequence it is."""


async def lock_warning(tx: Transaction, warning_id: UUID) -> None:
    """Hold every other writer of this warning off until the commit.

    Without it an end and a request that is being stored at the same time would not see each other.
    """
    if tx.postgres:
        name = func.hashtextextended(f"{tx.house}/{warning_id}", 0)
        await tx.execute(select(func.pg_advisory_xact_lock(name)))


async def next_numbers(tx: Transaction, mode: Mode, stations: Sequence[str]) -> dict[str, int]:
    """Give each station its next number, under the lock of its row; stations are taken in one order."""
    floor = await epochs.floor(tx.connection)
    into = postgresql.insert(SEQUENCES) if tx.postgres else sqlite.insert(SEQUENCES)
    grown = case((SEQUENCES.c.last < floor, floor + 1), else_=SEQUENCES.c.last + 1)
    grow = into.on_conflict_do_update(
        index_elements=[SEQUENCES.c.station, SEQUENCES.c.mode], set_={"last": grown}
    )
    ordered = sorted(stations)
    await tx.execute(grow, [{"station": station, "mode": mode, "last": floor + 1} for station in ordered])
    given = select(SEQUENCES.c.station, SEQUENCES.c.last)
    given = given.where(SEQUENCES.c.mode == mode, SEQUENCES.c.station.in_(ordered))
    rows = (await tx.execute(given)).all()
    return {row.station: row.last for row in rows}


@dataclass(frozen=True)
class NewNotice:
    """One encoded payload, the same for all stations that get it."""

    warning_id: UUID
    revision: int
    kind: Kind
    level: Level
    title: str
    payload: bytes
    expires: datetime


@dataclass(frozen=True)
class KeptNotice:
    """A notice that is kept: its number and until when it is valid."""

    notice_id: int
    expires: datetime


async def keep_notice(tx: Transaction, new: NewNotice) -> int:
    """Keep a notice once for each warning, revision and kind; return its number."""
    known = await notice(tx, new.warning_id, new.revision, new.kind)
    if known is not None:
        return known.notice_id
    row = {
        "warning_id": str(new.warning_id),
        "revision": new.revision,
        "kind": new.kind,
        "level": new.level,
        "title": new.title,
        "payload": new.payload,
        "expires": new.expires,
    }
    made: int = (await tx.execute(insert(NOTICES).values(row).returning(NOTICES.c.notice_id))).scalar_one()
    return made


async def notice(tx: Transaction, warning_id: UUID, revision: int, kind: Kind) -> KeptNotice | None:
    """Return a notice that is kept, None when there is none."""
    found = select(NOTICES.c.notice_id, NOTICES.c.expires).where(
        NOTICES.c.warning_id == str(warning_id), NOTICES.c.revision == revision, NOTICES.c.kind == kind
    )
    row = (await tx.execute(found)).one_or_none()
    return None if row is None else KeptNotice(row.notice_id, row.expires)


async def add(tx: Transaction, items: Sequence[Item], notice: int) -> None:
    """Write new items, all of one notice."""
    await tx.execute(insert(ITEMS), [{**_row(item), "notice_id": notice} for item in items])


async def keep(tx: Transaction, items: Sequence[Item]) -> None:
    """Write what has become of items that exist."""
    key = and_(
        ITEMS.c.station == bindparam("of_station"),
        ITEMS.c.mode == bindparam("of_mode"),
        ITEMS.c.sequence == bindparam("of_sequence"),
    )
    names = ["state", *(f"{fact}_at" for fact in FACTS), "confirmed_by", "acted_by"]
    statement = update(ITEMS).where(key).values({name: bindparam(f"new_{name}") for name in names})
    rows = []
    for item in items:
        row = _row(item)
        rows.append({f"of_{name}": row[name] for name in ("station", "mode", "sequence")})
        rows[-1].update({f"new_{name}": row[name] for name in names})
    await tx.execute(statement, rows)


def _row(item: Item) -> dict[str, Any]:
    return {
        "station": item.station,
        "mode": item.mode,
        "sequence": item.sequence,
        "delivery_id": str(item.delivery_id),
        "kind": item.kind,
        "warning_id": str(item.warning_id),
        "revision": item.revision,
        "state": item.state,
        "queued_at": item.queued_at,
        "expires": item.expires,
        **{f"{fact}_at": item.facts.get(fact) for fact in FACTS},
        "confirmed_by": item.confirmed_by,
        "acted_by": item.acted_by,
    }


def item_of(row: Mapping[Any, Any]) -> Item:
    """Return the item that a row holds."""
    facts = {fact: row[f"{fact}_at"] for fact in FACTS}
    return Item(
        station=row["station"],
        mode=Mode(row["mode"]),
        sequence=row["sequence"],
        delivery_id=UUID(row["delivery_id"]),
        kind=Kind(row["kind"]),
        warning_id=UUID(row["warning_id"]),
        revision=row["revision"],
        state=TargetState(row["state"]),
        queued_at=row["queued_at"],
        expires=row["expires"],
        facts={fact: at for fact, at in facts.items() if at is not None},
        confirmed_by=row["confirmed_by"],
        acted_by=row["acted_by"],
    )


def told_of(told: Iterable[tuple[Key, Report]]) -> Select[Any]:
    """Select the items that these reports are about; a halt is named by its sequence only."""
    numbered, named = set(), set()
    for (station, mode), report in told:
        if report.sequence is not None:
            numbered.add((station, str(mode), report.sequence))
        else:
            named.add((station, str(mode), str(report.warning_id), report.revision))
    by_number = tuple_(ITEMS.c.station, ITEMS.c.mode, ITEMS.c.sequence).in_(sorted(numbered))
    by_name = tuple_(ITEMS.c.station, ITEMS.c.mode, ITEMS.c.warning_id, ITEMS.c.revision).in_(sorted(named))
    wanted = [
        *([by_number] if numbered else []),
        *([and_(by_name, ITEMS.c.kind != Kind.HALT)] if named else []),
    ]
    return select(ITEMS).where(or_(*wanted))


async def under_lock(tx: Transaction, statement: Select[Any]) -> list[Item]:
    """Return the items of a select, their rows locked in one order; lock their deliveries before."""
    ordered = statement.order_by(ITEMS.c.station, ITEMS.c.mode, ITEMS.c.sequence)
    if tx.postgres:
        ordered = ordered.with_for_update()
    return [item_of(row) for row in (await tx.execute(ordered)).mappings()]


def all_of(delivery_id: UUID) -> Select[Any]:
    """Select the items of a delivery."""
    return select(ITEMS).where(ITEMS.c.delivery_id == str(delivery_id))


def open_of(deliveries: Iterable[UUID]) -> Select[Any]:
    """Select the items of these deliveries of which nothing has come yet."""
    return select(ITEMS).where(ITEMS.c.delivery_id.in_([str(d) for d in deliveries]), ITEMS.c.state.in_(OPEN))


async def given(tx: Transaction, warning_id: UUID, revision: int) -> dict[tuple[Mode, int], list[str]]:
    """Return which stations have which of the revisions up to this one, the highest of each, and no halt."""
    highest = func.max(case((ITEMS.c.kind.in_(IN_FORCE), ITEMS.c.revision), else_=0))
    halted = func.max(case((ITEMS.c.kind == Kind.HALT, ITEMS.c.revision), else_=0))
    found = (
        select(ITEMS.c.mode, highest.label("highest"), ITEMS.c.station)
        .where(ITEMS.c.warning_id == str(warning_id), ITEMS.c.revision <= revision)
        .group_by(ITEMS.c.mode, ITEMS.c.station)
        .having(highest > halted)
    )
    groups: dict[tuple[Mode, int], list[str]] = {}
    for row in (await tx.execute(found)).all():
        groups.setdefault((Mode(row.mode), row.highest), []).append(row.station)
    return groups
