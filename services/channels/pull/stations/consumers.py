"""Messages in, actions called."""

from collections.abc import Callable

from contracts.delivery import DeliveryRequested
from contracts.registry import BlockChanged
from contracts.values import Channel
from services.channels import hearing, worded
from services.channels.hearing import Ended
from services.channels.pull.stations.actions.deliver import Poke, again, deliver
from services.channels.pull.stations.actions.end import end
from services.channels.pull.stations.actions.learn import learn
from services.channels.pull.stations.looks import LOOKS
from services.channels.pull.stations.store.tables import DELIVERIES
from services.channels.worded import Words
from services.kit.consumer import Subscription
from services.kit.crypto import CryptoProvider
from services.kit.db import Transaction


def subscriptions_of(
    crypto: CryptoProvider, poke: Poke, learned: Callable[[set[str]], None]
) -> list[Subscription]:
    """Return everything that this house hears."""

    words, looking = Words(DELIVERIES), dict(LOOKS.channels)[Channel.STATION]

    async def on_delivery(tx: Transaction, request: DeliveryRequested) -> None:
        unsaid = await words.unsaid(tx, request)
        await deliver(tx, request, poke)
        if unsaid:
            worded.say_look(tx, request, looking)

    async def on_end(tx: Transaction, ended: Ended) -> None:
        await end(tx, ended.warning_id, ended.revision, ended.reason, poke)

    async def on_block(tx: Transaction, block: BlockChanged) -> None:
        revoked = await learn(tx, crypto, block)
        tx.after_commit(lambda: learned(revoked))

    return [
        *hearing.deliveries(Channel.STATION, on_delivery, on_end),
        *hearing.ends("stations", on_end),
        *hearing.differences(Channel.STATION, again),
        hearing.blocks("stations", on_block),
    ]
