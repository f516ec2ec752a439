"""Postings: the keyed hashes of a batch's recipients, and the sorted pages into which those of a warning go.

A page holds entries of eleven bytes: the hash, the number of its batch within the pages, its place in the
batch. Pages are sorted by hash, and the same hash never stands on two of them, so that whoever asks for one
looks at one page of a warning. A batch's list can be put together again from the pages, byte for byte.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from contracts.delivery import DeliveryRequested
from services.audit.model.entry import Entry, plain

HASH = 8
ENTRY = np.dtype([("hash", ">u8"), ("at", "u1", (3,))])
_SIZE = ENTRY.itemsize

ON_A_PAGE = 365
"""So many entries fit one page of SQLite's with its row around them, without overflow."""

PLACES = 1024
MOST_BATCHES = 1024
"""Batches in one set of pages: a million recipients, eleven megabytes to be sorted at a time."""

FIRST, LAST = bytes(HASH), b"\xff" * HASH

NO_BASE64, OTHER_SIZE, UNSORTED, UNREADABLE = "no-base64", "other-size", "unsorted", "unreadable"
"""Why a list is set aside: it is kept as it was said, and never put into pages."""

_SAID = re.compile(rb'"hashes"\s*:\s*"((?!sha256:)[^"\\]*)"')


@dataclass(frozen=True, slots=True)
class Posting:
    """The recipients of one batch, as a record brings them."""

    position: int
    """That of the record."""
    delivery_id: str
    warning_id: str
    revision: int
    channel: str
    route: str
    key_id: str | None
    """Under which key the hashes were made; None when nobody said."""
    count: int
    hashes: bytes
    """Eight bytes a recipient; of a list that is set aside, the text as it was said."""
    sha256: bytes
    """Of the text as it was said: it stands in the record in its place."""
    fault: str | None = None

    @property
    def span(self) -> tuple[bytes, bytes]:
        """The first and the last hash; a list that is set aside may hold any."""
        if self.fault is not None or not self.hashes:
            return FIRST, LAST
        return self.hashes[:HASH], self.hashes[-HASH:]


def posting(position: int, entry: Entry, payload: bytes) -> Posting | None:
    """Return what a message posts, None of one without a list of hashes."""
    message = entry.message
    if isinstance(message, DeliveryRequested):
        batch = message.batch
        if batch is None:
            return None
        text = batch.hashes.encode(errors="replace")
        raw, fault = listed(text, batch.size)
        head = (str(message.delivery_id), str(message.warning_id), message.revision, message.channel.value)
        return Posting(
            position, *head, plain(batch.route), batch.hash_key, batch.size, raw, digest(text), fault
        )
    found = _SAID.search(payload) if message is None else None
    if found is None:
        return None
    head = ("", "", 0, "")
    return Posting(position, *head, "", None, 0, found[1], digest(found[1]), UNREADABLE)


def listed(text: bytes, count: int) -> tuple[bytes, str | None]:
    """Return the hashes of a list, or the text with the reason why it is none."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return text, NO_BASE64
    if base64.b64encode(raw) != text:
        return text, NO_BASE64
    fault = fault_of(raw, count)
    return (text, fault) if fault else (raw, None)


def fault_of(raw: bytes, count: int) -> str | None:
    """Return why hashes cannot be put into pages, None when they can."""
    if len(raw) != HASH * count:
        return OTHER_SIZE
    numbers = np.frombuffer(raw, ">u8")
    return None if bool(np.all(numbers[:-1] <= numbers[1:])) else UNSORTED


def digest(text: bytes) -> bytes:
    """Return what stands in a record in place of a list."""
    return hashlib.sha256(text).digest()


def said(raw: bytes, fault: str | None) -> bytes:
    """Return a list as it was said."""
    return raw if fault else base64.b64encode(raw)


def among(raw: bytes, fault: str | None, wanted: bytes) -> Iterator[int]:
    """Yield the places of a hash in a list; in one that is set aside, as far as it can be read."""
    if fault is not None:
        try:
            raw = base64.b64decode(raw)
        except (binascii.Error, ValueError):
            return
    at = raw.find(wanted)
    while at >= 0:
        if at % HASH == 0:
            yield at // HASH
        at = raw.find(wanted, at + 1)


@dataclass(frozen=True, slots=True)
class Page:
    """Entries sorted by hash."""

    first: bytes
    entries: bytes


def merged(pages: Iterable[bytes], fresh: Mapping[int, bytes]) -> list[Page]:
    """Return the pages of what was gathered before and of new batches by their numbers."""
    parts = [*pages]
    for ordinal, raw in fresh.items():
        part = np.empty(len(raw) // HASH, ENTRY)
        part["hash"] = np.frombuffer(raw, ">u8")
        part["at"] = _packed(ordinal * PLACES + np.arange(len(part), dtype=np.uint32))
        parts.append(part.tobytes())
    whole = np.frombuffer(b"".join(parts), ENTRY)
    hashes = whole["hash"].astype(np.uint64)
    order = np.lexsort((_numbers(whole["at"]), hashes))
    whole, hashes = whole[order], hashes[order]
    return [
        Page(whole[start : start + 1]["hash"].tobytes(), whole[start:end].tobytes())
        for start, end in _cuts(hashes)
    ]


def without(page: bytes, batches: Sequence[int]) -> bytes:
    """Return the entries of a page less those of some batches, by their numbers."""
    whole = np.frombuffer(page, ENTRY)
    return whole[~np.isin(_numbers(whole["at"]) // PLACES, list(batches))].tobytes()


def _packed(numbers: Any) -> Any:
    return np.stack([numbers >> 16, numbers >> 8 & 0xFF, numbers & 0xFF], axis=1).astype(np.uint8)


def _numbers(at: Any) -> Any:
    wide = at.astype(np.uint32)
    return wide[:, 0] << 16 | wide[:, 1] << 8 | wide[:, 2]


def _cuts(hashes: Any) -> Iterator[tuple[int, int]]:
    """Yield where pages begin and end: full ones, but no hash on two of them."""
    start, count = 0, len(hashes)
    while start < count:
        end = min(start + ON_A_PAGE, count)
        if end < count and hashes[end] == hashes[end - 1]:
            end = int(np.searchsorted(hashes, hashes[end], "left"))
            if end <= start:
                end = int(np.searchsorted(hashes, hashes[start], "right"))
        yield start, end
        start = end


def on_page(entries: bytes, wanted: bytes) -> Iterator[tuple[int, int]]:
    """Yield batch and place for each time that a hash stands on a page."""
    at = entries.find(wanted)  # quicker than to halve the page step by step
    while at >= 0:
        if at % _SIZE == 0:
            yield divmod(int.from_bytes(entries[at + HASH : at + _SIZE], "big"), PLACES)
        at = entries.find(wanted, at + 1)


def lists(pages: Sequence[bytes]) -> dict[int, bytes]:
    """Return the hashes of every batch in the pages, by its number, in the order in which they were said."""
    whole = np.frombuffer(b"".join(pages), ENTRY)
    at = _numbers(whole["at"])
    order = np.argsort(at, kind="stable")
    hashes, batches = whole["hash"][order], at[order] // PLACES
    numbers, starts = np.unique(batches, return_index=True)
    ends = [*starts[1:], len(hashes)]
    return {int(n): hashes[a:b].tobytes() for n, a, b in zip(numbers, starts, ends, strict=True)}
