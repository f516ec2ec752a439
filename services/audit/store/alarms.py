"""Alarms in tables: which stand, which are due to be said, what there ever was."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model.alarms import Alarm
from services.audit.store.alarm_tables import ALARMS
from services.kit.db import Transaction
from services.kit.ids import uuid7

AT_ONCE = 500

_STANDS = ALARMS.c.ended_at.is_(None)


def _alarm(row: Any) -> Alarm:
    return Alarm(**dict(row))


async def in_scopes(connection: AsyncConnection, scopes: Collection[str]) -> list[Alarm]:
    """Return the standing alarms of these scopes."""
    found: list[Alarm] = []
    ordered = sorted(scopes)
    for begin in range(0, len(ordered), AT_ONCE):
        some = select(ALARMS).where(_STANDS, ALARMS.c.scope.in_(ordered[begin : begin + AT_ONCE]))
        found += [_alarm(row) for row in (await connection.execute(some)).mappings()]
    return found


async def of_kind(connection: AsyncConnection, kind: str, limit: int) -> list[Alarm]:
    """Return standing alarms whose scopes begin so, those that were looked at longest ago first."""
    begin, end = f"{kind}:", f"{kind};"
    statement = select(ALARMS).where(_STANDS, ALARMS.c.scope >= begin, ALARMS.c.scope < end)
    statement = statement.order_by(ALARMS.c.last_seen, ALARMS.c.alarm_id).limit(limit)
    return [_alarm(row) for row in (await connection.execute(statement)).mappings()]


async def beside(connection: AsyncConnection, kinds: Collection[str], limit: int) -> list[Alarm]:
    """Return standing alarms whose scopes begin with none of these, oldest first."""
    others = [ALARMS.c.scope.not_like(f"{kind}%") for kind in kinds]
    statement = select(ALARMS).where(_STANDS, *others).order_by(ALARMS.c.alarm_id).limit(limit)
    return [_alarm(row) for row in (await connection.execute(statement)).mappings()]


async def begin(tx: Transaction, rows: Sequence[dict[str, Any]]) -> list[Alarm]:
    """Keep new alarms; each is due to be said at once."""
    fresh = {
        "first_seen": tx.now,
        "last_seen": tx.now,
        "said": 0,
        "say_at": tx.now,
        "acknowledged_at": None,
        "acknowledged_by": None,
        "acknowledged_why": None,
        "ended_at": None,
        "agreement_id": None,
    }
    given = [{**fresh, **row, "alarm_id": str(uuid7())} for row in rows]
    for start in range(0, len(given), AT_ONCE):
        await tx.execute(ALARMS.insert(), given[start : start + AT_ONCE])
    return [_alarm(row) for row in given]


_SEEN = (
    update(ALARMS)
    .where(ALARMS.c.alarm_id == bindparam("of"))
    .values(last_seen=bindparam("at"), expected=bindparam("wanted"), found=bindparam("there"))
)


async def seen(tx: Transaction, alarms: Sequence[tuple[Alarm, str | None, str | None]]) -> None:
    """Note that alarms were found to stand still, and what was expected and found."""
    if alarms:
        rows = [{"of": a.alarm_id, "at": tx.now, "wanted": e, "there": f} for a, e, f in alarms]
        await tx.execute(_SEEN, rows)


async def end(tx: Transaction, alarms: Sequence[Alarm]) -> None:
    """Note that alarms are over, and by which agreement when what they were about is deleted."""
    groups: dict[str | None, list[str]] = {}
    for alarm in alarms:
        groups.setdefault(alarm.agreement_id, []).append(alarm.alarm_id)
    for agreement_id, names in groups.items():
        for start in range(0, len(names), AT_ONCE):
            mine = update(ALARMS).where(ALARMS.c.alarm_id.in_(names[start : start + AT_ONCE]))
            await tx.execute(mine.values(ended_at=tx.now, agreement_id=agreement_id))


async def due(tx: Transaction, limit: int) -> list[Alarm]:
    """Return standing alarms that are to be said now, urgent ones first."""
    statement = select(ALARMS).where(_STANDS, ALARMS.c.say_at <= tx.now)
    ordered = statement.order_by(ALARMS.c.urgent.desc(), ALARMS.c.say_at, ALARMS.c.alarm_id)
    return [_alarm(row) for row in (await tx.execute(ordered.limit(limit))).mappings()]


_SAID = (
    update(ALARMS)
    .where(ALARMS.c.alarm_id == bindparam("of"))
    .values(said=ALARMS.c.said + 1, say_at=bindparam("again"))
)


async def said(tx: Transaction, alarms: Sequence[tuple[Alarm, datetime]]) -> None:
    """Note that alarms were said, and when the next time is."""
    if alarms:
        await tx.execute(_SAID, [{"of": alarm.alarm_id, "again": again} for alarm, again in alarms])


async def get(tx: Transaction, alarm_id: str) -> Alarm | None:
    """Return an alarm, locked, None when there is none."""
    statement = select(ALARMS).where(ALARMS.c.alarm_id == alarm_id)
    if tx.postgres:
        statement = statement.with_for_update()
    row = (await tx.execute(statement)).mappings().one_or_none()
    return _alarm(row) if row is not None else None


async def acknowledge(tx: Transaction, alarm_id: str, by: str, why: str) -> None:
    """Note who has seen an alarm, and what he says of it."""
    mine = update(ALARMS).where(ALARMS.c.alarm_id == alarm_id)
    await tx.execute(mine.values(acknowledged_at=tx.now, acknowledged_by=by, acknowledged_why=why))


async def standing(connection: AsyncConnection) -> tuple[int, int]:
    """Return how many alarms stand, and how many of them nobody has acknowledged."""
    counted = await counts(connection)
    return sum(counted.values()), sum(count for (_, seen), count in counted.items() if not seen)


async def counts(connection: AsyncConnection) -> dict[tuple[str, bool], int]:
    """Return how many alarms stand, by what differs and whether somebody has acknowledged them."""
    known = ALARMS.c.acknowledged_at.is_not(None)
    statement = select(ALARMS.c.what, known, func.count()).where(_STANDS).group_by(ALARMS.c.what, known)
    return {(what, bool(seen)): int(count) for what, seen, count in await connection.execute(statement)}


async def page(
    connection: AsyncConnection,
    before: str,
    limit: int,
    *,
    standing: bool | None = None,
    warning_id: str | None = None,
) -> list[Alarm]:
    """Return alarms, newest first; those that stand, those that are over, or all."""
    statement = select(ALARMS)
    if standing is not None:
        statement = statement.where(_STANDS if standing else ALARMS.c.ended_at.is_not(None))
    if warning_id is not None:
        statement = statement.where(ALARMS.c.warning_id == warning_id)
    if before:
        statement = statement.where(ALARMS.c.alarm_id < before)
    ordered = statement.order_by(ALARMS.c.alarm_id.desc()).limit(limit)
    return [_alarm(row) for row in (await connection.execute(ordered)).mappings()]
