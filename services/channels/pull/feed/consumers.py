"""What the feed hears."""

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
from services.channels import ground
from services.channels.pull.feed import actions, store
from services.kit.consumer import Subscription, subscriptions
from services.kit.crypto import CryptoProvider
from services.kit.db import Transaction

_DELIVER: list[type[Message]] = [DeliveryRequested, DeliveryWithdrawn]
_ENDS: list[type[Message]] = [WarningUpdated, WarningCancelled, WarningHalted, WarningExpired]


def heard(crypto: CryptoProvider, changed: Callable[[], None]) -> list[Subscription]:
    """Return what the feed hears; `changed` is called when it must be rendered anew."""

    async def on_delivery(tx: Transaction, message: Message) -> None:
        if isinstance(message, DeliveryRequested):
            await actions.publish(tx, message)
        elif isinstance(message, DeliveryWithdrawn):
            await actions.end(tx, message.warning_id, message.revision, message.reason)
        tx.after_commit(changed)

    async def on_end(tx: Transaction, message: Message) -> None:
        assert isinstance(message, WarningMessage)
        await actions.end(tx, message.warning_id, withdrawn_up_to(message), ENDS[type(message)])
        tx.after_commit(changed)

    async def on_block(tx: Transaction, message: Message) -> None:
        assert isinstance(message, BlockChanged)
        if await ground.learn(tx, store.PLACES, crypto, message):
            tx.after_commit(changed)

    return [
        *subscriptions("channels-deliver", _DELIVER, on_delivery, key=Channel.FEED),
        *subscriptions("channels-feed-end", _ENDS, on_end),
        Subscription("channels-feed-registry", "REGISTRY", ("yutian.registry.v1.changed.>",), on_block),
    ]
