"""Say how far deliveries have come: a photograph with a growing number, and what is new in it."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from contracts.delivery import MOST_TARGETS, DeliveryReported
from contracts.outcome import Outcome, TargetState
from contracts.values import Channel
from services.channels.pull.stations.model import FACTS, Item, lane_of
from services.channels.pull.stations.store import deliveries
from services.channels.pull.stations.store.deliveries import Delivery
from services.kit.db import Transaction


async def take(
    tx: Transaction,
    locked: Sequence[Delivery],
    news: Mapping[UUID, Sequence[Outcome]],
    detail: str | None = None,
) -> None:
    """Count the items of these locked deliveries anew, keep the photographs and say them with what is new."""
    tallies = await deliveries.tallies(tx, [one.delivery_id for one in locked])
    taken = [say(tx, one.next(tallies[one.delivery_id]), news[one.delivery_id], detail) for one in locked]
    if taken:
        await deliveries.keep_photographs(tx, taken)


def say(tx: Transaction, delivery: Delivery, news: Sequence[Outcome], detail: str | None = None) -> Delivery:
    """Say a photograph, in several messages when one cannot carry all that is new; return the last one."""
    assert delivery.tally is not None
    for begin in range(0, max(len(news), 1), MOST_TARGETS):
        if begin:
            delivery = delivery.next(delivery.tally or {})
        part = tuple(news[begin : begin + MOST_TARGETS])
        tx.emit(
            DeliveryReported(
                mode=delivery.mode,
                lane=lane_of(delivery.level, delivery.action, [outcome.state for outcome in part]),
                warning_id=delivery.warning_id,
                revision=delivery.revision,
                channel=Channel.STATION,
                at=tx.now,
                delivery_id=delivery.delivery_id,
                report=delivery.report,
                tally=dict(delivery.tally or {}),
                outcomes=part,
                detail=detail,
            )
        )
    return delivery


def outcomes(item: Item) -> list[Outcome]:
    """Return everything that is known of an item, in the order of the facts."""
    told = [outcome(item, fact) for fact in FACTS if fact in item.facts]
    if item.state in item.facts:
        return told
    return [Outcome(target=item.station, state=item.state, at=item.queued_at), *told]


def outcome(item: Item, fact: TargetState) -> Outcome:
    """Return one fact that an item holds."""
    return Outcome(target=item.station, state=fact, at=item.facts[fact], by=item.by(fact))
