"""What changed is marked in the transaction that changed it, and said block by block soon after.

A mark is a row: whoever dies between change and saying leaves it to the next. A million people are said
without ever being held together, and no transaction is longer than a few blocks.
"""

import asyncio
import base64
import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from prometheus_client import Counter
from sqlalchemy import delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from contracts.registry import BLOCK_CONTEXT, BlockChanged
from services.kit.crypto import CryptoProvider
from services.kit.db import Database, Transaction
from services.kit.telemetry import log
from services.registry import blocks, store

MOST_SEALED = 512_000
"""A part of a block must fit into one message."""

UNSAID = Counter("yutian_registry_unsaid_total", "Blocks left unsaid because no message holds them")

AT_ONCE = 64
PEOPLE_AT_ONCE = 10_000
"""Blocks, and people in them, that one transaction says: a second or two of work."""

Told = Callable[[int], None]


async def mark(tx: Transaction, changed: Collection[str]) -> None:
    """Mark blocks as due, together with the change that makes them so."""
    if changed:
        rows = [{"block": block, "since": tx.now} for block in sorted(changed)]
        into = postgresql.insert(store.DUE) if tx.postgres else sqlite.insert(store.DUE)
        await tx.execute(
            into.on_conflict_do_update(index_elements=["block"], set_={"since": into.excluded.since}), rows
        )


async def mark_all(tx: Transaction) -> None:
    """Mark every place and the district, and what is still said of places that have gone."""
    places = [await tx.execute(select(table.c.code)) for table in (store.TOWNS, store.VILLAGES)]
    await mark(tx, {blocks.DISTRICT_BLOCK, *(code for found in places for code in found.scalars())})


async def due(db: Database) -> int:
    """Return how many blocks wait to be said."""
    return int((await db.rows(select(func.count().label("n")).select_from(store.DUE)))[0]["n"])


async def publish(db: Database, crypto: CryptoProvider, told: Told | None = None) -> int:
    """Say every due block whose content is new; return how many messages that took."""
    said, done = 0, 0
    while True:
        async with db.transaction() as tx:
            taken = await _take(tx)
            said += await _say(tx, crypto, taken)
        if not taken:
            return said
        done += len(taken)
        if told is not None:
            told(done)


async def _take(tx: Transaction) -> list[str]:
    """Take some marks away, in the order in which receivers want blocks: the district last.

    The row lock makes a change of the same block wait, and mark it anew.
    """
    statement = select(store.DUE.c.block).order_by(store.DUE.c.block).limit(AT_ONCE)
    if tx.postgres:
        statement = statement.with_for_update(skip_locked=True)
    waiting = list((await tx.execute(statement)).scalars())
    sizes = await blocks.sizes(tx, waiting)
    taken, people = waiting[:1], sum(sizes.get(block, 0) for block in waiting[:1])
    for block in waiting[1:]:
        people += sizes.get(block, 0)
        if people > PEOPLE_AT_ONCE:
            break
        taken.append(block)
    await tx.execute(delete(store.DUE).where(store.DUE.c.block.in_(taken)))
    return taken


async def _say(tx: Transaction, crypto: CryptoProvider, taken: Sequence[str]) -> int:
    """Say what is new of some blocks; return how many messages that took."""
    if not taken:
        return 0
    material = await blocks.gather(tx, crypto, taken)
    before = await _said(tx, taken)
    standing: set[str] = set()
    said: list[dict[str, Any]] = []
    async for some in blocks.parts(tx, crypto, material, taken):
        standing |= some.keys()
        said += await _say_some(tx, crypto, some, before)
    await store.replace(tx, store.BLOCKS, said)
    gone = sorted(before.keys() - standing)
    for name in gone:
        tx.emit(BlockChanged(block=name, sha256=before[name]["sha256"], sealed="", gone=True, at=tx.now))
    await tx.execute(delete(store.BLOCKS).where(store.BLOCKS.c.block.in_(gone)))
    return len(said) + len(gone)


async def _said(tx: Transaction, taken: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Return what was said last of these blocks and their further parts."""
    name = store.BLOCKS.c.block
    mine = or_(name.in_(taken), *(name.like(f"{block}-%") for block in taken))
    found = (await tx.execute(select(store.BLOCKS).where(mine))).mappings()
    return {row["block"]: dict(row) for row in found}


async def _say_some(
    tx: Transaction,
    crypto: CryptoProvider,
    some: Mapping[str, bytes],
    before: Mapping[str, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Say the parts that are new; return their rows."""
    rows = []
    for name, plain_hash, sealed in await asyncio.to_thread(_sealed, crypto, some, before):
        if len(sealed) > MOST_SEALED:
            _set_aside(tx, name, len(sealed))
            continue
        address = hashlib.sha256(sealed).hexdigest()
        tx.emit(BlockChanged(block=name, sha256=address, sealed=base64.b64encode(sealed).decode(), at=tx.now))
        rows.append({"block": name, "plain_hash": plain_hash, "sha256": address, "changed_at": tx.now})
    return rows


def _set_aside(tx: Transaction, name: str, size: int) -> None:
    """Leave a part unsaid that no message holds: what was said of it last stays, and the others go out."""
    UNSAID.inc()
    log.error("a block is too big for a message and stays unsaid", block=name, size=size, most=MOST_SEALED)
    tx.record("registry.unsaid", actor="registry", about=name, size=size, most=MOST_SEALED)


def _sealed(
    crypto: CryptoProvider, some: Mapping[str, bytes], before: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, str, bytes]]:
    """Return name, hash and sealed bytes of the parts that are not as they were said last."""
    found = []
    for name, content in some.items():
        plain_hash = crypto.keyed_hash(hashlib.sha256(content).hexdigest(), crypto.lasting_key).hex()
        if name not in before or before[name]["plain_hash"] != plain_hash:
            found.append((name, plain_hash, crypto.seal(content, BLOCK_CONTEXT)))
    return found
