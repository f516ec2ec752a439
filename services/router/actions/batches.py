"""Seal: recipients are opened for the time it takes to put them into batches, and closed again."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import orjson

from contracts.canonical import sha256_hex
from contracts.delivery import SealedBatch, delivery_id_of
from contracts.values import Channel, Mode
from services.kit.crypto import CryptoProvider
from services.kit.errors import Reject
from services.router.actions.opening import addresses_of, opened, people_of
from services.router.model.cutting import Batch, Classes, cut
from services.router.model.deliveries import BlockShare
from services.router.model.packing import Letters, body_of, stacked, unpack_addresses, unpack_people
from services.router.model.people import Hashes, Mask, People, Rendering
from services.router.model.registry import Registry
from services.router.store.blocks import Kept


@dataclass(frozen=True)
class Order:
    """Which batches are wanted: of which revision and channel, of whom in which blocks, carried by whom."""

    mode: Mode
    warning_id: UUID
    revision: int
    channel: Channel
    shares: Sequence[BlockShare]
    picks: bytes
    routes: Sequence[Sequence[str]]
    prefix: str = ""
    """Of the names of its batches: an amendment's are not the plan's."""


@dataclass(frozen=True, eq=False)
class Picked:
    """Recipients in columns, and what a carrier needs of each."""

    hashes: Hashes
    operators: Any
    renderings: Any
    letters: Letters
    stations: Mapping[int, str]
    """Whoever answers for a station without a device, by row: its code."""

    @classmethod
    def joined(cls, parts: Sequence["Picked"]) -> "Picked":
        """Return the recipients of all parts, one after the other."""
        starts = np.cumsum([0, *(len(part.hashes) for part in parts)]).tolist()
        numbered = zip(starts, parts, strict=False)
        return cls(
            np.concatenate([part.hashes for part in parts]),
            np.concatenate([part.operators for part in parts]),
            np.concatenate([part.renderings for part in parts]),
            stacked([part.letters for part in parts]),
            {start + row: code for start, part in numbered for row, code in part.stations.items()},
        )


def seal(order: Order, kept: Mapping[str, Kept], crypto: CryptoProvider) -> dict[UUID, SealedBatch]:
    """Return the sealed batches of an order by delivery id; raise Reject when they are not the manifest's.

    Blocking and heavy: run it in a thread.
    """
    picked = Picked.joined(list(_parts(order, kept, crypto)))
    ordered = np.sort(picked.hashes)
    if (ordered[1:] == ordered[:-1]).any():
        raise Reject(f"somebody is among the recipients of {order.channel} twice")
    batches = cut(Classes.of(order.routes), picked.hashes, picked.operators, picked.renderings)
    return dict(_sealed(order, batch, picked, crypto) for batch in batches)


def open_district(keys: Mapping[str, str], sealed: Mapping[str, bytes], crypto: CryptoProvider) -> Registry:
    """Return the registry of the district's own blocks alone: who carries what."""
    kept = {sha256: Kept(sha256, sealed[sha256]) for sha256 in keys.values()}
    return Registry.of(keys, {sha256: opened(key, kept[sha256], crypto) for key, sha256 in keys.items()})


def link_token(crypto: CryptoProvider, order: Order, station: str) -> str:
    """Return the end of the link by which a person confirms for a station without a device.

    It names what it confirms, and only we can make it: `<station>-<warning>-<revision>-<proof>`.
    """
    proof = crypto.short_token("confirm", f"{order.mode}/{station}/{order.warning_id}/{order.revision}")
    return f"{station}-{order.warning_id.hex}-{order.revision}-{proof}"


def _parts(order: Order, kept: Mapping[str, Kept], crypto: CryptoProvider) -> Iterator[Picked]:
    people = [unpack_people(people_of(share.key, kept[share.sha256], crypto)) for share in order.shares]
    edges = np.cumsum([0, *map(len, people)])
    size = -(-int(edges[-1]) // 8)
    if len(order.picks) not in (size, 2 * size):
        raise Reject(f"the picks of {order.channel} are not of these blocks")
    bits = np.unpackbits(np.frombuffer(order.picks, np.uint8)).astype(bool)
    picks, raised = (
        bits[: size * 8],
        bits[size * 8 :] if len(order.picks) > size else np.zeros(size * 8, bool),
    )
    for share, crowd, start in zip(order.shares, people, edges, strict=False):
        mine = slice(start, start + len(crowd))
        yield _part(order, share, crowd, kept[share.sha256], crypto, picks[mine], raised[mine])


def _part(
    order: Order,
    share: BlockShare,
    people: People,
    kept: Kept,
    crypto: CryptoProvider,
    picks: Mask,
    raised: Mask,
) -> Picked:
    """Return whom the picks name in one block."""
    addresses = unpack_addresses(addresses_of(share.key, kept, crypto))
    rows = np.flatnonzero(picks)
    if len(rows) != share.count:
        raise Reject(f"the recipients of {order.channel} are not those of the manifest")
    return Picked(
        people.hashes(order.channel)[rows],
        people.operators(rows),
        people.renderings(order.channel, rows, raised),
        addresses.letters(order.channel)[rows],
        {int(np.searchsorted(rows, row)): code for row, code in addresses.stations.items() if picks[row]},
    )


def _body(order: Order, batch: Batch, picked: Picked, crypto: CryptoProvider) -> bytes:
    """Return what a carrier needs of each recipient: the address, and the link's end where there is one."""
    plain = body_of(picked.letters[batch.rows])
    if batch.rendering is not Rendering.PERSON:
        return plain
    stations = (picked.stations[row] for row in batch.rows.tolist())
    tokens = [link_token(crypto, order, station) for station in stations]
    return orjson.dumps([[*one, token] for one, token in zip(orjson.loads(plain), tokens, strict=True)])


def _sealed(order: Order, batch: Batch, picked: Picked, crypto: CryptoProvider) -> tuple[UUID, SealedBatch]:
    delivery_id = delivery_id_of(order.warning_id, order.revision, order.channel, order.prefix + batch.part)
    sealed = crypto.seal(_body(order, batch, picked, crypto), SealedBatch.context(order.mode, delivery_id))
    return delivery_id, SealedBatch(
        size=len(batch.rows),
        rendering=batch.rendering.word,
        route=batch.route,
        hashes=base64.b64encode(picked.hashes[batch.rows].astype(">u8").tobytes()).decode(),
        sealed=base64.b64encode(sealed).decode(),
        sha256=sha256_hex(sealed),
        hash_key=crypto.hash_key,
    )
