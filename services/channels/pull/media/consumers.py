"""What the newsrooms' desk hears."""

import base64

from contracts.delivery import DeliveryRequested, DeliveryWithdrawn
from contracts.message import PREFIX, Message
from contracts.registry import BLOCK_CONTEXT, BlockChanged, DistrictBlock
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
from services.channels.pull.media import actions, store
from services.kit.consumer import Subscription, subscriptions
from services.kit.crypto import CryptoProvider
from services.kit.db import Transaction

_DELIVER: list[type[Message]] = [DeliveryRequested, DeliveryWithdrawn]
_ENDS: list[type[Message]] = [WarningUpdated, WarningCancelled, WarningHalted, WarningExpired]
DISTRICT = "district"


def heard(crypto: CryptoProvider) -> list[Subscription]:
    """Return what this house hears."""

    async def on_block(tx: Transaction, message: Message) -> None:
        assert isinstance(message, BlockChanged)
        if message.gone:
            return
        plain = crypto.unseal(base64.b64decode(message.sealed), BLOCK_CONTEXT)
        ours = [a for a in DistrictBlock.model_validate_json(plain).accounts if a.channel == Channel.MEDIA]
        await store.learn(tx, ours, message.block, message.at)

    return [
        *subscriptions("channels-deliver", _DELIVER, _on_delivery, key=Channel.MEDIA),
        *subscriptions("channels-media-end", _ENDS, _on_end),
        Subscription(
            "channels-media-registry", "REGISTRY", (f"{PREFIX}.{BlockChanged.stem()}.{DISTRICT}",), on_block
        ),
    ]


async def _on_delivery(tx: Transaction, message: Message) -> None:
    if isinstance(message, DeliveryRequested):
        await actions.take(tx, message)
    elif isinstance(message, DeliveryWithdrawn):
        await actions.end(tx, message.warning_id, message.revision, message.reason)


async def _on_end(tx: Transaction, message: Message) -> None:
    assert isinstance(message, WarningMessage)
    await actions.end(tx, message.warning_id, withdrawn_up_to(message), ENDS[type(message)])
