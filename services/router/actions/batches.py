"""Seal: recipients are opened for the time it takes to put them into batches, and closed again."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson

from contracts.canonical import sha256_hex
from contracts.delivery import SealedBatch, delivery_id_of
from contracts.registry import BLOCK_CONTEXT, RecipientEntry, VillageBlock
from contracts.values import Channel, Mode
from services.kit.crypto import CryptoProvider
from services.kit.errors import Reject
from services.router.model.deliveries import BlockShare
from services.router.model.people import Batch, People, Rendering, cut, pick
from services.router.model.registry import Registry, open_block


@dataclass(frozen=True)
class Order:
    """Which batches are wanted: of which revision and channel, from which blocks, carried by whom."""

    mode: Mode
    warning_id: UUID
    revision: int
    channel: Channel
    shares: Sequence[BlockShare]
    routes: Sequence[Sequence[str]]


def seal(order: Order, sealed: Mapping[str, bytes], crypto: CryptoProvider) -> dict[UUID, SealedBatch]:
    """Return the sealed batches of an order by delivery id; raise Reject when they are not the manifest's.

    Blocking and heavy: run it in a thread.
    """
    opened = [_recipients(sealed[share.sha256], crypto) for share in order.shares]
    packed = [People.of(recipients, crypto.keyed_hash) for recipients in opened]
    sms = order.channel is Channel.SMS
    picked = pick([p.phones if sms else p.openids for p in packed], drill=order.mode is Mode.DRILL)
    if len(picked) != sum(share.count for share in order.shares):
        raise Reject(f"the recipients of {order.channel} are not those of the manifest")
    reached = [[r for r in recipients if (r.phone if sms else r.openid)] for recipients in opened]
    batches = cut(picked, order.routes)
    return dict(_sealed(order, batch, _rows(order, batch, reached, crypto), crypto) for batch in batches)


def open_district(keys: Mapping[str, str], sealed: Mapping[str, bytes], crypto: CryptoProvider) -> Registry:
    """Return the registry of the district's own blocks alone: who carries what."""
    opened = {
        sha256: open_block(key, crypto.unseal(sealed[sha256], BLOCK_CONTEXT), crypto.keyed_hash)
        for key, sha256 in keys.items()
    }
    return Registry.of(keys, opened)


def link_token(crypto: CryptoProvider, order: Order, station: str) -> str:
    """Return the end of the link by which a person confirms for a station without a device.

    It names what it confirms, and only we can make it: `<station>-<warning>-<revision>-<proof>`.
    """
    proof = crypto.short_token("confirm", f"{order.mode}/{station}/{order.warning_id}/{order.revision}")
    return f"{station}-{order.warning_id.hex}-{order.revision}-{proof}"


def _recipients(sealed: bytes, crypto: CryptoProvider) -> tuple[RecipientEntry, ...]:
    return VillageBlock.model_validate_json(crypto.unseal(sealed, BLOCK_CONTEXT)).recipients


def _rows(
    order: Order, batch: Batch, reached: Sequence[Sequence[RecipientEntry]], crypto: CryptoProvider
) -> list[list[str | None]]:
    """Return what a carrier needs of each recipient: the address, and the link's end where there is one."""
    members = [reached[one.source][one.place] for one in batch.members]
    if order.channel is Channel.WECHAT:
        return [[member.openid] for member in members]
    if batch.rendering is not Rendering.PERSON:
        return [[member.phone] for member in members]
    return [[member.phone, link_token(crypto, order, str(member.station))] for member in members]


def _sealed(
    order: Order, batch: Batch, rows: list[list[str | None]], crypto: CryptoProvider
) -> tuple[UUID, SealedBatch]:
    delivery_id = delivery_id_of(order.warning_id, order.revision, order.channel, batch.part)
    sealed = crypto.seal(orjson.dumps(rows), SealedBatch.context(order.mode, delivery_id))
    return delivery_id, SealedBatch(
        size=len(batch.members),
        rendering=batch.rendering.word,
        route=batch.route,
        hashes=base64.b64encode(b"".join(one.hash for one in batch.members)).decode(),
        sealed=base64.b64encode(sealed).decode(),
        sha256=sha256_hex(sealed),
    )
