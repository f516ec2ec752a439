"""What the newsrooms' desk hears."""

import base64

from contracts.delivery import DeliveryRequested
from contracts.registry import BLOCK_CONTEXT, BlockChanged, DistrictBlock
from contracts.values import Channel
from services.channels import hearing, worded
from services.channels.hearing import Ended
from services.channels.pull.media import actions, store, wording
from services.channels.worded import Words
from services.kit.consumer import Subscription
from services.kit.crypto import CryptoProvider
from services.kit.db import Transaction


def heard(crypto: CryptoProvider) -> list[Subscription]:
    """Return what this house hears."""
    words, looking = Words(store.DELIVERIES), dict(wording.LOOKS.channels)[Channel.MEDIA]

    async def on_delivery(tx: Transaction, request: DeliveryRequested) -> None:
        unsaid = await words.unsaid(tx, request)
        await actions.take(tx, request)
        if unsaid:
            worded.say_look(tx, request, looking)

    async def on_block(tx: Transaction, block: BlockChanged) -> None:
        if block.gone:
            return
        plain = crypto.unseal(base64.b64decode(block.sealed), BLOCK_CONTEXT)
        ours = [a for a in DistrictBlock.model_validate_json(plain).accounts if a.channel == Channel.MEDIA]
        await store.learn(tx, ours, block.block, block.at)

    return [
        *hearing.deliveries(Channel.MEDIA, on_delivery, _on_end),
        *hearing.ends("media", _on_end),
        *hearing.differences(Channel.MEDIA, actions.again),
        hearing.blocks("media", on_block, hearing.DISTRICT),
    ]


async def _on_end(tx: Transaction, ended: Ended) -> None:
    await actions.end(tx, ended.warning_id, ended.revision, ended.reason)
