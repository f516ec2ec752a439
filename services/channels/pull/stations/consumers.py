"""Messages in, actions called."""

from collections.abc import Callable

from contracts.delivery import DeliveryRequested, DeliveryWithdrawn
from contracts.message import Message
from contracts.registry import BlockChanged
from contracts.values import Channel
from contracts.warning import (
    ENDS,
    WarningCancelled,
    WarningExpired,
    WarningHalted,
    WarningMessage,
    WarningUpdated,
    withdrawn_up_to,
)
from services.channels.pull.stations.actions.deliver import Poke, deliver
from services.channels.pull.stations.actions.end import end
from services.channels.pull.stations.actions.learn import learn
from services.kit.consumer import Subscription, subscriptions
from services.kit.crypto import CryptoProvider
from services.kit.db import Transaction


def subscriptions_of(
    crypto: CryptoProvider, poke: Poke, learned: Callable[[set[str]], None]
) -> list[Subscription]:
    """Return everything that this house hears."""

    async def on_delivery(tx: Transaction, message: Message) -> None:
        match message:
            case DeliveryRequested():
                await deliver(tx, message, poke)
            case DeliveryWithdrawn():
                await end(tx, message.warning_id, message.revision, message.reason, poke)

    async def on_end(tx: Transaction, message: Message) -> None:
        assert isinstance(message, WarningMessage)
        await end(tx, message.warning_id, withdrawn_up_to(message), ENDS[type(message)], poke)

    async def on_block(tx: Transaction, message: Message) -> None:
        assert isinstance(message, BlockChanged)
        revoked = await learn(tx, crypto, message)
        tx.after_commit(lambda: learned(revoked))

    ends: list[type[Message]] = [WarningUpdated, WarningCancelled, WarningHalted, WarningExpired]
    return [
        *subscriptions(
            "channels-deliver", [DeliveryRequested, DeliveryWithdrawn], on_delivery, key=Channel.STATION
        ),
        *subscriptions("channels-stations-end", ends, on_end),
        Subscription("channels-stations-registry", "REGISTRY", ("yutian.registry.v1.changed.>",), on_block),
    ]
