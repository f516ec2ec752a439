"""Photograph: a delivery is saved, and what is new of it is said."""

from collections.abc import Mapping, Sequence

from contracts.delivery import DeliveryReported
from services.channels.push import model
from services.channels.push.model import Delivery
from services.channels.push.store import deliveries
from services.kit.db import Transaction

_LONGEST_DETAIL = 200


async def say(
    tx: Transaction,
    delivery: Delivery,
    changed: Sequence[int],
    details: Mapping[int, str],
    *,
    asked: bool = False,
) -> Delivery:
    """Save a delivery; say its photograph when something changed or somebody asked."""
    if changed or asked:
        delivery = delivery.photographed()
        tx.emit(_reported(tx, delivery, changed, details))
    await deliveries.save(tx, delivery)
    return delivery


def _reported(
    tx: Transaction, delivery: Delivery, changed: Sequence[int], details: Mapping[int, str]
) -> DeliveryReported:
    request = delivery.request
    names = model.names_of(request, deliveries.hashes(request))
    short = {position: text[:_LONGEST_DETAIL] for position, text in details.items()}
    return DeliveryReported(
        mode=request.mode,
        lane=model.lane_of_report(request),
        warning_id=request.warning_id,
        revision=request.revision,
        channel=request.channel,
        at=tx.now,
        delivery_id=request.delivery_id,
        report=delivery.report,
        tally=delivery.tally,
        outcomes=model.outcomes(names, delivery.target_states, changed, short, tx.now),
    )
