"""A village's block as the router keeps it: the place and its people in columns, the addresses apart.

Who counts needs no address and opens none; who makes batches opens both and takes the same rows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from contracts.registry import RecipientEntry, VillageBlock
from contracts.values import Channel
from services.router.model.people import KeyedHash, Kind, People
from services.router.model.wishes import ALL, Wish

Letters = NDArray[np.uint8]
"""Rows of equal width: one JSON list and a comma for each recipient, then spaces."""

SPACE = ord(" ")


@dataclass(frozen=True, eq=False)
class OpenedVillage:
    """A village's block, or a further part of one: the place, and its recipients in columns."""

    village: VillageBlock
    people: People


@dataclass(frozen=True, eq=False)
class Addresses:
    """The phone numbers and openids of one block, row by row as they travel in batches."""

    phones: Letters
    openids: Letters
    stations: Mapping[int, str]
    """Whoever answers for a station without a device, by row: its code."""

    def letters(self, channel: Channel) -> Letters:
        """Return the rows of a sealed channel."""
        return self.phones if channel is Channel.SMS else self.openids


def pack(block: VillageBlock, keyed_hash: KeyedHash, hash_key: str | None = None) -> tuple[bytes, bytes]:
    """Return place and people, and the addresses, as bytes; the key of the hashes is noted."""
    people = People.of(block.recipients, keyed_hash)
    head = {
        "village": block.model_dump(mode="json", exclude={"recipients"}),
        "table": [[kind.role, kind.groups, *kind.wish] for kind in people.table],
        "count": len(people),
        "hash_key": hash_key,
    }
    return _framed(head, people.to_bytes()), _addresses(block.recipients)


def unpack(content: bytes) -> OpenedVillage:
    """Return the place and its people."""
    head, rest = _unframed(content)
    people = People.from_bytes(rest, _table(head), head["count"])
    return OpenedVillage(VillageBlock.model_validate(head["village"]), people)


def unpack_people(content: bytes) -> People:
    """Return the people alone."""
    head, rest = _unframed(content)
    return People.from_bytes(rest, _table(head), head["count"])


def hash_key_of(content: bytes) -> str | None:
    """Return the key under which the hashes of packed people were made; None when nobody noted it."""
    key: str | None = _unframed(content)[0].get("hash_key")
    return key


def _table(head: Any) -> list[Kind]:
    """Return the kinds of a block; one that was packed before there were wishes has none."""
    return [
        Kind(role, tuple(groups), Wish(tuple(wish[0]), tuple(wish[1]), *wish[2:]) if wish else ALL)
        for role, groups, *wish in head["table"]
    ]


def unpack_addresses(content: bytes) -> Addresses:
    """Return the addresses of a block."""
    head, rest = _unframed(content)
    count, width = head["count"], head["phones"]
    whole = np.frombuffer(rest, np.uint8)
    phones, openids = np.split(whole, [count * width])
    stations = {int(row): code for row, code in head["stations"].items()}
    return Addresses(phones.reshape(count, width), openids.reshape(count, head["openids"]), stations)


def stacked(parts: Sequence[Letters]) -> Letters:
    """Return rows of several widths as rows of the widest."""
    width = max((part.shape[1] for part in parts), default=0)
    whole = np.full((sum(len(part) for part in parts), width), SPACE, np.uint8)
    start = 0
    for part in parts:
        whole[start : start + len(part), : part.shape[1]] = part
        start += len(part)
    return whole


def body_of(letters: Letters) -> bytes:
    """Return rows as one JSON array; spaces between its entries mean nothing."""
    return b"[" + letters.tobytes().rstrip(b" ").removesuffix(b",") + b"]"


def _addresses(recipients: Sequence[RecipientEntry]) -> bytes:
    phones = _rows([entry.phone for entry in recipients])
    openids = _rows([entry.openid for entry in recipients])
    head = {
        "count": len(recipients),
        "phones": len(phones) // max(1, len(recipients)),
        "openids": len(openids) // max(1, len(recipients)),
        "stations": {str(row): entry.station for row, entry in enumerate(recipients) if entry.station},
    }
    return _framed(head, phones + openids)


def _rows(addresses: Sequence[str | None]) -> bytes:
    rows = [orjson.dumps([address]) + b"," if address else b"" for address in addresses]
    width = max((len(row) for row in rows), default=0)
    return b"".join(row.ljust(width) for row in rows)


def _framed(head: Any, rest: bytes) -> bytes:
    written = orjson.dumps(head)
    return len(written).to_bytes(4, "big") + written + rest


def _unframed(content: bytes) -> tuple[Any, memoryview]:
    length = int.from_bytes(content[:4], "big")
    return orjson.loads(content[4 : 4 + length]), memoryview(content)[4 + length :]
