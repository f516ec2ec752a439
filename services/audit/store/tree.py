"""The stored tree: any subtree's hash out of leaves and tiles, proofs, and the heads that were signed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model import merkle
from services.audit.model.merkle import TILE_LEVELS, Range, Subtree
from services.audit.store.tables import HEADS, NODES, RECORDS
from services.kit.db import Transaction
from services.kit.errors import Refused


class Broken(Refused):
    """The ledger is not what was written: something was changed behind our back."""

    name = "ledger-broken"
    title = "The ledger has been tampered with or damaged"


async def node(connection: AsyncConnection, subtree: Subtree) -> bytes:
    """Return the hash of a full subtree, from the nearest hashes that are kept."""
    above = subtree.level % TILE_LEVELS
    first, last = subtree.index << above, (subtree.index + 1) << above
    hashes = await row(connection, subtree.level - above, first, last)
    if len(hashes) != last - first:
        low, high = subtree.leaves
        raise Broken(f"hashes are missing among the records {low + 1} to {high}")
    return merkle.fold(hashes)


async def row(connection: AsyncConnection, level: int, first: int, last: int) -> list[bytes]:
    """Return the hashes that are kept at a level, of the leaves or of a tile, from one index to another."""
    if level == 0:
        place = RECORDS.c.position
        statement = select(RECORDS.c.leaf_hash).where(place > first, place <= last).order_by(place)
    else:
        index = NODES.c.index
        statement = select(NODES.c.hash).where(NODES.c.level == level, index >= first, index < last)
        statement = statement.order_by(index)
    return [bytes(value) for value in (await connection.execute(statement)).scalars()]


async def tiles(connection: AsyncConnection, first: int, count: int) -> dict[int, bytes]:
    """Return the kept hashes over 256 records each, by index."""
    index = NODES.c.index
    mine = (NODES.c.level == TILE_LEVELS) & (index >= first) & (index < first + count)
    statement = select(index, NODES.c.hash).where(mine)
    return {int(place): bytes(value) for place, value in await connection.execute(statement)}


async def root(connection: AsyncConnection, leaves: Range) -> bytes:
    """Return the root over a range of leaves that a proof names, or over the first ones."""
    return merkle.join([await node(connection, subtree) for subtree in merkle.cover(leaves)])


async def inclusion(connection: AsyncConnection, position: int, size: int) -> list[bytes]:
    """Return the proof that a record stands at its position in the tree of that size."""
    return [await root(connection, leaves) for leaves in merkle.inclusion_ranges(position - 1, size)]


async def consistency(connection: AsyncConnection, first: int, second: int) -> list[bytes]:
    """Return the proof that the tree of the second size grew out of that of the first."""
    return [await root(connection, leaves) for leaves in merkle.consistency_ranges(first, second)]


async def newest_head(connection: AsyncConnection) -> dict[str, Any] | None:
    """Return the head of the largest tree that was signed."""
    statement = select(HEADS).order_by(HEADS.c.size.desc()).limit(1)
    found = (await connection.execute(statement)).mappings().one_or_none()
    return dict(found) if found else None


async def head_at_least(connection: AsyncConnection, size: int) -> dict[str, Any] | None:
    """Return the smallest signed head that covers so many records."""
    statement = select(HEADS).where(HEADS.c.size >= size).order_by(HEADS.c.size).limit(1)
    found = (await connection.execute(statement)).mappings().one_or_none()
    return dict(found) if found else None


async def heads(connection: AsyncConnection, after: int, upto: int) -> Sequence[dict[str, Any]]:
    """Return the signed heads of sizes beyond `after`, up to and with `upto`."""
    statement = select(HEADS).where(HEADS.c.size > after, HEADS.c.size <= upto).order_by(HEADS.c.size)
    return [dict(row) for row in (await connection.execute(statement)).mappings()]


async def keys(connection: AsyncConnection) -> set[str]:
    """Return the ids of the keys that heads were signed with."""
    return set((await connection.execute(select(HEADS.c.key_id).distinct())).scalars())


async def keep_head(tx: Transaction, head: dict[str, Any]) -> None:
    """Keep a signed head; of one size the first stays."""
    into = postgresql.insert(HEADS) if tx.postgres else sqlite.insert(HEADS)
    await tx.execute(into.values(head).on_conflict_do_nothing())
