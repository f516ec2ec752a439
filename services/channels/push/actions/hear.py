"""Hear: what a partner tells us of its own accord is kept at once, and folded in by portions."""

from contracts.outcome import TargetState
from services.channels.push.actions import photograph
from services.channels.push.model import Delivery, Stage
from services.channels.push.store import deliveries, heard
from services.kit.db import Database, Transaction

AT_ONCE = 1000


async def keep(db: Database, message_id: str, state: TargetState, detail: str | None) -> None:
    """Keep what a partner said of one message, known or not yet known."""
    async with db.transaction() as tx:
        await heard.keep_event(tx, message_id, state, detail)


async def fold(db: Database) -> int:
    """Fold in what was heard of known messages; return how many events that were."""
    if not await heard.any_event(db):
        return 0
    async with db.transaction() as tx:
        events = await heard.take_events(tx, AT_ONCE)
        for delivery_id, told in sorted(events.items()):
            delivery = await deliveries.get(tx, delivery_id)
            if delivery is not None:
                await _fold(tx, delivery, told)
    return sum(len(told) for told in events.values())


async def _fold(tx: Transaction, delivery: Delivery, told: heard.Told) -> None:
    folded, changed = delivery.fold({position: state for position, (state, _) in told.items()})
    if not folded.open and folded.stage is Stage.FOLLOW and folded.claimed_until is None:
        folded = folded.to(Stage.DONE, tx.now)
    details = {position: detail for position, (_, detail) in told.items() if detail}
    await photograph.say(tx, folded, changed, details)
