"""What is read to count derived tables anew: by positions of records, by days, by segments of words."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Table, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model.carried import Sum
from services.audit.model.faces import KINDS
from services.audit.model.rows import Ending, EndingKey
from services.audit.store.books import AT_ONCE
from services.audit.store.folding import sum_of
from services.audit.store.keeping import EMPTIED
from services.audit.store.questions_tables import ACTS, CARRIED, CARRIED_DAYS, COMINGS
from services.audit.store.report_tables import AIMS, CHANGES, FACES, OBSERVATIONS
from services.audit.store.tables import (
    DELIVERIES,
    ENDINGS,
    PLANS,
    RECORDS,
    REVISIONS,
    TARGETS,
)
from services.audit.store.words_tables import SEGMENTS, WORDS

Row = dict[str, Any]
Key = tuple[Any, ...]

SEEN = "station.seen"
ENDING_KINDS = ("warning.issued", "warning.updated", "warning.cancelled")
"""Messages that may end another warning."""
BY_POSITION = (ACTS, COMINGS, FACES, AIMS, CHANGES, OBSERVATIONS)
"""Each row is what one record says, and bears its position."""

AFTER_ALL = 2**62


class Said(NamedTuple):
    """A record as far as folding looks at it."""

    position: int
    kind: str
    mode: str | None
    leaf: bytes
    payload: bytes | None


async def records(connection: AsyncConnection, first: int, last: int) -> list[Said]:
    """Return the records of a stretch of which such rows are made."""
    r = RECORDS.c
    of_ours = or_(r.kind.like("warning.%"), r.kind.in_([*KINDS, SEEN]))
    statement = select(r.position, r.kind, r.mode, r.leaf, r.payload)
    statement = statement.where(r.position >= first, r.position <= last, of_ours)
    return [Said(*row) for row in await connection.execute(statement.order_by(r.position))]


async def rows(connection: AsyncConnection, table: Table, first: int, last: int) -> dict[Key, Row]:
    """Return the rows of a table that records of a stretch said, by key."""
    c, keys = table.c.position, [column.name for column in table.primary_key.columns]
    found = (await connection.execute(select(table).where(c >= first, c <= last))).mappings()
    return {tuple(row[name] for name in keys): dict(row) for row in found}


async def emptied_later(connection: AsyncConnection, row: Row) -> bool:
    """Tell whether a station came or went later by a record that is deleted too."""
    c = COMINGS.c
    later = (c.at > row["at"]) | ((c.at == row["at"]) & (c.position > row["position"]))
    same = (c.station == row["station"]) & (c.mode == row["mode"]) & later
    joined = select(c.position).join(RECORDS, RECORDS.c.position == c.position)
    statement = joined.where(same, RECORDS.c.payload == EMPTIED).limit(1)
    return (await connection.execute(statement)).first() is not None


async def carried(connection: AsyncConnection, warning_ids: Collection[str]) -> dict[Key, tuple[str, Sum]]:
    """Return what gateways carried of some warnings: mode and sums, by key."""
    statement = select(CARRIED).where(CARRIED.c.warning_id.in_(warning_ids))
    keys = [column.name for column in CARRIED.primary_key.columns]
    found = (await connection.execute(statement)).mappings()
    return {tuple(row[name] for name in keys): (row["mode"], _sum(dict(row))) for row in found}


async def days(connection: AsyncConnection, after: str, limit: int) -> list[str]:
    """Return the next days on which anything was carried."""
    some = [select(t.c.day).where(t.c.day > after).distinct() for t in (CARRIED, CARRIED_DAYS)]
    every = some[0].union(some[1]).subquery()
    statement = select(every.c.day).order_by(every.c.day).limit(limit)
    return list((await connection.execute(statement)).scalars())


async def of_day(connection: AsyncConnection, day: str) -> tuple[list[tuple[Key, Sum]], dict[Key, Sum]]:
    """Return the sums of a day, revision by revision, and as they are kept of the whole day."""
    names = [column.name for column in CARRIED_DAYS.primary_key.columns]
    found = []
    for table in (CARRIED, CARRIED_DAYS):
        rows = (await connection.execute(select(table).where(table.c.day == day))).mappings()
        found.append([(tuple(row[name] for name in names), _sum(dict(row))) for row in rows])
    return found[0], dict(found[1])


async def next_warnings(connection: AsyncConnection, after: str, limit: int) -> list[str]:
    """Return the next warnings that anything names, by id; each one is found by its index."""
    found: list[str] = []
    tables = (RECORDS, REVISIONS, PLANS, ENDINGS, DELIVERIES, TARGETS, CARRIED)
    while len(found) < limit:
        nearest = []
        for table in tables:
            statement = select(func.min(table.c.warning_id)).where(table.c.warning_id > after)
            nearest.append((await connection.execute(statement)).scalar_one())
        known = [one for one in nearest if one is not None]
        if not known:
            break
        after = min(known)
        found.append(after)
    return found


async def weight(connection: AsyncConnection, warning_id: str, most: int) -> int:
    """Return of how many records a warning is made, up to so many."""
    some = select(RECORDS.c.position).where(RECORDS.c.warning_id == warning_id).limit(most).subquery()
    return int((await connection.execute(select(func.count()).select_from(some))).scalar_one())


async def said_at(connection: AsyncConnection, warning_id: str | None, at: datetime) -> list[Said]:
    """Return the messages of a warning that speak of one moment, or of all warnings."""
    r = RECORDS.c
    statement = select(r.position, r.kind, r.mode, r.leaf, r.payload).where(r.event_at == at)
    if warning_id is not None:
        statement = statement.where(r.warning_id == warning_id)
    else:
        statement = statement.where(r.kind.in_(ENDING_KINDS))
    return [Said(*row) for row in await connection.execute(statement)]


async def endings(connection: AsyncConnection, warning_ids: Collection[str]) -> dict[EndingKey, Ending]:
    """Return what ended some warnings."""
    found: dict[EndingKey, Ending] = {}
    ordered = sorted(warning_ids)
    for start in range(0, len(ordered), AT_ONCE):
        some = select(ENDINGS).where(ENDINGS.c.warning_id.in_(ordered[start : start + AT_ONCE]))
        rows = (await connection.execute(some)).mappings()
        found |= {one.key: one for one in (Ending(**row) for row in rows)}
    return found


async def any_emptied_of(connection: AsyncConnection, warning_id: str) -> bool:
    """Tell whether any record of a warning was deleted."""
    r = RECORDS.c
    statement = select(r.position).where(r.warning_id == warning_id, r.payload == EMPTIED).limit(1)
    return (await connection.execute(statement)).first() is not None


async def segments(connection: AsyncConnection, first: int, last: int) -> list[Row]:
    """Return the segments of words that reach into a stretch."""
    s = SEGMENTS.c
    statement = select(SEGMENTS).where(s.last >= first, s.first <= last).order_by(s.first, s.segment)
    return [dict(row) for row in (await connection.execute(statement)).mappings()]


async def was_emptied(connection: AsyncConnection, span: tuple[int, int], **wanted: Any) -> bool:
    """Tell whether a record between two positions is deleted that has these columns."""
    r = RECORDS.c
    there = (r.position >= span[0], r.position <= span[1], r.payload == EMPTIED)
    mine = [r[name] == value for name, value in wanted.items()]
    return (await connection.execute(select(r.position).where(*there, *mine).limit(1))).first() is not None


async def words(connection: AsyncConnection, segment: int) -> dict[bytes, bytes]:
    """Return the tokens of a segment with their positions."""
    statement = select(WORDS.c.token, WORDS.c.positions).where(WORDS.c.segment == segment)
    return {bytes(token): bytes(cells) for token, cells in await connection.execute(statement)}


async def strange_words(connection: AsyncConnection) -> list[int]:
    """Return the numbers of segments that only the words name."""
    statement = select(WORDS.c.segment).distinct().where(WORDS.c.segment.not_in(select(SEGMENTS.c.segment)))
    return list((await connection.execute(statement)).scalars())


async def times_at(connection: AsyncConnection, positions: Sequence[int]) -> dict[int, Any]:
    """Return when records were recorded."""
    found: dict[int, Any] = {}
    for start in range(0, len(positions), AT_ONCE):
        some = RECORDS.c.position.in_(positions[start : start + AT_ONCE])
        statement = select(RECORDS.c.position, RECORDS.c.recorded_at).where(some)
        found |= {row[0]: row[1] for row in await connection.execute(statement)}
    return found


def _sum(row: Row) -> Sum:
    """Return the sums of a row; no waits where somebody has spoilt them, so that it is found to differ."""
    spans = row["spans"]
    if not isinstance(spans, dict) or not all(isinstance(span, dict) for span in spans.values()):
        return sum_of({**row, "spans": {}})
    return sum_of(row)
