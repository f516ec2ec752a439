"""Told: what a partner says of a delivery by the name that it gave it, before it is asked."""

from collections.abc import Callable

from contracts.values import Mode
from services.channels.push import model
from services.channels.push.actions import photograph
from services.channels.push.adapter import Answer, Job
from services.channels.push.model import Delivery, Stage
from services.channels.push.store import deliveries
from services.kit.db import Database, Transaction

Meaning = Callable[[Job], Answer]
"""What the partner's words mean for a delivery."""


async def told(db: Database, reference: str, modes: frozenset[Mode], meaning: Meaning) -> bool:
    """Fold in what a partner says of a delivery of its own accord; return whether the delivery is known.

    An attempt that is under way goes on as if nothing had been told, and sees the same.
    """
    async with db.transaction() as tx:
        delivery = await deliveries.called(tx, reference)
        if delivery is None or delivery.request.mode not in modes:
            return False
        answer = meaning(_job(tx, delivery))
        folded, changed = delivery.answered(answer, tx.now).fold(answer.states)
        if folded.stage is Stage.FOLLOW and folded.claimed_until is None:
            folded = folded.settled(answer.ask_again_s, tx.now)
        await photograph.say(tx, folded, changed, answer.details)
    return True


def _job(tx: Transaction, delivery: Delivery) -> Job:
    request = delivery.request
    return Job(
        request=request,
        at=tx.now,
        states=delivery.target_states,
        targets=model.names_of(request, deliveries.hashes(request)),
        air=delivery.air,
        reference=delivery.reference,
        memo=delivery.memo,
    )
