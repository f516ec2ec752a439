"""Spare: note of whom the partner is to be told that he need not be called any more."""

from dataclasses import replace

from contracts.outcome import Column
from contracts.sparing import DeliverySpared
from services.channels.push import model
from services.channels.push.adapter import spared
from services.channels.push.model import Stage
from services.channels.push.store import deliveries
from services.kit.db import Transaction


async def spare(tx: Transaction, message: DeliverySpared) -> None:
    """Note it on the orders that are under way; whoever has answered or was not reached stays as he is.

    An order that was given after it stands: whoever is called again is waited for again.
    """
    wanted = frozenset(message.targets)
    for delivery in await deliveries.of_warning(tx, message.warning_id, message.revision):
        request = delivery.request
        if request.revision != message.revision or request.at > message.at or delivery.withdrawn is not None:
            continue
        names = model.names_of(request, deliveries.hashes(request))
        states = zip(names, delivery.target_states, strict=True)
        hit = {n for n, (name, state) in enumerate(states) if name in wanted and state.column is Column.OPEN}
        if hit:
            listed = " ".join(map(str, sorted(hit | spared(delivery.memo))))
            now = tx.now if delivery.stage is Stage.FOLLOW else delivery.due_at
            due = min(delivery.due_at, now)
            await deliveries.save(tx, replace(delivery, memo={**delivery.memo, "spared": listed}, due_at=due))
