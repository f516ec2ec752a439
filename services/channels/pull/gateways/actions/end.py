"""End revisions of a warning: nothing more of them goes out, and gateways are told to stop."""

from functools import partial
from uuid import UUID

from contracts.delivery import DeliveryRequested
from contracts.values import Action, Withdrawal
from services.channels import tombstones
from services.channels.pull.gateways import bell
from services.channels.pull.gateways.actions.photograph import photograph
from services.channels.pull.gateways.parts import Parts
from services.channels.pull.gateways.store import batches, halts
from services.channels.pull.gateways.store.tables import TOMBSTONES
from services.kit.db import Transaction


async def end(tx: Transaction, parts: Parts, warning_id: UUID, revision: int, reason: Withdrawal) -> None:
    """Withdraw what nobody has reported on, up to a revision; stay ready for results that still come."""
    new = await tombstones.bury(tx, TOMBSTONES, warning_id, revision, reason)
    if not new and reason is not Withdrawal.EXPIRED:
        return
    works = await batches.lock_warning(tx, warning_id, revision)
    ended = [(work, work.ended(reason)) for work in works]
    await batches.save(
        tx, [photograph(tx, after, detail=reason) for before, after in ended if after != before]
    )
    if not new:
        return
    told = await batches.gateways_that_leased(tx, warning_id, revision)
    await halts.add(tx, told, warning_id, revision, reason)
    for gateway, mode in told:
        tx.after_commit(partial(parts.bells.ring, bell.halts(gateway, mode)))


async def end_earlier(tx: Transaction, parts: Parts, request: DeliveryRequested) -> None:
    """End what a request replaces or lifts: no number is ever in live leases of two revisions."""
    reason = Withdrawal.CANCELLED if request.action is Action.STOP else Withdrawal.UPDATED
    await end(tx, parts, request.warning_id, request.revision - 1, reason)
