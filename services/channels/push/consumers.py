"""What a push house hears: its channel's requests and withdrawals, and every end of a warning."""

from collections.abc import Callable

from contracts.delivery import DeliveryRequested
from contracts.message import Message
from contracts.registry import BlockChanged
from contracts.sparing import DeliverySpared
from contracts.values import Channel, Mode
from services.channels import ground, hearing, worded
from services.channels.hearing import Ended
from services.channels.push.actions import sparing, take
from services.channels.push.store.tables import DELIVERIES, PLACES
from services.channels.renderings import Looks
from services.channels.worded import Words
from services.kit.consumer import Subscription, subscriptions
from services.kit.crypto import CryptoProvider
from services.kit.db import Transaction


def heard(
    channel: Channel, wake: Callable[[Mode], None], crypto: CryptoProvider, looks: Looks
) -> list[Subscription]:
    """Return what the house of a channel hears; `wake` is called when something was stored."""
    words, looking = Words(DELIVERIES), dict(looks.channels)[channel]

    async def on_delivery(tx: Transaction, request: DeliveryRequested) -> None:
        unsaid = await words.unsaid(tx, request)
        await take.take(tx, request)
        if unsaid:
            worded.say_look(tx, request, looking)
        tx.after_commit(lambda: wake(request.mode))

    async def on_end(tx: Transaction, ended: Ended) -> None:
        await take.end(tx, ended.warning_id, ended.revision, ended.reason)
        tx.after_commit(lambda: wake(ended.mode))

    found = [*hearing.deliveries(channel, on_delivery, on_end), *hearing.ends(channel, on_end)]
    found += hearing.differences(channel, take.again)
    if channel is Channel.VOICE:
        found += _spared(wake)
    if channel is Channel.WEB:
        found.append(_places(crypto))
    return found


def _spared(wake: Callable[[Mode], None]) -> list[Subscription]:
    """Return how telephone calls hear that they are needless."""

    async def on_spared(tx: Transaction, message: Message) -> None:
        assert isinstance(message, DeliverySpared)
        await sparing.spare(tx, message)
        tx.after_commit(lambda: wake(message.mode))

    return subscriptions("channels-spare", [DeliverySpared], on_spared, key=Channel.VOICE)


def _places(crypto: CryptoProvider) -> Subscription:
    """Return how the browsers' house hears where people live."""

    async def on_block(tx: Transaction, block: BlockChanged) -> None:
        await ground.learn(tx, PLACES, crypto, block)

    return hearing.blocks(Channel.WEB, on_block)
