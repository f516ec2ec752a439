"""Copy: a block of the registry is verified by its address, opened once, and kept sealed."""

import asyncio
import base64
import binascii
from collections.abc import Mapping
from datetime import timedelta

from pydantic import ValidationError

from contracts.canonical import sha256_hex
from contracts.registry import BlockChanged
from services.kit.crypto import CryptoProvider
from services.kit.db import Database, Transaction
from services.kit.errors import Reject
from services.router.actions.opening import packed, repacked
from services.router.store import blocks, presences
from services.router.store.blocks import Kept

UNUSED = timedelta(days=30)
REPLACED = timedelta(days=1)
"""How long manifests are kept after their plans, and blocks after they were replaced."""

SEEN = timedelta(days=400)
"""How long it is kept when stations came and went: for a report of a whole year."""


async def copy(tx: Transaction, message: BlockChanged, crypto: CryptoProvider) -> None:
    """Keep a block and make it the newest of its key; raise Reject when its bytes are not what they say."""
    if not message.gone:
        sealed = _bytes_of(message)
        await blocks.keep(tx, await asyncio.to_thread(_packed, message, sealed, crypto))
    await blocks.point(tx, message.block, message.sha256, message.at, gone=message.gone)


async def renew(db: Database, crypto: CryptoProvider) -> int:
    """Pack anew what was hashed under a former key of numbers; return how many blocks that were."""
    async with db.read() as connection:
        keys = await blocks.keys(connection)
    count = 0
    for sha256, key in keys.items():
        async with db.read() as connection:
            found = await blocks.kept(connection, [sha256])
        fresh = await asyncio.to_thread(_repacked, key, found, crypto)
        if fresh is not None:
            async with db.transaction() as tx:
                await blocks.renew(tx, fresh)
            count += 1
    return count


def _repacked(key: str, found: Mapping[str, Kept], crypto: CryptoProvider) -> Kept | None:
    return next((repacked(key, kept, crypto) for kept in found.values()), None)


async def forget(db: Database) -> int:
    """Delete what no open plan and no key needs any more; return how many blocks went."""
    async with db.transaction() as tx:
        await presences.forget(tx, tx.now - SEEN)
        return await blocks.forget(tx, tx.now - UNUSED, tx.now - REPLACED)


def _bytes_of(message: BlockChanged) -> bytes:
    try:
        sealed = base64.b64decode(message.sealed, validate=True)
    except binascii.Error:
        raise Reject(f"block {message.block} is not base64") from None
    if sha256_hex(sealed) != message.sha256:
        raise Reject(f"block {message.block} does not have the hash that it claims")
    return sealed


def _packed(message: BlockChanged, sealed: bytes, crypto: CryptoProvider) -> Kept:
    try:
        return packed(message.block, message.sha256, sealed, crypto)
    except ValidationError:
        raise Reject(f"block {message.block} is not a block of the registry") from None
