"""What the issuer hears: plans and reports, for the progress view; risk proposals; what the audit misses."""

from typing import Protocol
from uuid import UUID

from contracts.delivery import DeliveryReported, PlanMade
from contracts.difference import ISSUER, DifferenceTold
from contracts.message import Message
from contracts.proposal import RiskProposed
from services.issuer.actions import hear_plan, hear_report
from services.issuer.actions.again import again
from services.issuer.actions.starting import hear_proposal
from services.kit.consumer import Subscription, subscriptions
from services.kit.db import Transaction


class Listener(Protocol):
    """Somebody who wants to know that a warning changed."""

    def changed(self, warning_id: UUID) -> None:
        """Note that a report changed a warning."""
        ...


def subscriptions_of(listener: Listener) -> list[Subscription]:
    """Return the consumers of the issuer."""

    async def follow(tx: Transaction, message: Message) -> None:
        if isinstance(message, PlanMade):
            await hear_plan(tx, message)
            warning_id = message.warning_id
        elif isinstance(message, DeliveryReported):
            await hear_report(tx, message)
            warning_id = message.warning_id
        else:
            raise TypeError(f"{type(message).__name__} is not heard here")
        tx.after_commit(lambda: listener.changed(warning_id))

    return [
        *subscriptions("issuer-follow", [PlanMade, DeliveryReported], follow),
        *subscriptions("issuer-propose", [RiskProposed], propose),
        *subscriptions("issuer-again", [DifferenceTold], say_again, key=ISSUER),
    ]


async def propose(tx: Transaction, message: Message) -> None:
    """Keep a risk proposal for whoever composes."""
    assert isinstance(message, RiskProposed)
    await hear_proposal(tx, message)


async def say_again(tx: Transaction, message: Message) -> None:
    """Say again what the audit misses."""
    assert isinstance(message, DifferenceTold)
    await again(tx, message)
