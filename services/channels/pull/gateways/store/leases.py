"""Leases: who was given which work, by the hash of what he must show."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, select, update

from contracts.streams import KEPT_S
from contracts.values import Mode
from services.channels.pull.gateways.model.work import Work
from services.channels.pull.gateways.store.tables import BATCH_LEASES
from services.kit.crypto import hash_secret
from services.kit.db import Transaction


async def add(tx: Transaction, given: Sequence[tuple[str, Work]]) -> None:
    """Note leases that are being given."""
    rows = [
        {
            "lease_hash": hash_secret(lease),
            "delivery_id": str(work.delivery_id),
            "gateway": work.gateway,
            "mode": work.mode,
            "attempt": work.attempt,
            "leased_at": tx.now,
            "places": None if work.queued == work.size else _packed(work.unsaid),
        }
        for lease, work in given
    ]
    if rows:
        await tx.execute(BATCH_LEASES.insert(), rows)


async def find(tx: Transaction, lease: str, gateway: str, mode: Mode) -> Mapping[str, Any] | None:
    """Return a lease that this gateway was given, None when it never was."""
    statement = select(BATCH_LEASES).where(
        BATCH_LEASES.c.lease_hash == hash_secret(lease),
        BATCH_LEASES.c.gateway == gateway,
        BATCH_LEASES.c.mode == mode,
    )
    return (await tx.execute(statement)).mappings().one_or_none()  # type: ignore[return-value]


Given = tuple[datetime, frozenset[int]]
"""When a lease was given, and the places it had."""


async def given(tx: Transaction, works: Iterable[Work]) -> dict[UUID, list[Given]]:
    """Return the leases that work was handed out with, the newest first."""
    found: dict[UUID, list[Given]] = {}
    again: dict[str, Work] = {}
    for work in works:
        found[work.delivery_id] = []
        if work.attempt == 1 and work.leased_at is not None:
            found[work.delivery_id].append((work.leased_at, frozenset(range(work.size))))
        elif work.attempt > 1:
            again[str(work.delivery_id)] = work
    if not again:
        return found
    wanted = BATCH_LEASES.c.delivery_id.in_(list(again))
    statement = select(BATCH_LEASES).where(wanted).order_by(BATCH_LEASES.c.leased_at.desc())
    for row in (await tx.execute(statement)).mappings():
        work = again[row["delivery_id"]]
        found[work.delivery_id].append((row["leased_at"], frozenset(places_of(row, work.size))))  # type: ignore[arg-type]
    return found


def delivery_of(lease: Mapping[str, Any]) -> UUID:
    """Return which delivery a lease is of."""
    return UUID(lease["delivery_id"])


def places_of(lease: Mapping[str, Any], size: int) -> Sequence[int]:
    """Return which places of a batch a lease had: all of them, or what earlier ones had left over."""
    if lease["places"] is None:
        return range(size)
    places: list[int] = orjson.loads(zlib.decompress(lease["places"]))
    return places


def _packed(places: Sequence[int]) -> bytes:
    return zlib.compress(orjson.dumps(places), 1)


async def note_reported(tx: Transaction, lease: str) -> None:
    """Note that a lease has been reported."""
    mine = BATCH_LEASES.c.lease_hash == hash_secret(lease)
    await tx.execute(update(BATCH_LEASES).where(mine).values(reported_at=tx.now))


async def forget(tx: Transaction) -> None:
    """Forget leases that are older than what the streams keep."""
    await tx.execute(
        delete(BATCH_LEASES).where(BATCH_LEASES.c.leased_at < tx.now - timedelta(seconds=KEPT_S))
    )
