"""Tombstones: what was ended, kept even when it is heard before the plan that it ends. And progress."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from sqlalchemy import select, update

from contracts.delivery import DeliveryReported
from contracts.outcome import TargetState
from contracts.values import Mode, Withdrawal
from services.kit.db import Transaction
from services.router.store.blocks import Reader, upsert
from services.router.store.tables import PROGRESS, TOMBSTONES


@dataclass(frozen=True)
class Stone:
    """The highest ended revision of a warning, and why it ended."""

    revision: int
    reason: Withdrawal
    at: datetime


async def lock(tx: Transaction, mode: Mode, warnings: Iterable[UUID]) -> None:
    """Let nobody else plan or end these warnings until this transaction is over."""
    names = sorted({str(warning_id) for warning_id in warnings})
    for name in names:
        row = {"mode": mode, "warning_id": name, "revision": 0, "reason": None, "at": tx.now}
        await tx.execute(upsert(tx, TOMBSTONES).values(row).on_conflict_do_nothing())
        if tx.postgres:
            mine = (TOMBSTONES.c.mode == mode) & (TOMBSTONES.c.warning_id == name)
            await tx.execute(select(TOMBSTONES.c.revision).where(mine).with_for_update())


async def bury(tx: Transaction, mode: Mode, warning_id: UUID, revision: int, reason: Withdrawal) -> bool:
    """Note that this revision and all before it are ended; return False when that was known already."""
    mine = (TOMBSTONES.c.mode == mode) & (TOMBSTONES.c.warning_id == str(warning_id))
    newer = update(TOMBSTONES).where(mine, TOMBSTONES.c.revision < revision)
    return (await tx.execute(newer.values(revision=revision, reason=reason, at=tx.now))).rowcount > 0


async def stone(reader: Reader, mode: Mode, warning_id: UUID) -> Stone | None:
    """Return what is ended of a warning, None when nothing is."""
    mine = (TOMBSTONES.c.mode == mode) & (TOMBSTONES.c.warning_id == str(warning_id))
    statement = select(TOMBSTONES.c.revision, TOMBSTONES.c.reason, TOMBSTONES.c.at)
    row = (await reader.execute(statement.where(mine, TOMBSTONES.c.revision > 0))).one_or_none()
    return Stone(row.revision, Withdrawal(row.reason), row.at) if row is not None else None


async def fold(tx: Transaction, report: DeliveryReported) -> None:
    """Keep a photograph of a delivery, unless a later one is known."""
    photograph = {
        "delivery_id": str(report.delivery_id),
        "report": report.report,
        "tally": orjson.dumps({state.value: count for state, count in report.tally.items()}),
        "at": report.at,
    }
    row = upsert(tx, PROGRESS).values(photograph)
    newest = {name: row.excluded[name] for name in ("report", "tally", "at")}
    older = PROGRESS.c.report < row.excluded.report
    await tx.execute(row.on_conflict_do_update(index_elements=["delivery_id"], set_=newest, where=older))


def tally_of(stored: bytes) -> dict[TargetState, int]:
    """Return a stored tally."""
    return {TargetState(state): count for state, count in orjson.loads(stored).items()}
