"""Sign: a tree head over everything recorded so far. Before it is signed, the last one must still hold."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model import checkpoint
from services.audit.model.checkpoint import Head, SignedHead
from services.audit.model.own import HEAD_SIGNED
from services.audit.store import kept_heads, ledger, tree
from services.audit.store.tree import Broken
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.errors import Problem, Retry
from services.kit.telemetry import log

LEASE = "sign"
KEY_CHANGED = "ledger.key-changed"
EVERY = timedelta(hours=1)
"""How often a head is said as a fact, so that the ledger itself knows of its heads."""
CLOSING = tuple(f"warning.{verb}" for verb in ("issued", "updated", "cancelled", "halted", "expired"))
"""After each of these a head is said, too."""


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
        if last is not None and last["key_id"] != key_id:
            pem = signer.crypto.public_key(key_id)
            tx.record(KEY_CHANGED, about=key_id, before=last["key_id"], size=size, public_key=pem)
        made = Signed(size, found.root, key_id, signed.text(), tx.now)
        await tree.keep_head(tx, vars(made))
    return made


async def mark(db: Database, signed: Signed) -> bool:
    """Say a head as a fact once an hour, and when a warning was issued or closed; tell whether it was."""
    async with db.transaction() as tx:
        size, since = await kept_heads.place(tx.connection, kept_heads.LEDGER)
        if signed.size <= size:
            return False
        due = since is None or tx.now - since >= EVERY
        if not due and not await kept_heads.any_of(tx.connection, CLOSING, size, signed.size):
            return False
        said: dict[str, Any] = {"size": signed.size, "root": signed.root.hex(), "key_id": signed.key_id}
        tx.record(HEAD_SIGNED, about=str(signed.size), **said)
        await kept_heads.keep_place(tx, kept_heads.LEDGER, signed.size, since=tx.now)
    return True


async def run(db: Database, signer: Signer, every_s: float) -> None:
    """Sign a head every so often, as long as the ledger grows; a broken ledger is said aloud, each time."""
    while True:
        try:
            signed = await head(db, signer)
            if signed.size:
                await mark(db, signed)
        except Retry as error:
            log.info("head waits", why=error.why)
        except Problem as error:
            log.error("head not signed", why=error.why)
        except Exception as error:
            log.exception("head not signed", error=type(error).__name__)
        await asyncio.sleep(every_s)


async def _unchanged(connection: AsyncConnection, size: int, root: bytes) -> None:
    if await tree.root(connection, (0, size)) != root:
        raise Broken(f"the first {size} records are not those over which the last head was signed")
