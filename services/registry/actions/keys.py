"""Keys of stations and gateways: proposed by one operator, confirmed by another, seen once."""

import asyncio
import itertools
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import update

from contracts.values import Mode
from services.kit import proposals
from services.kit.crypto import CryptoProvider, new_api_key
from services.kit.db import Database, Transaction
from services.kit.errors import NotFound
from services.kit.mqtt import hashed
from services.kit.proposals import Proposal
from services.registry import publishing, store
from services.registry.blocks import DISTRICT_BLOCK
from services.registry.model import IssuedKey


async def issue_keys(
    db: Database, crypto: CryptoProvider, owners: Sequence[str], modes: Sequence[Mode], *, by: str
) -> list[IssuedKey]:
    """Issue a key in each mode for each station or gateway; the secrets are seen here and never again.

    Earlier keys stay good until they are revoked, so that a key is changed without a gap.
    """
    async with db.transaction() as tx:
        issued = await issue_in(tx, owners, modes, by)
    await publishing.publish(db, crypto)
    return issued


async def issue_in(
    tx: Transaction,
    owners: Sequence[str],
    modes: Sequence[Mode],
    by: str,
    proposed_by: str | None = None,
) -> list[IssuedKey]:
    """Issue keys within a transaction, and mark the blocks that say them."""
    await _known_owners(tx, owners)
    rows, issued = await asyncio.to_thread(_made, owners, modes)
    await tx.execute(store.KEYS.insert(), [{**row, "issued_at": tx.now, "revoked_at": None} for row in rows])
    about = owners[0] if len(owners) == 1 else None
    keys = len(issued)
    tx.record("key.issued", actor=by, about=about, owners=len(owners), keys=keys, proposed_by=proposed_by)
    await _mark(tx, owners)
    return issued


def _made(owners: Sequence[str], modes: Sequence[Mode]) -> tuple[list[dict[str, Any]], list[IssuedKey]]:
    """Make keys with their hashes; the slow one of them takes a millisecond each."""
    rows, issued = [], []
    for owner, mode in itertools.product(owners, modes):
        key_id, key, sha256 = new_api_key(mode)
        row = {"key_id": key_id, "owner": owner, "mode": mode, "sha256": sha256}
        rows.append({**row, "bcrypt": hashed(key)})
        issued.append(IssuedKey(key_id=key_id, owner=owner, mode=mode, key=key))
    return rows, issued


async def _known_owners(tx: Transaction, owners: Sequence[str]) -> None:
    there = {
        *await store.known(tx, store.STATIONS, owners),
        *await store.known(tx, store.GATEWAYS, owners),
    }
    for owner in owners:
        if owner not in there:
            raise NotFound(f"there is no station or gateway {owner}")


KEYS = "keys"
"""The kind of a proposal to issue keys."""


async def propose_keys(db: Database, owner: str, modes: Sequence[Mode], *, by: str) -> Proposal:
    """Propose keys for a station or gateway; none is made before another operator confirms it."""
    async with db.transaction() as tx:
        await _known_owners(tx, [owner])
        wanted = {"modes": [str(mode) for mode in dict.fromkeys(modes)]}
        return await proposals.propose(tx, store.PROPOSALS, KEYS, owner, wanted, by)


async def confirm_keys(
    db: Database, crypto: CryptoProvider, proposal_id: UUID, *, by: str
) -> list[IssuedKey]:
    """Issue the keys that another operator proposed; whoever confirms sees them, once."""
    async with db.transaction() as tx:
        found = await proposals.confirm(tx, store.PROPOSALS, proposal_id, by)
        if found.kind != KEYS:
            raise NotFound("there is no such proposal of keys")
        modes = [Mode(mode) for mode in found.wanted["modes"]]
        issued = await issue_in(tx, [found.about], modes, by, found.proposed_by)
    await publishing.publish(db, crypto)
    return issued


async def decline_keys(db: Database, proposal_id: UUID, *, by: str) -> Proposal:
    """Decline a proposal, or take one's own back."""
    async with db.transaction() as tx:
        return await proposals.decline(tx, store.PROPOSALS, proposal_id, by)


async def revoke_key(db: Database, crypto: CryptoProvider, owner: str, key_id: str, *, by: str) -> None:
    """Make a key dead at once."""
    async with db.transaction() as tx:
        mine = (store.KEYS.c.key_id == key_id) & (store.KEYS.c.owner == owner)
        statement = update(store.KEYS).where(mine, store.KEYS.c.revoked_at.is_(None))
        if (await tx.execute(statement.values(revoked_at=tx.now))).rowcount == 0:
            raise NotFound("there is no such key in use")
        tx.record("key.revoked", actor=by, about=owner, key_id=key_id)
        await _mark(tx, [owner])
    await publishing.publish(db, crypto)


async def revoke_all(tx: Transaction, owner: str, *, by: str) -> int:
    """Make every key of an owner dead; return how many there were."""
    alive = (store.KEYS.c.owner == owner) & store.KEYS.c.revoked_at.is_(None)
    dead: int = (await tx.execute(update(store.KEYS).where(alive).values(revoked_at=tx.now))).rowcount
    if dead:
        tx.record("key.revoked", actor=by, about=owner, keys=dead)
        await _mark(tx, [owner])
    return dead


async def _mark(tx: Transaction, owners: Sequence[str]) -> None:
    """Mark the blocks in which the keys of these owners are said."""
    villages = {row["village_code"] for row in (await store.known(tx, store.STATIONS, owners)).values()}
    gateways = await store.known(tx, store.GATEWAYS, owners)
    await publishing.mark(tx, villages | ({DISTRICT_BLOCK} if gateways else set()))
