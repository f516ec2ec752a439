"""Sign: a tree head over everything recorded so far. Before it is signed, the last one must still hold."""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit import checkpoint
from services.audit.checkpoint import Head, SignedHead
from services.audit.store import ledger, tree
from services.audit.store.tree import Broken
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.errors import Problem, Retry
from services.kit.telemetry import log

LEASE = "sign"


@dataclass(frozen=True)
class Signer:
    """Who signs, and under which name."""

    crypto: SoftwareCrypto
    origin: str

    def sign(self, head: Head) -> tuple[str, SignedHead]:
        """Return the id of the key and the signed head."""
        key_id, signature = self.crypto.sign(head.body().encode())
        return key_id, SignedHead(head, self.public_key(key_id).name(self.origin), signature)

    def key_id(self) -> str:
        """Return the id of the key in use."""
        return self.crypto.sign(b"")[0]

    def public_key(self, key_id: str) -> checkpoint.PublicKey:
        """Return the public half of a key."""
        return checkpoint.PublicKey(self.crypto.public_key(key_id))


@dataclass(frozen=True)
class Signed:
    """A head that was signed, as it is kept."""

    size: int
    root: bytes
    key_id: str
    checkpoint: str
    signed_at: datetime


async def head(db: Database, signer: Signer) -> Signed:
    """Return the signed head over everything recorded; sign one when the ledger has grown.

    Raises Broken when the tree of the last signed head is no longer a part of this one.
    """
    async with db.read() as connection:
        last = await tree.newest_head(connection)
        size = await ledger.size(connection)
    if last is not None and last["size"] >= size:
        if last["size"] > size:
            raise Broken(f"a head over {last['size']} records was signed, and there are {size}")
        return Signed(**last)
    async with db.transaction() as tx:
        size = await ledger.size(tx.connection)
        if last is not None:
            await _unchanged(tx.connection, last["size"], last["root"])
        found = Head(signer.origin, size, await tree.root(tx.connection, (0, size)))
        key_id, signed = signer.sign(found)
        made = Signed(size, found.root, key_id, signed.text(), tx.now)
        await tree.keep_head(tx, vars(made))
    return made


async def run(db: Database, signer: Signer, every_s: float) -> None:
    """Sign a head every so often, as long as the ledger grows; a broken ledger is said aloud, each time."""
    while True:
        try:
            await head(db, signer)
        except Retry as error:
            log.info("head waits", why=error.why)
        except Problem as error:
            log.error("head not signed", why=error.why)
        await asyncio.sleep(every_s)


async def _unchanged(connection: AsyncConnection, size: int, root: bytes) -> None:
    if await tree.root(connection, (0, size)) != root:
        raise Broken(f"the first {size} records are not those over which the last head was signed")
