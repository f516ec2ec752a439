"""What the deliveries of a plan or an amendment reach: named targets, or sealed batches of recipients."""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from contracts.delivery import SealedBatch, delivery_id_of
from contracts.plan import ChannelTargets
from contracts.values import Channel
from contracts.warning import WarningPublished
from services.kit.crypto import CryptoProvider
from services.kit.db import Transaction
from services.kit.errors import NotFound
from services.router.actions.batches import Order, open_district, seal
from services.router.model.deliveries import block_shares, named_parts
from services.router.model.registry import DISTRICT_KEY
from services.router.store import blocks

Block = TypeVar("Block")


@dataclass(frozen=True)
class Content:
    """What one delivery reaches: named targets or a sealed batch, and who carries it."""

    delivery_id: UUID
    channel: Channel
    targets: tuple[str, ...] = ()
    batch: SealedBatch | None = None
    route: str | None = None


def named(message: WarningPublished, channels: Iterable[ChannelTargets], prefix: str = "") -> list[Content]:
    """Return the deliveries to targets that have names."""
    warning_id, revision = message.warning_id, message.revision
    return [
        Content(
            delivery_id_of(warning_id, revision, part.channel, part.name),
            part.channel,
            targets=part.targets,
            route=part.route,
        )
        for part in named_parts(channels, prefix)
    ]


async def sealed(
    tx: Transaction,
    message: WarningPublished,
    entry: ChannelTargets,
    picks: bytes,
    version: str,
    crypto: CryptoProvider,
    prefix: str = "",
) -> list[Content]:
    """Return the sealed batches of one channel; raise NotFound while a block of the version is not here."""
    shares, channel = block_shares(entry), entry.channel
    keys = await blocks.pinned(tx, version, DISTRICT_KEY)
    district = _all_of(await blocks.sealed(tx, keys.values()), keys.values())
    carriers = open_district(keys, district, crypto).routes(channel)
    addresses = [share.sha256 for share in shares]
    kept = _all_of(await blocks.kept(tx, addresses, whole=True), addresses)
    order = Order(
        message.mode, message.warning_id, message.revision, channel, shares, picks, carriers, prefix
    )
    made = await asyncio.to_thread(seal, order, kept, crypto)
    return [Content(name, channel, batch=batch, route=batch.route) for name, batch in made.items()]


def _all_of(found: Mapping[str, Block], addresses: Iterable[str]) -> Mapping[str, Block]:
    if set(addresses) - found.keys():
        raise NotFound("a block of the pinned registry version is not here")
    return found
