"""The keys of stations and gateways, as the registry publishes them: a house's own copy, by hash."""

import hmac
import time
from collections.abc import Iterable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Column, MetaData, String, Table, delete, select

from contracts.registry import KeyHash
from contracts.values import Mode
from services.kit.crypto import read_api_key
from services.kit.db import Database, Transaction
from services.kit.errors import Forbidden, Unauthenticated

REMEMBERED_S = 2.0
_REMEMBERED: WeakKeyDictionary[Database, dict[str, tuple[float, Mapping[str, Any]]]] = WeakKeyDictionary()
"""Keys that were good a moment ago, by database; only keys that exist are remembered, so it stays small."""


def table(metadata: MetaData) -> Table:
    """Return the key table of a house."""
    return Table(
        "api_keys",
        metadata,
        Column("key_id", String(40), primary_key=True),
        Column("owner", String(40), nullable=False, index=True),
        Column("mode", String(8), nullable=False),
        Column("sha256", String(64), nullable=False),
    )


async def learn(tx: Transaction, keys: Table, owner: str, known: Iterable[KeyHash]) -> None:
    """Replace the keys of one owner by those that the registry has now."""
    await tx.execute(delete(keys).where(keys.c.owner == owner))
    tx.after_commit(_REMEMBERED.clear)
    rows = [{"key_id": k.key_id, "owner": owner, "mode": k.mode, "sha256": k.sha256} for k in known]
    if rows:
        await tx.execute(keys.insert(), rows)


async def check(db: Database, keys: Table, authorization: str | None, owner: str) -> Mode:
    """Return the mode of the key that was sent for this owner.

    Raises Unauthenticated when the key is unknown, Forbidden when it is another's.
    """
    scheme, _, sent = (authorization or "").partition(" ")
    read = read_api_key(sent.strip()) if scheme.lower() == "bearer" else None
    if read is None:
        raise Unauthenticated("send `Authorization: Bearer yt_live_...` or `yt_drill_...`")
    mode, key_id, sha256 = read
    known = await _known(db, keys, key_id)
    if known is None or not hmac.compare_digest(known["sha256"], sha256) or known["mode"] != mode:
        raise Unauthenticated("the key is unknown or revoked")
    if known["owner"] != owner:
        raise Forbidden("the key belongs to another")
    return Mode(mode)


async def _known(db: Database, keys: Table, key_id: str) -> Mapping[str, Any] | None:
    """Return the row of a key, remembered for two seconds: a revoked key is dead within that."""
    remembered = _REMEMBERED.setdefault(db, {})
    until, row = remembered.get(key_id, (0.0, None))
    if row is not None and until > time.monotonic():
        return row
    rows = await db.rows(select(keys).where(keys.c.key_id == key_id))
    if not rows:
        remembered.pop(key_id, None)
        return None
    remembered[key_id] = (time.monotonic() + REMEMBERED_S, rows[0])
    return rows[0]
