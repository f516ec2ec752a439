"""End: nothing more of a revision goes out, whether its plan was heard of or not."""

from uuid import UUID

from contracts.delivery import DeliveryWithdrawn
from contracts.values import Channel, Lane, Mode, Withdrawal
from contracts.warning import ENDS, WarningExpired, WarningHalted, WarningPublished, withdrawn_up_to
from services.kit.db import Transaction
from services.router.store import ends, plans


async def end(tx: Transaction, message: WarningHalted | WarningExpired) -> None:
    """Withdraw every revision that a halt or an expiry ends."""
    await ends.lock(tx, message.mode, [message.warning_id])
    up_to = withdrawn_up_to(message)
    await _withdraw_up_to(tx, message.mode, message.warning_id, up_to, ENDS[type(message)])


async def end_predecessors(tx: Transaction, message: WarningPublished) -> None:
    """Withdraw the revisions before this one, and the warnings that it mutes. All of them are locked."""
    await ends.lock(tx, message.mode, [message.warning_id, *(p.warning_id for p in message.supersedes)])
    reason = ENDS.get(type(message))
    if reason is not None:
        await _withdraw_up_to(tx, message.mode, message.warning_id, withdrawn_up_to(message), reason)
    for muted in message.supersedes:
        if muted.warning_id != message.warning_id:
            await _withdraw_up_to(tx, message.mode, muted.warning_id, muted.revision, Withdrawal.SUPERSEDED)


async def _withdraw_up_to(
    tx: Transaction, mode: Mode, warning_id: UUID, revision: int, reason: Withdrawal
) -> None:
    if revision < 1 or not await ends.bury(tx, mode, warning_id, revision, reason):
        return
    for channel in await plans.channels(tx, mode, warning_id, revision):
        withdraw(tx, mode, warning_id, revision, channel, reason)


def withdraw(
    tx: Transaction, mode: Mode, warning_id: UUID, revision: int, channel: Channel, reason: Withdrawal
) -> None:
    """Tell a channel that a revision and all before it are over; always in the urgent lane."""
    tx.emit(
        DeliveryWithdrawn(
            mode=mode,
            lane=Lane.URGENT,
            warning_id=warning_id,
            revision=revision,
            channel=channel,
            at=tx.now,
            reason=reason,
        )
    )
