"""Queries over imports: what a file said, before any of it is taken over."""

from collections.abc import Sequence
from typing import Any

import orjson
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from services.kit.db import Transaction
from services.kit.errors import Fault, NotFound, Refused
from services.registry.model.imports import MOVES, Import, State
from services.registry.store.queries import CHUNK, key_of, valid
from services.registry.store.rows import BY_KIND
from services.registry.store.tables import FAULTS, IMPORTS, STAGED


async def begin(tx: Transaction, made: Import) -> bool:
    """Write an import; return whether it is new: of two with one name the first one stays."""
    into = postgresql.insert(IMPORTS) if tx.postgres else sqlite.insert(IMPORTS)
    written = await tx.execute(into.values(vars(made)).on_conflict_do_nothing(index_elements=["import_id"]))
    return bool(written.rowcount)


async def get(connection: AsyncConnection, import_id: str) -> Import:
    """Return one import; raise NotFound."""
    statement = select(IMPORTS).where(IMPORTS.c.import_id == import_id)
    row = (await connection.execute(statement)).mappings().one_or_none()
    if row is None:
        raise NotFound("there is no such import")
    return _import(row)


async def latest(connection: AsyncConnection, limit: int) -> list[Import]:
    """Return the newest imports."""
    statement = select(IMPORTS).order_by(IMPORTS.c.begun_at.desc()).limit(limit)
    return [_import(row) for row in (await connection.execute(statement)).mappings()]


async def in_state(connection: AsyncConnection, *states: State) -> list[Import]:
    """Return the imports in these states."""
    statement = select(IMPORTS).where(IMPORTS.c.state.in_(states))
    return [_import(row) for row in (await connection.execute(statement)).mappings()]


async def note(tx: Transaction, import_id: str, **values: Any) -> None:
    """Note how far an import has come."""
    statement = update(IMPORTS).where(IMPORTS.c.import_id == import_id)
    await tx.execute(statement.values(touched_at=tx.now, **values))


async def move(tx: Transaction, import_id: str, to: State, **values: Any) -> None:
    """Bring an import into another state; raise Refused when it is in none that leads there."""
    sources = [state for state, targets in MOVES.items() if to in targets]
    mine = (IMPORTS.c.import_id == import_id) & IMPORTS.c.state.in_(sources)
    moved = await tx.execute(update(IMPORTS).where(mine).values(state=to, touched_at=tx.now, **values))
    if moved.rowcount != 1:
        raise Refused("this import is decided already, or is being worked on", mend="read its page again")


async def stage(tx: Transaction, import_id: str, rows: Sequence[dict[str, Any]]) -> None:
    """Keep rows that are right so far."""
    if rows:
        await tx.execute(STAGED.insert(), [{"import_id": import_id, **row} for row in rows])


async def blame(tx: Transaction, import_id: str, first: int, faults: Sequence[tuple[int, Fault]]) -> None:
    """Keep what is wrong with a file."""
    rows = [
        {
            "import_id": import_id,
            "number": number,
            "line": line,
            "field": fault.field[:60],
            "why": fault.why[:300],
            "mend": fault.mend[:200],
        }
        for number, (line, fault) in enumerate(faults, start=first)
    ]
    if rows:
        await tx.execute(FAULTS.insert(), rows)


async def faults(
    connection: AsyncConnection, import_id: str, after: int, limit: int
) -> Sequence[tuple[int, int, str, str, str]]:
    """Return number, line, field, reason and mend of bad rows, in the order in which they were found."""
    columns = (FAULTS.c.number, FAULTS.c.line, FAULTS.c.field, FAULTS.c.why, FAULTS.c.mend)
    mine = (FAULTS.c.import_id == import_id) & (FAULTS.c.number > after)
    statement = select(*columns).where(mine).order_by(FAULTS.c.number).limit(limit)
    return [tuple(row) for row in await connection.execute(statement)]


async def repeated(connection: AsyncConnection, import_id: str, column: str) -> Sequence[tuple[int, int]]:
    """Return every line that repeats another one by key or twin, with the line that it repeats."""
    name = STAGED.c[column]
    several = (
        select(name.label("name"), func.min(STAGED.c.line).label("first"))
        .where(STAGED.c.import_id == import_id, name.is_not(None))
        .group_by(name)
        .having(func.count() > 1)
        .subquery()
    )
    statement = (
        select(STAGED.c.line, several.c.first)
        .join(several, several.c.name == name)
        .where(STAGED.c.import_id == import_id, STAGED.c.line > several.c.first)
        .order_by(STAGED.c.line)
    )
    return [(line, first) for line, first in await connection.execute(statement)]


async def staged(
    connection: AsyncConnection, import_id: str, after: str, limit: int
) -> list[tuple[int, str, dict[str, Any]]]:
    """Return line, key and row of what is staged, in the order of keys."""
    mine = (STAGED.c.import_id == import_id) & (STAGED.c.key > after)
    statement = (
        select(STAGED.c.line, STAGED.c.key, STAGED.c.row).where(mine).order_by(STAGED.c.key).limit(limit)
    )
    return [(line, key, orjson.loads(row)) for line, key, row in await connection.execute(statement)]


async def names(
    connection: AsyncConnection, kind: str, day: str, among: Sequence[str] | None = None
) -> set[str]:
    """Return the names of the rows of a kind that are not over, all or those among some."""
    table = BY_KIND[kind]
    key, found = key_of(table), set()
    standing = select(key).where(table.c.valid_to.is_(None) | (table.c.valid_to > day))
    if among is None:
        return set((await connection.execute(standing)).scalars())
    for start in range(0, len(among), CHUNK):
        part = standing.where(key.in_(among[start : start + CHUNK]))
        found |= set((await connection.execute(part)).scalars())
    return found


ALIKE = ("village_code", "role", "name")
"""With the phone: by these two rows are the same person."""


async def same_phones(
    connection: AsyncConnection, day: str, hashes: Sequence[str]
) -> dict[tuple[str, ...], list[str]]:
    """Return the valid people with one of these phones, by phone and by what else makes somebody the same."""
    table = BY_KIND["recipients"]
    columns = (table.c.phone_hash, *(table.c[name] for name in ALIKE), table.c.recipient_id)
    found: dict[tuple[str, ...], list[str]] = {}
    for start in range(0, len(hashes), CHUNK):
        mine = table.c.phone_hash.in_(hashes[start : start + CHUNK])
        for *same, name in await connection.execute(select(*columns).where(mine, valid(table, day))):
            found.setdefault(tuple(same), []).append(name)
    return found


async def staged_names(connection: AsyncConnection, import_id: str, among: Sequence[str]) -> set[str]:
    """Return which of these names the file itself brings."""
    found: set[str] = set()
    for start in range(0, len(among), CHUNK):
        mine = (STAGED.c.import_id == import_id) & STAGED.c.key.in_(among[start : start + CHUNK])
        found |= set((await connection.execute(select(STAGED.c.key).where(mine))).scalars())
    return found


def absent(kind: str, import_id: str, day: str) -> Any:
    """Return the statement of the valid rows of a kind that a file does not bring."""
    table = BY_KIND[kind]
    mine = (STAGED.c.import_id == import_id) & (STAGED.c.key == key_of(table))
    return select(table).where(valid(table, day), ~select(STAGED.c.key).where(mine).exists())


async def count_absent(connection: AsyncConnection, kind: str, import_id: str, day: str) -> int:
    """Return how many valid rows a file does not bring."""
    statement = select(func.count()).select_from(absent(kind, import_id, day).subquery())
    return int((await connection.execute(statement)).scalar_one())


async def forget(tx: Transaction, import_id: str) -> None:
    """Delete what was staged; the import and its faults stay."""
    await tx.execute(delete(STAGED).where(STAGED.c.import_id == import_id))


def _import(row: Any) -> Import:
    return Import(**{**row, "state": State(row["state"])})
