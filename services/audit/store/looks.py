"""When each warning is looked at next, how far the walks are, and what the last rounds found."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.store.alarm_tables import LOOKS, ROUNDS, WALKS
from services.audit.store.books import upsert
from services.audit.store.tables import DELIVERIES, PLANS, RECORDS, REVISIONS
from services.kit.db import Transaction

NEWS, WARNINGS, LEDGER, ISSUED, HEARD = "news", "warnings", "ledger", "issued", "issuer"
"""The walks; the last one only notes when the issuer answered last."""

KEPT_ROUNDS = 20
AT_ONCE = 500
NEWEST = 1_000
"""Records in which warnings of late are looked for."""
_OURS = ("audit.", "difference.")
"""Kinds of records that the audit itself causes: no news of a warning."""


@dataclass(frozen=True)
class Walk:
    """How far a walk is."""

    name: str
    place: int = 0
    key: str = ""
    moved_at: datetime | None = None
    times: int = 0
    through_at: datetime | None = None


@dataclass(frozen=True)
class Round:
    """What a round of comparing did."""

    at: datetime
    as_of: datetime
    position: int
    behind: int
    warnings: int
    found: int
    standing: int
    issuer: bool
    took_ms: int


async def walk(connection: AsyncConnection, name: str) -> Walk:
    """Return how far a walk is."""
    found = (await connection.execute(select(WALKS).where(WALKS.c.name == name))).mappings().one_or_none()
    return Walk(**found) if found else Walk(name)


async def step(
    tx: Transaction, before: Walk, *, place: int = 0, key: str = "", through: bool = False
) -> None:
    """Note where a walk has come to, or that it has come to its end and begins anew."""
    row = {
        "name": before.name,
        "place": 0 if through else place,
        "key": "" if through else key,
        "moved_at": tx.now,
        "times": before.times + through,
        "through_at": tx.now if through else before.through_at,
    }
    await tx.execute(upsert(tx, WALKS), [row])


async def note(tx: Transaction, name: str, times: int, at: datetime) -> None:
    """Count a round, and note a moment beside it."""
    row = {"name": name, "place": 0, "key": "", "moved_at": tx.now, "times": times, "through_at": at}
    await tx.execute(upsert(tx, WALKS), [row])


async def news(connection: AsyncConnection, after: int, upto: int) -> set[str]:
    """Return the warnings of which records speak in a stretch of the ledger."""
    r = RECORDS.c
    stretch = (r.position > after) & (r.position <= upto)
    ours = [r.kind.not_like(f"{kind}%") for kind in _OURS]
    statement = select(r.warning_id).where(stretch, r.warning_id.is_not(None), *ours).distinct()
    return set((await connection.execute(statement)).scalars())


async def wake(tx: Transaction, warning_ids: Iterable[str]) -> None:
    """Let warnings be looked at in this round, or as soon as there is room."""
    wanted = sorted(set(warning_ids))
    for begin in range(0, len(wanted), AT_ONCE):
        some = wanted[begin : begin + AT_ONCE]
        mine = select(LOOKS.c.warning_id).where(LOOKS.c.warning_id.in_(some))
        known = set((await tx.execute(mine)).scalars())
        later = LOOKS.c.due_at.is_(None) | (LOOKS.c.due_at > tx.now)
        await tx.execute(update(LOOKS).where(LOOKS.c.warning_id.in_(known), later).values(due_at=tx.now))
        fresh = {"mode": "live", "urgent": True, "looked_at": None, "rests_until": None}
        begun = {**fresh, "differences": 0, "due_at": tx.now}
        rows = [{"warning_id": one, **begun} for one in some if one not in known]
        if rows:
            await tx.execute(LOOKS.insert(), rows)


async def due(connection: AsyncConnection, now: datetime, limit: int) -> list[str]:
    """Return warnings whose time has come, urgent ones first."""
    rested = LOOKS.c.rests_until.is_(None) | (LOOKS.c.rests_until <= now)
    statement = select(LOOKS.c.warning_id).where(LOOKS.c.due_at <= now, rested)
    ordered = statement.order_by(LOOKS.c.urgent.desc(), LOOKS.c.due_at, LOOKS.c.warning_id).limit(limit)
    return list((await connection.execute(ordered)).scalars())


async def looked(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Note that warnings were looked at, and when they are again."""
    if rows:
        await tx.execute(upsert(tx, LOOKS), [{**row, "looked_at": tx.now} for row in rows])


async def waiting(connection: AsyncConnection, now: datetime) -> int:
    """Return how many warnings wait for their turn."""
    statement = select(func.count()).select_from(LOOKS).where(LOOKS.c.due_at <= now)
    return int((await connection.execute(statement)).scalar_one())


async def next_warnings(connection: AsyncConnection, after: str, limit: int) -> list[str]:
    """Return the warnings of which anything is known, by id; each one is found by its index."""
    found: list[str] = []
    while len(found) < limit:
        nearest = [await _after(connection, table, after) for table in (REVISIONS, PLANS, DELIVERIES)]
        known = [one for one in nearest if one is not None]
        if not known:
            break
        after = min(known)
        found.append(after)
    return found


async def _after(connection: AsyncConnection, table: Any, after: str) -> str | None:
    statement = select(func.min(table.c.warning_id)).where(table.c.warning_id > after)
    found: str | None = (await connection.execute(statement)).scalar_one()
    return found


async def lately(connection: AsyncConnection, size: int, limit: int) -> list[str]:
    """Return the warnings of late: of which the newest records speak, published last, or waited for."""
    r = RECORDS.c
    newest = select(r.position, r.warning_id, r.kind).where(r.position > size - NEWEST)
    some = newest.order_by(r.position.desc()).limit(NEWEST).subquery().c
    ours = [some.kind.not_like(f"{kind}%") for kind in _OURS]
    spoken = select(some.warning_id).where(some.warning_id.is_not(None), *ours).group_by(some.warning_id)
    published = select(REVISIONS.c.warning_id).order_by(REVISIONS.c.heard_at.desc())
    waited = select(LOOKS.c.warning_id).where(LOOKS.c.due_at.is_not(None)).order_by(LOOKS.c.due_at)
    found: list[str] = []
    for one in (spoken.order_by(func.max(some.position).desc()), published, waited):
        found += (await connection.execute(one.limit(limit))).scalars()
    return list(dict.fromkeys(found))


async def keep_round(tx: Transaction, number: int, done: Round) -> None:
    """Keep what a round did, in place of the oldest one."""
    await tx.execute(upsert(tx, ROUNDS), [{"slot": number % KEPT_ROUNDS, **vars(done)}])


async def rounds(connection: AsyncConnection) -> list[Round]:
    """Return the last rounds, newest first."""
    rows = (await connection.execute(select(ROUNDS).order_by(ROUNDS.c.at.desc()))).mappings()
    return [Round(**{name: row[name] for name in Round.__dataclass_fields__}) for row in rows]


async def stretch(connection: AsyncConnection, after: int, upto: int) -> list[dict[str, Any]]:
    """Return the records of a stretch of the ledger."""
    place = RECORDS.c.position
    statement = select(RECORDS).where(place > after, place <= upto).order_by(place)
    return [dict(row) for row in (await connection.execute(statement)).mappings()]


async def recorded_at(connection: AsyncConnection, position: int) -> datetime | None:
    """Return when a record was recorded."""
    statement = select(RECORDS.c.recorded_at).where(RECORDS.c.position == position)
    found: datetime | None = (await connection.execute(statement)).scalar_one_or_none()
    return found
