"""The gateways' house hears deliveries, ends of warnings, and the district's registry block."""

import base64

from contracts.delivery import DeliveryRequested
from contracts.registry import BLOCK_CONTEXT, BlockChanged, DistrictBlock
from contracts.values import Channel
from services.channels import hearing, worded
from services.channels.hearing import Ended
from services.channels.pull.gateways.actions import deliver, end
from services.channels.pull.gateways.parts import Parts
from services.channels.pull.gateways.store import batches, gateways
from services.channels.pull.gateways.store.tables import BATCHES
from services.channels.renderings import Piece
from services.channels.worded import Words
from services.kit.consumer import Subscription
from services.kit.db import Transaction


def subscriptions_of(parts: Parts) -> list[Subscription]:
    """Return what this house hears; villages and towns are not its business."""

    words = Words(BATCHES)

    async def on_delivery(tx: Transaction, request: DeliveryRequested) -> None:
        rendering = request.batch.rendering if request.batch else "public"
        unsaid = await words.unsaid(tx, request, channel=request.channel.value, rendering=rendering)
        await deliver.deliver(tx, parts, request)
        text = await batches.text_of(tx, request.delivery_id) if unsaid else ""
        if text:
            worded.say(tx, request, [Piece(name="text", text=text)], rendering)

    async def on_end(tx: Transaction, ended: Ended) -> None:
        await end.end(tx, parts, ended.warning_id, ended.revision, ended.reason)

    async def on_block(tx: Transaction, block: BlockChanged) -> None:
        await _on_block(tx, parts, block)

    return [
        *hearing.deliveries(Channel.SMS, on_delivery, on_end, brief=True),
        *hearing.deliveries(Channel.AREA, on_delivery, on_end, brief=True),
        *hearing.ends("gateways", on_end),
        *hearing.differences(Channel.SMS, deliver.again, brief=True),
        *hearing.differences(Channel.AREA, deliver.again, brief=True),
        hearing.blocks("gateways", on_block, hearing.DISTRICT),
    ]


async def _on_block(tx: Transaction, parts: Parts, block: BlockChanged) -> None:
    """Learn the gateways and their keys; an older copy than the one here changes nothing."""
    if not await gateways.newer(tx, block.block, block.at):
        return
    if block.gone:
        await gateways.replace(tx, ())
        return
    plain = parts.crypto.unseal(base64.b64decode(block.sealed), BLOCK_CONTEXT)
    await gateways.replace(tx, DistrictBlock.model_validate_json(plain).gateways)
