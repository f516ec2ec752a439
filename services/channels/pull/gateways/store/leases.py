"""Leases: who was given which work, by the hash of what he must show."""

import zlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, select, update

from contracts.streams import KEPT_S
from contracts.values import Mode
from services.channels.pull.gateways.model.work import Work
from services.channels.pull.gateways.store.batches import BODY, WORK, Body, body_of, work_of
from services.channels.pull.gateways.store.tables import BATCH_LEASES, BATCHES, BODIES
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


async def found(
    tx: Transaction, lease: str, gateway: str, mode: Mode
) -> tuple[Mapping[str, Any], Work, Body] | None:
    """Return a lease that this gateway was given, its work, about to change, and its body, in one look."""
    statement = (
        select(BATCH_LEASES.c.attempt.label("leased_attempt"), BATCH_LEASES.c.reported_at)
        .add_columns(BATCH_LEASES.c.places, *WORK, *BODY)
        .join(BATCHES, BATCHES.c.delivery_id == BATCH_LEASES.c.delivery_id)
        .join(BODIES, BODIES.c.delivery_id == BATCH_LEASES.c.delivery_id)
        .where(BATCH_LEASES.c.lease_hash == hash_secret(lease))
        .where(BATCH_LEASES.c.gateway == gateway, BATCH_LEASES.c.mode == mode)
    )
    if tx.postgres:
        statement = statement.with_for_update(of=BATCHES)
    row = (await tx.execute(statement)).mappings().one_or_none()
    return (row, work_of(row), body_of(row)) if row else None  # type: ignore[return-value]


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
