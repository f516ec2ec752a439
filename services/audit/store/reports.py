"""What reports are made of: rows folded from the records, as they were when there were so many."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import (
    ColumnElement,
    Select,
    Table,
    Text,
    cast,
    func,
    literal,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model.faces import Aim, Face, Folded
from services.audit.model.observed import Observation
from services.audit.model.online import Seen
from services.audit.model.registered import Contents, Holding
from services.audit.store.books import upsert
from services.audit.store.questions_tables import COMINGS
from services.audit.store.report_tables import AIMS, CHANGES, CONTENTS, FACES, FOLDED, OBSERVATIONS
from services.audit.store.tables import RECORDS
from services.kit.db import Transaction

T = TypeVar("T")

NAME = "reports"
EVERYTHING = 2**62
"""A position behind which nothing is."""

AT_ONCE = 400
"""Terms of one question: SQLite joins no more than 500."""


_SEEN = [getattr(COMINGS.c, name) for name in ("position", "mode", "station", "at", "presence")]


class Kept(NamedTuple):
    """A record as far as folding looks at it."""

    position: int
    leaf: bytes
    payload: bytes | None
    """Compressed; nothing once its details are deleted."""


async def folded_to(connection: AsyncConnection) -> int:
    """Return up to which record the tables are folded."""
    found = select(FOLDED.c.position).where(FOLDED.c.name == NAME)
    return (await connection.execute(found)).scalar() or 0


async def to_fold(
    connection: AsyncConnection, kinds: Sequence[str], after: int, upto: int, limit: int
) -> tuple[list[Kept], int]:
    """Return the next records of these kinds, in order, and up to where there are no others."""
    found: dict[int, Kept] = {}
    for kind in kinds:
        statement = select(RECORDS.c.position, RECORDS.c.leaf, RECORDS.c.payload).where(
            RECORDS.c.kind == kind, RECORDS.c.position > after, RECORDS.c.position <= upto
        )
        ordered = statement.order_by(RECORDS.c.position).limit(limit)
        rows = [Kept(*row) for row in await connection.execute(ordered)]
        found |= {row.position: row for row in rows}
        if len(rows) == limit:
            upto = min(upto, rows[-1].position)
    return [found[position] for position in sorted(found) if position <= upto], upto


async def advance(tx: Transaction, before: int, now: int) -> bool:
    """Note that the tables are folded further; False when somebody else was faster."""
    if before == 0:
        await tx.execute(_first(tx))
    moved = update(FOLDED).where(FOLDED.c.name == NAME, FOLDED.c.position == before)
    return (await tx.execute(moved.values(position=now))).rowcount == 1


def _first(tx: Transaction) -> Any:
    into = postgresql.insert(FOLDED) if tx.postgres else sqlite.insert(FOLDED)
    return into.values(name=NAME, position=0).on_conflict_do_nothing()


async def keep(tx: Transaction, folded: Folded) -> None:
    """Write rows; one that is there already is written again as it is said."""
    for table, rows in tables_of(folded):
        if rows:
            await tx.execute(upsert(tx, table), [row_of(table, row) for row in rows])


def tables_of(folded: Folded) -> list[tuple[Table, Sequence[Any]]]:
    """Return for each table its rows."""
    return [
        (FACES, folded.faces),
        (AIMS, folded.aims),
        (CHANGES, folded.changes),
        (OBSERVATIONS, folded.observations),
    ]


def row_of(table: Table, value: Any) -> dict[str, Any]:
    """Return a value as its row."""
    return {column.name: getattr(value, column.name) for column in table.columns}


async def stretch(connection: AsyncConnection, table: Table, after: int, upto: int) -> list[dict[str, Any]]:
    """Return the rows of a table that records of a stretch said."""
    c = table.c
    statement = select(table).where(c.position > after, c.position <= upto).order_by(*table.primary_key)
    return [dict(row) for row in (await connection.execute(statement)).mappings()]


async def read(connection: AsyncConnection, kind: type[T], statement: Select[Any]) -> list[T]:
    """Return the rows of a question as values of a kind."""
    return [kind(**row) for row in (await connection.execute(statement)).mappings()]


async def faces(connection: AsyncConnection, warning_ids: Collection[str], at: int) -> list[Face]:
    """Return the revisions of warnings in order; of one that was said twice, the first word."""
    wanted = FACES.c.warning_id.in_(warning_ids), FACES.c.position <= at
    statement = select(FACES).where(*wanted).order_by(FACES.c.position.desc())
    found = {(f.warning_id, f.revision): f for f in await read(connection, Face, statement)}
    return [found[key] for key in sorted(found)]


async def begun(
    connection: AsyncConnection, mode: str, first: datetime, last: datetime, at: int
) -> list[str]:
    """Return the warnings that were first issued in a period."""
    f = FACES.c
    statement = _first_issues(mode, at).where(f.said_at >= first, f.said_at < last)
    rows = await connection.execute(statement.order_by(f.said_at, f.warning_id))
    return [row[1] for row in rows]


async def newest(
    connection: AsyncConnection, mode: str, before: tuple[datetime, str] | None, limit: int, at: int
) -> list[tuple[datetime, str]]:
    """Return warnings by their first issue, newest first, each with that moment, behind one of them."""
    f = FACES.c
    statement = _first_issues(mode, at)
    if before is not None:
        statement = statement.where(tuple_(f.said_at, f.warning_id) < before)
    statement = statement.order_by(f.said_at.desc(), f.warning_id.desc()).limit(limit)
    return [(row[0], row[1]) for row in await connection.execute(statement)]


def _first_issues(mode: str, at: int) -> Select[Any]:
    """Return those faces that are the first of their warnings: each is asked, nothing is grouped."""
    f, other = FACES.c, FACES.alias("other")
    mine = other.c.warning_id == f.warning_id, other.c.mode == mode, other.c.position <= at
    first = select(other.c.position).where(*mine).order_by(other.c.said_at, other.c.position).limit(1)
    known = select(f.said_at, f.warning_id).where(f.mode == mode, f.position <= at)
    return known.where(f.position == first.correlate(FACES).scalar_subquery())


async def months(connection: AsyncConnection) -> tuple[datetime, datetime] | None:
    """Return when the first and the last live warning went out, None before there was one."""
    said = FACES.c.said_at
    statement = select(func.min(said), func.max(said)).where(FACES.c.mode == "live")
    first, last = (await connection.execute(statement)).one()
    return (first, last) if first is not None else None


async def aims(connection: AsyncConnection, warning_ids: Collection[str], at: int) -> list[Aim]:
    """Return where the plans of warnings were aimed; of one that was made twice, the first."""
    wanted = AIMS.c.warning_id.in_(warning_ids), AIMS.c.position <= at
    statement = select(AIMS).where(*wanted).order_by(AIMS.c.position.desc())
    found = {(a.warning_id, a.revision): a for a in await read(connection, Aim, statement)}
    return [found[key] for key in sorted(found)]


async def said_of(
    connection: AsyncConnection, warning_ids: Collection[str], mode: str, at: int
) -> list[Observation]:
    """Return everything that was said afterwards of warnings, oldest first; no drill speaks of a live one."""
    c = OBSERVATIONS.c
    wanted = c.warning_id.in_(warning_ids), c.mode == mode, c.position <= at
    return await read(connection, Observation, _in_order(select(OBSERVATIONS).where(*wanted)))


async def said(connection: AsyncConnection, what: str, mode: str, at: int) -> list[Observation]:
    """Return everything that was said of missed events, or of figures, in earnest or in drills."""
    c = OBSERVATIONS.c
    statement = select(OBSERVATIONS).where(c.what == what, c.mode == mode, c.position <= at)
    return await read(connection, Observation, _in_order(statement))


def _in_order(statement: Select[Any]) -> Select[Any]:
    return statement.order_by(OBSERVATIONS.c.position, OBSERVATIONS.c.part)


async def holdings(
    connection: AsyncConnection, at: int, towns: Collection[str] | None = None
) -> list[Holding]:
    """Return what the registry held of some towns, or of all, at all times, as far as it could be opened."""
    if towns is None:
        return await _holdings(connection, at)
    mine = select(CONTENTS.c.village).where(CONTENTS.c.town.in_(towns))
    return await _holdings(connection, at, CHANGES.c.village.in_(mine))


async def holdings_of(connection: AsyncConnection, station: str) -> list[Holding]:
    """Return every version of the blocks that ever named a station."""
    h, c = CHANGES.c, CONTENTS.c
    naming = cast(c.stations, Text).contains(f'"{station}"', autoescape=True)
    blocks = select(h.block).join_from(CHANGES, CONTENTS, h.sha256 == c.sha256).where(naming)
    return await _holdings(connection, EVERYTHING, h.block.in_(blocks))


async def _holdings(connection: AsyncConnection, at: int, *wanted: ColumnElement[bool]) -> list[Holding]:
    h, c = CHANGES.c, CONTENTS.c
    names = func.coalesce(c.town, h.village), func.coalesce(c.name, "")
    statement = (
        select(h.position, h.at, h.block, h.village, names[0], names[1], h.gone, c.stations, c.recipients)
        .join_from(CHANGES, CONTENTS, (h.sha256 == c.sha256) & h.gone.is_(False), isouter=True)
        .where(h.position <= at, (h.gone.is_(True)) | (c.sha256.is_not(None)), *wanted)
    )
    rows = await connection.execute(statement.order_by(h.position))
    return [Holding(*row[:7], row[7] or {}, row[8] or 0) for row in rows]


async def keep_contents(tx: Transaction, found: Iterable[Contents]) -> None:
    """Note what blocks hold, by their addresses."""
    rows = {one.sha256: row_of(CONTENTS, one) for one in found}
    if rows:
        await tx.execute(upsert(tx, CONTENTS), list(rows.values()))


async def presences(
    connection: AsyncConnection, mode: str, first: datetime, last: datetime, at: int
) -> list[Seen]:
    """Return every change of presence in a period."""
    c = COMINGS.c
    wanted = c.mode == mode, c.at >= first, c.at < last, c.position <= at
    return await read(connection, Seen, select(*_SEEN).where(*wanted))


async def stations_seen(connection: AsyncConnection) -> list[str]:
    """Return every station of which anything was ever seen: the index is asked for one after the other."""
    c, smallest = COMINGS.c, func.min(COMINGS.c.station)
    known = select(smallest.label("station")).cte("known", recursive=True)
    after = select(smallest).where(c.station > known.c.station).scalar_subquery()
    known = known.union_all(select(after).where(known.c.station.is_not(None)))
    found = await connection.execute(select(known.c.station).where(known.c.station.is_not(None)))
    return list(found.scalars())


async def presences_before(
    connection: AsyncConnection, mode: str, stations: Sequence[str], first: datetime, at: int
) -> list[Seen]:
    """Return how each of these stations was when a period began; nothing of those never seen before it."""
    found: list[Seen] = []
    for start in range(0, len(stations), AT_ONCE):
        some = stations[start : start + AT_ONCE]
        asked = union_all(*(select(literal(code).label("station")) for code in some)).subquery()
        p = COMINGS.alias("p")
        before = (
            select(p.c.position)
            .where(p.c.station == asked.c.station, p.c.mode == mode, p.c.at < first, p.c.position <= at)
            .order_by(p.c.at.desc(), p.c.position.desc())
            .limit(1)
            .scalar_subquery()
        )
        last = select(asked.c.station, before.label("position")).select_from(asked).subquery()
        c = COMINGS.c
        same = (c.station == last.c.station) & (c.mode == mode) & (c.position == last.c.position)
        statement = select(*_SEEN).join(last, same)
        found += await read(connection, Seen, statement)
    return found


async def last_said(connection: AsyncConnection, at: int) -> int:
    """Return the last record up to here that says anything of the weather."""
    statement = select(func.coalesce(func.max(OBSERVATIONS.c.position), 0))
    return int((await connection.execute(statement.where(OBSERVATIONS.c.position <= at))).scalar_one())
