"""What a walk through the whole ledger reads."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model.merkle import TILE_LEVELS, Subtree
from services.audit.model.rows import Ending, EndingKey
from services.audit.store.keeping_tables import PROPOSALS, TARGET_COUNTS
from services.audit.store.ledger import unpacked
from services.audit.store.questions_tables import CARRIED
from services.audit.store.tables import (
    DELIVERIES,
    ENDINGS,
    EPOCHS,
    GAPS,
    HEADS,
    NODES,
    PLANS,
    RECORDS,
    REVISIONS,
    TARGETS,
)
from services.audit.store.tree import Broken

Row = Mapping[str, Any]
AT_ONCE = 1_000
MOST = 2**62
"""No record is beyond this; a forged list may say what it likes."""


async def records(connection: AsyncConnection, after: int, most: int | None = None) -> AsyncIterator[Row]:
    """Yield records beyond a position, in order, all of them or so many."""
    left = most
    while left is None or left > 0:
        limit = AT_ONCE if left is None else min(AT_ONCE, left)
        statement = select(RECORDS).where(RECORDS.c.position > after).order_by(RECORDS.c.position)
        rows = [dict(row) for row in (await connection.execute(statement.limit(limit))).mappings()]
        for row in rows:
            yield row
        if len(rows) < limit:
            return
        after, left = rows[-1]["position"], None if left is None else left - len(rows)


def payload_of(row: Row) -> bytes | None:
    """Return the payload of a record, None when it cannot be unpacked."""
    try:
        return unpacked(bytes(row["payload"]))
    except Broken:
        return None


async def nodes(connection: AsyncConnection, wanted: Collection[Subtree]) -> dict[Subtree, bytes]:
    """Return what is kept of some hashes of the tree."""
    n = NODES.c
    found: dict[Subtree, bytes] = {}
    for level in {one.level for one in wanted}:
        places = [one.index for one in wanted if one.level == level]
        found |= await _nodes(connection, (n.level == level) & n.index.in_(places))
    return found


async def nodes_beyond(connection: AsyncConnection, size: int) -> dict[Subtree, bytes]:
    """Return the hashes of the tree that are kept and over no records."""
    n, levels = NODES.c, range(TILE_LEVELS, 64, TILE_LEVELS)
    beyond = [(n.level == level) & (n.index >= size >> level) for level in levels]
    return await _nodes(connection, or_(n.index < 0, n.level.not_in(levels), *beyond))


async def _nodes(connection: AsyncConnection, where: ColumnElement[bool]) -> dict[Subtree, bytes]:
    rows = (await connection.execute(select(NODES).where(where))).mappings()
    return {Subtree(row["level"], row["index"]): bytes(row["hash"]) for row in rows}


async def emptied(connection: AsyncConnection, positions: Sequence[int]) -> set[int]:
    """Return those of some records that are emptied."""
    r = RECORDS.c
    found: set[int] = set()
    known = [position for position in positions if position <= MOST]
    for begin in range(0, len(known), AT_ONCE):
        some = r.position.in_(known[begin : begin + AT_ONCE])
        found |= set((await connection.execute(select(r.position).where(some, r.payload == b""))).scalars())
    return found


async def roots(connection: AsyncConnection) -> dict[int, bytes]:
    """Return the root of every head, by its size."""
    statement = select(HEADS.c.size, HEADS.c.root)
    return {size: bytes(root) for size, root in await connection.execute(statement)}


async def endings(connection: AsyncConnection) -> dict[EndingKey, Ending]:
    """Return what ended warnings, all of it."""
    rows = (await connection.execute(select(ENDINGS))).mappings()
    found = [Ending(**row) for row in rows]
    return {ending.key: ending for ending in found}


async def epochs(connection: AsyncConnection) -> list[Row]:
    """Return the epochs as they are kept."""
    return [
        dict(row) for row in (await connection.execute(select(EPOCHS).order_by(EPOCHS.c.epoch))).mappings()
    ]


async def gaps(connection: AsyncConnection) -> list[Row]:
    """Return the gaps as they are kept."""
    return [
        dict(row)
        for row in (await connection.execute(select(GAPS).order_by(GAPS.c.epoch, GAPS.c.first))).mappings()
    ]


async def proposals(connection: AsyncConnection) -> list[Row]:
    """Return all proposals as the table has them."""
    statement = select(PROPOSALS).order_by(PROPOSALS.c.proposal_id)
    return [dict(row) for row in (await connection.execute(statement)).mappings()]


async def warnings(connection: AsyncConnection, after: str, limit: int) -> list[str]:
    """Return every warning that the books or the records name, by id."""
    tables = (RECORDS, REVISIONS, PLANS, DELIVERIES, TARGETS, TARGET_COUNTS, CARRIED)
    known = [select(t.c.warning_id).where(t.c.warning_id > after) for t in tables]
    every = known[0].union(*known[1:]).subquery()
    statement = select(every.c.warning_id).order_by(every.c.warning_id).limit(limit)
    return list((await connection.execute(statement)).scalars())
