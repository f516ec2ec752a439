"""Take a request, end what is withdrawn, expire what has run out."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from contracts.delivery import DeliveryRequested
from contracts.outcome import TargetState
from contracts.values import Action, Withdrawal
from services.channels import tombstones
from services.channels.push import model
from services.channels.push.actions import photograph
from services.channels.push.model import Delivery
from services.channels.push.store import browsers, deliveries, heard
from services.channels.push.store.tables import TOMBSTONES
from services.kit.db import Database, Transaction
from services.kit.errors import Reject

_ENDS_EARLIER = {Action.REPLACE: Withdrawal.UPDATED, Action.STOP: Withdrawal.CANCELLED}

KEPT = timedelta(days=31)
"""How long a delivery is kept after its expiry: longer than any stream could bring it again."""

EVENTS_KEPT = timedelta(days=2)


async def take(tx: Transaction, request: DeliveryRequested) -> None:
    """Store a request and say how it stands; one that is withdrawn already is never sent."""
    _check(request)
    if request.action in _ENDS_EARLIER:
        await end(tx, request.warning_id, request.revision - 1, _ENDS_EARLIER[request.action])
    ended = await _too_late(tx, request)
    delivery = Delivery.taken(request, tx.now)
    changed: Sequence[int] = range(request.size)
    if ended is not None:
        delivery, changed = delivery.withdraw(ended, tx.now)
    if await deliveries.add(tx, delivery):
        await photograph.say(tx, delivery, changed, {}, asked=True)
    else:
        await again(tx, request.warning_id, request.delivery_id)


def _check(request: DeliveryRequested) -> None:
    if request.batch is not None:
        try:
            counted = len(model.names_of(request, deliveries.hashes(request)))
        except ValueError:
            raise Reject("the hashes of the batch are not base64") from None
        if counted != request.batch.size:
            raise Reject("the batch does not hold as many hashes as recipients")


async def _too_late(tx: Transaction, request: DeliveryRequested) -> Withdrawal | None:
    """Return why nothing of this revision may go out any more, None when it may."""
    if request.notice.expires <= tx.now:
        return Withdrawal.EXPIRED
    return await tombstones.ended(tx, TOMBSTONES, request.warning_id, request.revision)


async def again(tx: Transaction, _warning_id: UUID, delivery_id: UUID) -> bool:
    """Say the last photograph anew, with all that is known: whoever asked has not heard it."""
    delivery = await deliveries.get(tx, delivery_id)
    if delivery is None:
        return False
    queued = TargetState.QUEUED
    told = [n for n, state in enumerate(delivery.target_states) if state is not queued]
    await photograph.say(tx, delivery, told, {}, asked=True)
    return True


async def end(tx: Transaction, warning_id: UUID, up_to: int, reason: Withdrawal) -> None:
    """Let nothing more of these revisions go out."""
    if not await tombstones.bury(tx, TOMBSTONES, warning_id, up_to, reason):
        return
    for delivery in await deliveries.of_warning(tx, warning_id, up_to):
        await _withdraw(tx, delivery, reason)


async def _withdraw(tx: Transaction, delivery: Delivery, reason: Withdrawal) -> None:
    ended, changed = delivery.withdraw(reason, tx.now)
    if ended is not delivery:
        await photograph.say(tx, ended, changed, dict.fromkeys(changed, str(reason)))


async def expire(db: Database) -> int:
    """End what is past its expiry; return how many deliveries were."""
    if not await deliveries.any_ending(db, db.clock.now()):
        return 0
    async with db.transaction() as tx:
        due = await deliveries.ending(tx)
        for delivery in due:
            await _withdraw(tx, delivery, Withdrawal.EXPIRED)
    return len(due)


async def forget(db: Database, now: datetime) -> int:
    """Delete what is long over; return how many deliveries were."""
    async with db.transaction() as tx:
        await heard.forget(tx, now - EVENTS_KEPT)
        await browsers.forget(tx, now - KEPT)
        return await deliveries.forget(tx, now - KEPT)
