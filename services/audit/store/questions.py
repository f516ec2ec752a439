"""What is asked of the ledger and the books, each question by an index."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import Select, case, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.outcome import Column
from services.audit.store.tables import DELIVERIES, HEADS, PLACES, PLANS, RECORDS, REVISIONS, TARGETS
from services.kit.db import Database
from services.kit.masking import masked

Record = Mapping[str, Any]
Sums = dict[tuple[str, int], dict[str, tuple[dict[Column, int], int, int]]]
"""For each revision and channel: the columns, how many deliveries, how many of them silent."""


@asynccontextmanager
async def snapshot(db: Database) -> AsyncIterator[AsyncConnection]:
    """Open a connection on which every query sees the same moment."""
    async with db.read() as connection:
        if not db.sqlite:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection
            return
        await connection.exec_driver_sql("BEGIN")
        try:
            yield connection
        finally:
            await _end(connection)


async def _end(connection: AsyncConnection) -> None:
    """Let the moment go; a connection that cannot is not used again."""
    try:
        await connection.exec_driver_sql("ROLLBACK")
    except BaseException:
        await connection.invalidate()
        raise


async def newest_warnings(
    connection: AsyncConnection, before: tuple[datetime, str] | None, mode: str | None, limit: int
) -> list[tuple[datetime, str]]:
    """Return warnings by their first publication, newest first, each with that moment.

    It walks an index from its end until it has enough: each revision there is asked whether it is the first.
    """
    r, other = REVISIONS.c, REVISIONS.alias("other")
    firsts = select(other.c.revision).where(other.c.warning_id == r.warning_id)
    statement = select(r.heard_at, r.warning_id)
    if mode:
        statement, firsts = statement.where(r.mode == mode), firsts.where(other.c.mode == mode)
    first = firsts.order_by(other.c.heard_at, other.c.revision).limit(1).correlate(REVISIONS)
    statement = statement.where(r.revision == first.scalar_subquery())
    if before is not None:
        statement = statement.where(tuple_(r.heard_at, r.warning_id) < before)
    statement = statement.order_by(r.heard_at.desc(), r.warning_id.desc()).limit(limit)
    return [(row[0], row[1]) for row in await connection.execute(statement)]


async def sums(connection: AsyncConnection, warning_ids: Sequence[str]) -> Sums:
    """Return what the deliveries of warnings add up to."""
    d = DELIVERIES.c
    columns = [func.sum(getattr(d, column.value)) for column in Column]
    silent = func.sum(case((d.report == 0, 1), else_=0))
    statement = (
        select(d.warning_id, d.revision, d.channel, func.count(), silent, *columns)
        .where(d.warning_id.in_(warning_ids))
        .group_by(d.warning_id, d.revision, d.channel)
    )
    found: Sums = {}
    for warning_id, revision, channel, count, quiet, *counts in await connection.execute(statement):
        line = {column: int(value) for column, value in zip(Column, counts, strict=True)}
        found.setdefault((warning_id, revision), {})[channel] = (line, int(count), int(quiet))
    return found


def targets_of(warning_id: str, channel: str) -> Select[Any]:
    """Select the named targets of a warning on one channel, all revisions."""
    place = TARGETS.c
    return select(TARGETS).where(place.warning_id == warning_id, place.channel == channel)


def stations_of(warning_ids: Collection[str], channel: str) -> Select[Any]:
    """Select the named targets of some warnings on one channel, all revisions."""
    return select(TARGETS).where(TARGETS.c.warning_id.in_(warning_ids), TARGETS.c.channel == channel)


def told(target: str, channel: str, mode: str, first: datetime, last: datetime) -> Select[Any]:
    """Select what one target was told in a period: first the period's revisions, then the target in each."""
    t = TARGETS.c
    return select(TARGETS).where(t.target == target, t.channel == channel, *_told_of(mode, first, last))


def revisions_told(target: str, channel: str, mode: str, first: datetime, last: datetime) -> Select[Any]:
    """Select the revisions of a period that one target was told."""
    t = TARGETS.c
    return select(REVISIONS).where(t.target == target, t.channel == channel, *_told_of(mode, first, last))


def _told_of(mode: str, first: datetime, last: datetime) -> list[Any]:
    r, t = REVISIONS.c, TARGETS.c
    same = (t.warning_id == r.warning_id, t.revision == r.revision)
    return [*same, r.mode == mode, r.said_at >= first, r.said_at < last]


async def heard(connection: AsyncConnection, warning_ids: Collection[str]) -> set[tuple[str, int]]:
    """Return the revisions of these warnings of which the ledger has heard."""
    r = REVISIONS.c
    statement = select(r.warning_id, r.revision).where(r.warning_id.in_(list(warning_ids)))
    return {(row.warning_id, row.revision) for row in await connection.execute(statement)}


async def known_warning(connection: AsyncConnection, warning_id: str) -> list[str]:
    """Return the warning when anything is known of it, nothing otherwise."""
    for table in (REVISIONS, PLANS, DELIVERIES):
        found = select(table.c.warning_id).where(table.c.warning_id == warning_id).limit(1)
        if (await connection.execute(found)).first():
            return [warning_id]
    return []


async def records(
    connection: AsyncConnection, after: int, limit: int, **where: str | int | None
) -> list[Record]:
    """Return records beyond a position, in order, of the columns that are named."""
    statement = select(RECORDS).where(RECORDS.c.position > after)
    for name, value in where.items():
        if value is not None:
            statement = statement.where(RECORDS.c[name] == value)
    found = await connection.execute(statement.order_by(RECORDS.c.position).limit(limit))
    return [dict(row) for row in found.mappings()]


async def record(connection: AsyncConnection, position: int) -> Record | None:
    """Return one record, None when there is none at this position."""
    found = await connection.execute(select(RECORDS).where(RECORDS.c.position == position))
    row = found.mappings().one_or_none()
    return dict(row) if row else None


async def names(connection: AsyncConnection, codes: Collection[str]) -> dict[str, str]:
    """Return the names of places, masked: of a village with its town's."""
    town = PLACES.alias()
    statement = (
        select(PLACES.c.code, PLACES.c.name, town.c.name)
        .join_from(PLACES, town, PLACES.c.town == town.c.code, isouter=True)
        .where(PLACES.c.code.in_(codes))
    )
    return {
        code: masked(f"{above}{name}" if above and not name.startswith(above) else name)
        for code, name, above in await connection.execute(statement)
    }


async def head_of(connection: AsyncConnection, size: int) -> Record | None:
    """Return the signed head over exactly so many records."""
    found = await connection.execute(select(HEADS).where(HEADS.c.size == size))
    row = found.mappings().one_or_none()
    return dict(row) if row else None
