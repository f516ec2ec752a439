"""Leases: who was given which work, by the hash of what he must show."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import RowMapping, bindparam, delete, select, update

from contracts.streams import KEPT_S
from contracts.values import Mode
from services.channels.pull.gateways.model.work import Work
from services.channels.pull.gateways.store.batches import BODY, WORK, Body, body_of, work_of
from services.channels.pull.gateways.store.tables import BATCH_LEASES, BATCHES, BODIES
from services.kit.crypto import hash_secret
from services.kit.db import Transaction

_ADDED = BATCH_LEASES.insert()


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
        await tx.execute(_ADDED, rows)


async def find(tx: Transaction, lease: str, gateway: str, mode: Mode) -> Mapping[str, Any] | None:
    """Return a lease that this gateway was given, None when it never was."""
    statement = select(BATCH_LEASES).where(
        BATCH_LEASES.c.lease_hash == hash_secret(lease),
        BATCH_LEASES.c.gateway == gateway,
        BATCH_LEASES.c.mode == mode,
    )
    return (await tx.execute(statement)).mappings().one_or_none()  # type: ignore[return-value]


@dataclass(frozen=True)
class Lease:
    """A lease that was given, with its work, about to change, and the body of it."""

    gateway: str
    mode: str
    attempt: int
    reported_at: datetime | None
    places: Sequence[int]
    work: Work
    body: Body

    def is_of(self, gateway: str, mode: Mode) -> bool:
        """Tell whether it was given to this gateway."""
        return (self.gateway, self.mode) == (gateway, mode)


_TOLD = ("lease_hash", "attempt", "reported_at", "places", "gateway", "mode")
_FOUND = (
    select(*(BATCH_LEASES.c[name].label(f"given_{name}") for name in _TOLD), *WORK, *BODY)
    .join(BATCHES, BATCHES.c.delivery_id == BATCH_LEASES.c.delivery_id)
    .join(BODIES, BODIES.c.delivery_id == BATCH_LEASES.c.delivery_id)
    .where(BATCH_LEASES.c.lease_hash.in_(bindparam("names", expanding=True)))
    .order_by(BATCHES.c.delivery_id)
)
_FOUND_TO_CHANGE = _FOUND.with_for_update(of=BATCHES)


async def found(tx: Transaction, leases: Sequence[str]) -> dict[str, Lease]:
    """Return those of these leases that there are, each with its work and body, in one look."""
    names = {hash_secret(lease): lease for lease in leases}
    statement = _FOUND_TO_CHANGE if tx.postgres else _FOUND
    rows = (await tx.execute(statement, {"names": list(names)})).mappings()
    return {names[row["given_lease_hash"]]: _lease(row) for row in rows}


def _lease(row: RowMapping) -> Lease:
    return Lease(
        row["given_gateway"],
        row["given_mode"],
        row["given_attempt"],
        row["given_reported_at"],
        _unpacked(row["given_places"], row["size"]),
        work_of(row),
        body_of(row),
    )


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
        found[work.delivery_id].append((row["leased_at"], frozenset(_unpacked(row["places"], work.size))))
    return found


def delivery_of(lease: Mapping[str, Any]) -> UUID:
    """Return which delivery a lease is of."""
    return UUID(lease["delivery_id"])


def _unpacked(packed: bytes | None, size: int) -> Sequence[int]:
    """Return which places of a batch a lease had: all of them, or what earlier ones had left over."""
    if packed is None:
        return range(size)
    places: list[int] = orjson.loads(zlib.decompress(packed))
    return places


def _packed(places: Sequence[int]) -> bytes:
    return zlib.compress(orjson.dumps(places), 1)


_REPORTED = (
    update(BATCH_LEASES)
    .where(BATCH_LEASES.c.lease_hash.in_(bindparam("names", expanding=True)))
    .values(reported_at=bindparam("now"))
)


async def note_reported(tx: Transaction, leases: Sequence[str]) -> None:
    """Note that leases have been reported."""
    if leases:
        await tx.execute(_REPORTED, {"names": [hash_secret(lease) for lease in leases], "now": tx.now})


async def forget(tx: Transaction) -> None:
    """Forget leases that are older than what the streams keep."""
    await tx.execute(
        delete(BATCH_LEASES).where(BATCH_LEASES.c.leased_at < tx.now - timedelta(seconds=KEPT_S))
    )
