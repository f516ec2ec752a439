"""The books in tables: rows fetched before messages are folded in, and kept after."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, fields
from typing import Any, TypeVar

from sqlalchemy import Select, Table, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model.amended import Amendment
from services.audit.model.books import Books, Needs, Row, Shelf
from services.audit.model.deliveries import Delivery, Target
from services.audit.model.places import Named
from services.audit.model.rows import Ending, Line, Plan, Revision
from services.audit.store.amendment_tables import AMENDMENTS
from services.audit.store.tables import (
    DELIVERIES,
    ENDINGS,
    PLACES,
    PLANS,
    REVISIONS,
    TARGETS,
)
from services.kit.db import Transaction

R = TypeVar("R", bound=Row)

_OF_A_PLAN = ("warning_id", "revision")

AT_ONCE = 500
"""Keys in one query: far below what either database takes."""


def upsert(tx: Transaction, table: Table) -> Any:
    """Return an insert that replaces the row of the same key."""
    into = postgresql.insert(table) if tx.postgres else sqlite.insert(table)
    keys = [column.name for column in table.primary_key.columns]
    rest = {c.name: into.excluded[c.name] for c in table.columns if c.name not in keys}
    return into.on_conflict_do_update(index_elements=keys, set_=rest)


async def fetch(tx: Transaction, wanted: Needs) -> Books:
    """Return the books with every row that may change."""
    return Books(
        revisions=Shelf(await _by_key(tx, REVISIONS, Revision, wanted.revisions)),
        endings=Shelf(await _by_key(tx, ENDINGS, Ending, wanted.endings)),
        plans=Shelf(await _by_key(tx, PLANS, Plan, wanted.plans)),
        deliveries=Shelf(await _by_key(tx, DELIVERIES, Delivery, {(d,) for d in wanted.deliveries})),
        targets=Shelf(await _by_key(tx, TARGETS, Target, wanted.targets)),
        amendments=Shelf(await _by_key(tx, AMENDMENTS, Amendment, wanted.plans, _OF_A_PLAN)),
    )


async def keep(tx: Transaction, books: Books) -> None:
    """Write what has changed."""
    await _keep(tx, REVISIONS, books.revisions.news())
    await _keep(tx, ENDINGS, books.endings.news())
    await _keep(tx, PLANS, books.plans.news())
    await _keep(tx, DELIVERIES, books.deliveries.news())
    await _keep(tx, TARGETS, books.targets.news())
    await _keep(tx, AMENDMENTS, books.amendments.news())


async def keep_names(tx: Transaction, names: Iterable[Named]) -> None:
    """Write the names of places; the newest name counts."""
    rows = {named.code: asdict(named) for named in names}
    if rows:
        await tx.execute(upsert(tx, PLACES), list(rows.values()))


async def headings(connection: AsyncConnection, warning_ids: Sequence[str]) -> Books:
    """Return the revisions, endings and plans of some warnings, and nothing that grows with the targets."""
    return Books(
        revisions=Shelf(await _rows(connection, _of(REVISIONS, warning_ids), Revision)),
        endings=Shelf(await _rows(connection, _of(ENDINGS, warning_ids), Ending)),
        plans=Shelf(await _rows(connection, _of(PLANS, warning_ids), Plan)),
    )


async def whole(connection: AsyncConnection, warning_ids: Sequence[str]) -> Books:
    """Return the books of some warnings with every amendment, delivery and named target."""
    found = await headings(connection, warning_ids)
    found.deliveries = Shelf(await _rows(connection, _of(DELIVERIES, warning_ids), Delivery))
    found.targets = Shelf(await _rows(connection, _of(TARGETS, warning_ids), Target))
    found.amendments = Shelf(await _rows(connection, _of(AMENDMENTS, warning_ids), Amendment))
    return found


def _of(table: Table, warning_ids: Sequence[str]) -> Select[Any]:
    return select(table).where(table.c.warning_id.in_(warning_ids))


async def rows(connection: AsyncConnection, statement: Select[Any], kind: type[R]) -> list[R]:
    """Return the rows of a query as values of a kind."""
    return await _rows(connection, statement, kind)


async def _by_key(
    tx: Transaction,
    table: Table,
    kind: type[R],
    keys: Collection[tuple[Any, ...]],
    names: Sequence[str] = (),
) -> list[R]:
    """Return the rows of some keys, or of the first parts of keys that are named."""
    columns = tuple_(*(table.c[name] for name in names or table.primary_key.columns.keys()))
    ordered, found = sorted(keys), []
    for start in range(0, len(ordered), AT_ONCE):
        chosen = select(table).where(columns.in_(ordered[start : start + AT_ONCE]))
        found += await _rows(tx.connection, chosen, kind)
    return found


async def _rows(connection: AsyncConnection, statement: Select[Any], kind: type[R]) -> list[R]:
    return [_value(kind, dict(row)) for row in (await connection.execute(statement)).mappings()]


def _value(kind: type[R], row: dict[str, Any]) -> R:
    if kind in (Plan, Amendment):
        row["lines"] = _lines(row["lines"])
    return kind(**row)


def _lines(said: Any) -> dict[str, Line]:
    """Return the lines of a plan; none when somebody has spoilt them, so that the plan is found to differ."""
    try:
        return {channel: Line(**line) for channel, line in said.items()}
    except (TypeError, AttributeError):
        return {}


async def _keep(tx: Transaction, table: Table, values: Sequence[Any]) -> None:
    if values:
        await tx.execute(upsert(tx, table), [_row(value) for value in values])


def _row(value: Any) -> dict[str, Any]:
    row = {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, Plan | Amendment):
        row["lines"] = {channel: asdict(line) for channel, line in value.lines.items()}
    return row
