"""What a gateway is seen to do with the test work of its conformance run."""

from collections.abc import Sequence
from uuid import UUID

from contracts.values import Withdrawal
from services.channels.pull.gateways.actions.end import end
from services.channels.pull.gateways.model import conformance
from services.channels.pull.gateways.model.said import Report
from services.channels.pull.gateways.model.work import Work
from services.channels.pull.gateways.parts import Parts
from services.channels.pull.gateways.store import batches, runs
from services.kit.db import Transaction


async def given(tx: Transaction, parts: Parts, works: Sequence[Work]) -> None:
    """Cancel what is to be halted, the moment it is leased."""
    for work in works:
        run = await runs.of(tx, work.run) if work.run else None
        if run is not None and run.check_of(work.delivery_id) == "halted":
            await end(tx, parts, work.warning_id, work.revision, Withdrawal.CANCELLED)


async def extended(tx: Transaction, work: Work) -> None:
    """Note that a lease was extended."""
    await _mark_if(tx, work, "extended")


async def reported(
    tx: Transaction, before: Work, after: Work, said: Report, *, again: bool, late: bool
) -> None:
    """Note what a report shows."""
    run = await runs.of(tx, after.run or "")
    check = run.check_of(after.delivery_id) if run else ""
    if run and conformance.passed(check, before, after, said, again=again, late=late):
        await runs.mark(tx, run.run, check)


async def receipted(tx: Transaction, after: Work) -> None:
    """Note that receipts have come for all numbers."""
    if after.run and conformance.received(after):
        await _mark_if(tx, after, "receipts")


async def halts_read(parts: Parts, gateway: str, warnings: Sequence[str]) -> None:
    """Note that a gateway has heard of the halt of its run."""
    run = await runs.latest(parts.db, gateway)
    if run is None or "halted" in run.marks or "halted" not in run.deliveries:
        return
    async with parts.db.transaction() as tx:
        work = await batches.lock(tx, UUID(run.deliveries["halted"]))
        if work is not None and str(work.warning_id) in warnings:
            await runs.mark(tx, run.run, "halted")


async def _mark_if(tx: Transaction, work: Work, check: str) -> None:
    run = await runs.of(tx, work.run) if work.run else None
    if run is not None and run.check_of(work.delivery_id) == check:
        await runs.mark(tx, run.run, check)
