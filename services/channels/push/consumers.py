"""What a push house hears: its channel's requests and withdrawals, and every end of a warning."""

from collections.abc import Callable

from contracts.delivery import DeliveryRequested, DeliveryWithdrawn
from contracts.message import Message
from contracts.registry import BlockChanged
from contracts.sparing import DeliverySpared
from contracts.values import Channel, Mode
from contracts.warning import (
    ENDS,
    WarningCancelled,
    WarningExpired,
    WarningHalted,
    WarningMessage,
    WarningUpdated,
    withdrawn_up_to,
)
from services.channels import ground
from services.channels.push.actions import sparing, take
from services.channels.push.store.tables import PLACES
from services.kit.consumer import Subscription, subscriptions
from services.kit.crypto import CryptoProvider
from services.kit.db import Transaction

_DELIVER: list[type[Message]] = [DeliveryRequested, DeliveryWithdrawn]
_ENDS: list[type[Message]] = [WarningUpdated, WarningCancelled, WarningHalted, WarningExpired]


def heard(channel: Channel, wake: Callable[[Mode], None], crypto: CryptoProvider) -> list[Subscription]:
    """Return what the house of a channel hears; `wake` is called when something was stored."""

    async def on_delivery(tx: Transaction, message: Message) -> None:
        if isinstance(message, DeliveryRequested):
            await take.take(tx, message)
            tx.after_commit(lambda: wake(message.mode))
        elif isinstance(message, DeliveryWithdrawn):
            await take.end(tx, message.warning_id, message.revision, message.reason)
            tx.after_commit(lambda: wake(message.mode))

    async def on_end(tx: Transaction, message: Message) -> None:
        assert isinstance(message, WarningMessage)
        await take.end(tx, message.warning_id, withdrawn_up_to(message), ENDS[type(message)])
        tx.after_commit(lambda: wake(message.mode))

    async def on_spared(tx: Transaction, message: Message) -> None:
        assert isinstance(message, DeliverySpared)
        await sparing.spare(tx, message)
        tx.after_commit(lambda: wake(message.mode))

    found = [
        *subscriptions("channels-deliver", _DELIVER, on_delivery, key=channel),
        *subscriptions(f"channels-{channel}-end", _ENDS, on_end),
    ]
    if channel is Channel.VOICE:
        found += subscriptions("channels-spare", [DeliverySpared], on_spared, key=channel)
    if channel is Channel.WEB:

        async def on_block(tx: Transaction, message: Message) -> None:
            assert isinstance(message, BlockChanged)
            await ground.learn(tx, PLACES, crypto, message)

        places = ("yutian.registry.v1.changed.>",)
        found.append(Subscription("channels-web-registry", "REGISTRY", places, on_block))
    return found
