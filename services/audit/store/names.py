"""What places were called when the ledger had so many records: reports of a position are drawn with it."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model.places import Named
from services.audit.store.report_tables import NAMES
from services.audit.store.tables import RECORDS
from services.kit.db import Transaction
from services.kit.masking import masked

AT_ONCE = 500
_Name = tuple[str, str | None]
"""A name, and the code of the town in which the place lies."""


async def positions(tx: Transaction, after: int) -> dict[int, int]:
    """Return the positions of the newest records by their sequence in the stream."""
    c = RECORDS.c
    rows = await tx.execute(select(c.sequence, c.position).where(c.position > after))
    return {row.sequence: row.position for row in rows}


async def keep(tx: Transaction, said: Iterable[tuple[int, Named]]) -> None:
    """Write what places are called from a record on; a name that stays is not written again."""
    ordered = sorted(said, key=lambda pair: pair[0])
    last = await _names(tx.connection, sorted({named.code for _, named in ordered}), None)
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    for position, named in ordered:
        if last.get(named.code) != (named.name, named.town):
            last[named.code] = named.name, named.town
            rows[named.code, position] = {**vars(named), "position": position}
    if rows:
        into = postgresql.insert(NAMES) if tx.postgres else sqlite.insert(NAMES)
        await tx.execute(into.on_conflict_do_nothing(), list(rows.values()))


async def at(connection: AsyncConnection, codes: Collection[str], position: int) -> dict[str, str]:
    """Return what places were called then, masked: a village with its town's name."""
    found = await _names(connection, sorted(codes), position)
    towns = await _names(connection, sorted({town for _, town in found.values() if town}), position)
    names = {}
    for code, (name, town) in found.items():
        above = towns[town][0] if town in towns else ""
        names[code] = masked(name if name.startswith(above) else f"{above}{name}")
    return names


async def _names(connection: AsyncConnection, codes: Sequence[str], position: int | None) -> dict[str, _Name]:
    c = NAMES.c
    found: dict[str, _Name] = {}
    for start in range(0, len(codes), AT_ONCE):
        statement = select(c.code, c.name, c.town).where(c.code.in_(codes[start : start + AT_ONCE]))
        if position is not None:
            statement = statement.where(c.position <= position)
        found |= {
            row[0]: (row[1], row[2]) for row in await connection.execute(statement.order_by(c.position))
        }
    return found
