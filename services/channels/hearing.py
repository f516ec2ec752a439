"""What houses of channels hear: deliveries for a channel, ends of warnings, blocks, what is missed of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from contracts.delivery import DeliveryRequested, DeliveryWithdrawn
from contracts.difference import DifferenceTold
from contracts.message import PREFIX, Message
from contracts.registry import BlockChanged
from contracts.streams import stream_of
from contracts.values import Channel, Mode, Withdrawal
from contracts.warning import ENDS, WarningMessage, withdrawn_up_to
from services.kit.consumer import Subscription, subscriptions
from services.kit.db import Transaction

DISTRICT = "district"
"""The block of what is not tied to a town."""


@dataclass(frozen=True)
class Ended:
    """A warning that ended, up to a revision, and why."""

    mode: Mode
    warning_id: UUID
    revision: int
    reason: Withdrawal


Take = Callable[[Transaction, DeliveryRequested], Awaitable[None]]
End = Callable[[Transaction, Ended], Awaitable[None]]
Learn = Callable[[Transaction, BlockChanged], Awaitable[None]]
Again = Callable[[Transaction, UUID, UUID], Awaitable[bool]]
"""Says the newest report of a delivery of a warning again; False when the delivery is not here."""


def deliveries(channel: Channel, take: Take, end: End, *, brief: bool = False) -> list[Subscription]:
    """Return how a house hears what a channel is asked to deliver, and what is withdrawn."""

    async def on_delivery(tx: Transaction, message: Message) -> None:
        match message:
            case DeliveryRequested():
                await take(tx, message)
            case DeliveryWithdrawn():
                await end(tx, Ended(message.mode, message.warning_id, message.revision, message.reason))

    asked: list[type[Message]] = [DeliveryRequested, DeliveryWithdrawn]
    return subscriptions("channels-deliver", asked, on_delivery, key=channel, brief=brief)


def ends(house: str, end: End) -> list[Subscription]:
    """Return how a house hears every end of a warning."""

    async def on_end(tx: Transaction, message: Message) -> None:
        assert isinstance(message, WarningMessage)
        reason = ENDS[type(message)]
        await end(tx, Ended(message.mode, message.warning_id, withdrawn_up_to(message), reason))

    return subscriptions(f"channels-{house}-end", list(ENDS), on_end)


def differences(channel: Channel, again: Again, *, brief: bool = False) -> list[Subscription]:
    """Return how a house hears that reports of its deliveries got lost, or do not add up.

    A report is a photograph: said again it tells nothing new of what was delivered, also after its end.
    """

    async def on_difference(tx: Transaction, message: Message) -> None:
        assert isinstance(message, DifferenceTold)
        known = [one for one in sorted(message.deliveries) if await again(tx, message.warning_id, one)]
        if known:
            tx.record(
                "difference.driven",
                mode=message.mode,
                warning_id=message.warning_id,
                what=message.what,
                revision=message.revision,
                channel=channel,
                count=len(known),
            )

    return subscriptions("channels-again", [DifferenceTold], on_difference, key=channel, brief=brief)


def blocks(house: str, learn: Learn, block: str = ">") -> Subscription:
    """Return how a house hears the registry: one block, or all of them."""

    async def on_block(tx: Transaction, message: Message) -> None:
        assert isinstance(message, BlockChanged)
        await learn(tx, message)

    stream = stream_of(BlockChanged.noun, BlockChanged.verb)
    subjects = (f"{PREFIX}.{BlockChanged.stem()}.{block}",)
    return Subscription(f"channels-{house}-registry", stream, subjects, on_block)
