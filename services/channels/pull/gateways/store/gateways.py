"""Gateways: the registry's copy, and when each was heard of last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import bindparam, delete, func, select, update
from sqlalchemy.exc import IntegrityError

from contracts.registry import GatewayEntry
from contracts.values import Mode
from services.channels import keys
from services.channels.pull.gateways.store.tables import API_KEYS, BATCHES, BLOCKS, GATEWAYS, PULLS, RECEIPTS
from services.kit.db import Database, Transaction


async def newer(tx: Transaction, block: str, at: datetime) -> bool:
    """Note how new a block is; return False when a newer one is here already."""
    statement = select(BLOCKS.c.at).where(BLOCKS.c.block == block)
    if tx.postgres:
        statement = statement.with_for_update()
    known = (await tx.execute(statement)).scalar_one_or_none()
    if known is None:
        await tx.execute(BLOCKS.insert().values(block=block, at=at))
    elif known > at:
        return False
    else:
        await tx.execute(update(BLOCKS).where(BLOCKS.c.block == block).values(at=at))
    return True


async def replace(tx: Transaction, entries: Sequence[GatewayEntry]) -> None:
    """Make these, with their keys, the gateways that there are."""
    gone = set((await tx.execute(select(API_KEYS.c.owner).distinct())).scalars())
    for owner in gone - {e.gateway_id for e in entries}:
        await keys.learn(tx, API_KEYS, owner, ())
    await tx.execute(delete(GATEWAYS))
    for entry in entries:
        row = {"name": entry.name, "operator": entry.operator, "area_orders": entry.area_orders}
        await tx.execute(GATEWAYS.insert().values(gateway_id=entry.gateway_id, **row))
        await keys.learn(tx, API_KEYS, entry.gateway_id, entry.keys)


DAY = timedelta(days=1)
NOTED = timedelta(seconds=2)
"""A gateway that pulls without pause is noted this often."""


_NOTED: WeakKeyDictionary[Database, dict[tuple[str, Mode], datetime]] = WeakKeyDictionary()
"""When this process noted a pull last: a gateway that pulls without pause costs no look."""


async def note_pull(db: Database, gateway: str, mode: Mode) -> None:
    """Note that a gateway asks for work now."""
    noted, now = _NOTED.setdefault(db, {}), db.clock.now()
    last = noted.get((gateway, mode))
    if last is None or not last <= now < last + NOTED:
        await _note_pull(db, gateway, mode)
        noted[gateway, mode] = now


async def _note_pull(db: Database, gateway: str, mode: Mode) -> None:
    mine = (PULLS.c.gateway == gateway) & (PULLS.c.mode == mode)
    async with db.transaction() as tx:
        known = await tx.execute(update(PULLS).where(mine).values(last_at=tx.now))
        if known.rowcount:
            return
    try:
        async with db.transaction() as tx:
            await tx.execute(PULLS.insert().values(gateway=gateway, mode=mode, last_at=tx.now))
    except IntegrityError:
        return  # another replica has just noted it


@dataclass(frozen=True)
class Pull:
    """When a gateway was heard of last, since when its silence is an alarm, and when it is to be silent."""

    last_at: datetime | None = None
    starved_at: datetime | None = None
    away_from: datetime | None = None
    away_until: datetime | None = None
    away_why: str | None = None
    away_told_at: datetime | None = None

    def away(self, now: datetime) -> bool:
        """Tell whether it said that it would not pull now."""
        return bool(self.away_from and self.away_until and self.away_from <= now < self.away_until)


def _pull(row: Mapping[str, Any]) -> Pull:
    return Pull(**{field.name: row[field.name] for field in fields(Pull)})


async def pulls(tx: Transaction) -> dict[tuple[str, Mode], Pull]:
    """Return when each gateway last asked, and what it announced."""
    rows = (await tx.execute(select(PULLS))).mappings()
    return {(row["gateway"], Mode(row["mode"])): _pull(row) for row in rows}  # type: ignore[arg-type]


async def note_away(
    tx: Transaction, gateway: str, mode: Mode, begin: datetime | None, end: datetime | None, why: str | None
) -> None:
    """Note when a gateway will be away, or that it will not."""
    values = {"away_from": begin, "away_until": end, "away_why": why, "away_told_at": None}
    await _note(tx, gateway, mode, values)


async def note_away_told(tx: Transaction, gateway: str, mode: Mode) -> None:
    """Note that somebody was told of urgent work that waits while a gateway is away."""
    await _note(tx, gateway, mode, {"away_told_at": tx.now})


async def note_starved(tx: Transaction, gateway: str, mode: Mode, since: datetime | None) -> None:
    """Note since when a gateway's silence is an alarm, or that it is none any more."""
    await _note(tx, gateway, mode, {"starved_at": since})


async def _note(tx: Transaction, gateway: str, mode: Mode, values: Mapping[str, Any]) -> None:
    mine = (PULLS.c.gateway == gateway) & (PULLS.c.mode == mode)
    known = await tx.execute(update(PULLS).where(mine).values(values))
    if not known.rowcount:
        await tx.execute(PULLS.insert().values(gateway=gateway, mode=mode, **values))


_OPERATOR = select(GATEWAYS.c.operator).where(GATEWAYS.c.gateway_id == bindparam("gateway"))


async def operator_of(tx: Transaction, gateway: str) -> str | None:
    """Return the operator of a gateway, None when the registry does not know it."""
    return (await tx.execute(_OPERATOR, {"gateway": gateway})).scalar_one_or_none()


async def known(db: Database) -> Sequence[Mapping[str, Any]]:
    """Return all gateways, as the registry has them."""
    return await db.rows(select(GATEWAYS).order_by(GATEWAYS.c.gateway_id))


async def is_known(db: Database, gateway: str) -> bool:
    """Tell whether the registry has a gateway."""
    return bool(await db.rows(select(GATEWAYS.c.gateway_id).where(GATEWAYS.c.gateway_id == gateway)))


async def status(db: Database, gateway: str, mode: Mode) -> dict[str, Any]:
    """Return how a gateway stands: its work of the last day by state, the oldest of each, its last pull."""
    mine = (
        (BATCHES.c.gateway == gateway)
        & (BATCHES.c.mode == mode)
        & (BATCHES.c.queued_at > db.clock.now() - DAY)
    )
    counted = select(
        BATCHES.c.state,
        BATCHES.c.priority,
        func.count().label("items"),
        func.sum(BATCHES.c.size).label("targets"),
        func.min(BATCHES.c.queued_at).label("oldest"),
    )
    work = await db.rows(counted.where(mine).group_by(BATCHES.c.state, BATCHES.c.priority))
    pull = await db.rows(select(PULLS).where(PULLS.c.gateway == gateway, PULLS.c.mode == mode))
    known = await db.rows(select(GATEWAYS).where(GATEWAYS.c.gateway_id == gateway))
    early = select(func.count().label("kept")).where(RECEIPTS.c.gateway == gateway, RECEIPTS.c.mode == mode)
    return {
        "work": work,
        "pull": _pull(pull[0]) if pull else Pull(),
        "gateway": known[0] if known else None,
        "unmatched": (await db.rows(early))[0]["kept"],
    }
