"""What the feed hears."""

from collections.abc import Callable

from contracts.delivery import DeliveryRequested
from contracts.registry import BlockChanged
from contracts.values import Channel
from services.channels import ground, hearing, worded
from services.channels.hearing import Ended
from services.channels.pull.feed import actions, store
from services.channels.renderings import Piece
from services.channels.worded import Words
from services.kit.consumer import Subscription
from services.kit.crypto import CryptoProvider
from services.kit.db import Transaction


def heard(crypto: CryptoProvider, changed: Callable[[], None]) -> list[Subscription]:
    """Return what the feed hears; `changed` is called when it must be rendered anew."""

    words = Words(store.ENTRIES)

    async def on_delivery(tx: Transaction, request: DeliveryRequested) -> None:
        unsaid = await words.unsaid(tx, request)
        await actions.publish(tx, request)
        if unsaid:
            worded.say(tx, request, _pieces(request))
        tx.after_commit(changed)

    async def on_end(tx: Transaction, ended: Ended) -> None:
        await actions.end(tx, ended.warning_id, ended.revision, ended.reason)
        tx.after_commit(changed)

    async def on_block(tx: Transaction, block: BlockChanged) -> None:
        if await ground.learn(tx, store.PLACES, crypto, block):
            tx.after_commit(changed)

    return [
        *hearing.deliveries(Channel.FEED, on_delivery, on_end),
        *hearing.ends("feed", on_end),
        *hearing.differences(Channel.FEED, actions.again),
        hearing.blocks("feed", on_block),
    ]


def _pieces(request: DeliveryRequested) -> list[Piece]:
    """Return what readers see of a revision."""
    text = request.notice.text
    parts = {"title": text.headline, "text": text.description, "instruction": text.instruction}
    return [Piece(name=name, text=said) for name, said in parts.items()]
