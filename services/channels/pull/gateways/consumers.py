"""The gateways' house hears deliveries, ends of warnings, and the district's registry block."""

import base64

from contracts.delivery import DeliveryRequested, DeliveryWithdrawn
from contracts.message import PREFIX, Message
from contracts.registry import BLOCK_CONTEXT, BlockChanged, DistrictBlock
from contracts.streams import stream_of
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
from services.channels.pull.gateways.actions import deliver, end
from services.channels.pull.gateways.parts import Parts
from services.channels.pull.gateways.store import gateways
from services.kit.consumer import Handler, Subscription, subscriptions
from services.kit.db import Transaction

_DELIVERIES: list[type[Message]] = [DeliveryRequested, DeliveryWithdrawn]
_ENDS: list[type[Message]] = [WarningUpdated, WarningCancelled, WarningHalted, WarningExpired]

DISTRICT = "district"
"""The block of what is not tied to a town; villages and towns are not this house's business."""


def subscriptions_of(parts: Parts) -> list[Subscription]:
    """Return what this house hears."""

    async def on_delivery(tx: Transaction, message: Message) -> None:
        await _on_delivery(tx, parts, message)

    async def on_end(tx: Transaction, message: Message) -> None:
        assert isinstance(message, WarningMessage)
        await end.end(tx, parts, message.warning_id, withdrawn_up_to(message), ENDS[type(message)])

    async def on_block(tx: Transaction, message: Message) -> None:
        assert isinstance(message, BlockChanged)
        await _on_block(tx, parts, message)

    return [
        *_deliveries(Channel.SMS, on_delivery),
        *_deliveries(Channel.AREA, on_delivery),
        *subscriptions("channels-gateways-end", _ENDS, on_end),
        Subscription(
            durable="channels-gateways-registry",
            stream=stream_of(BlockChanged.noun, BlockChanged.verb),
            subjects=(f"{PREFIX}.{BlockChanged.stem()}.{DISTRICT}",),
            handle=on_block,
        ),
    ]


def _deliveries(channel: Channel, handle: Handler) -> list[Subscription]:
    return subscriptions("channels-deliver", _DELIVERIES, handle, key=channel, brief=True)


async def _on_delivery(tx: Transaction, parts: Parts, message: Message) -> None:
    match message:
        case DeliveryRequested():
            await deliver.deliver(tx, parts, message)
        case DeliveryWithdrawn():
            await end.end(tx, parts, message.warning_id, message.revision, message.reason)


async def _on_block(tx: Transaction, parts: Parts, block: BlockChanged) -> None:
    """Learn the gateways and their keys; an older copy than the one here changes nothing."""
    if not await gateways.newer(tx, block.block, block.at):
        return
    if block.gone:
        await gateways.replace(tx, ())
        return
    plain = parts.crypto.unseal(base64.b64decode(block.sealed), BLOCK_CONTEXT)
    await gateways.replace(tx, DistrictBlock.model_validate_json(plain).gateways)
