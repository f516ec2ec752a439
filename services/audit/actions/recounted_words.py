"""Recounted words: the index of words is read anew out of the records, stretch by stretch, and compared."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime

import numpy as np
import numpy.typing as npt
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.actions.words import gather
from services.audit.model import reasons
from services.audit.model.differences import Difference
from services.audit.store import recounting, words
from services.audit.store.recounting import AFTER_ALL, Row
from services.audit.store.words import ALL

STRETCH = 16_384
"""Records that are looked at together when all are: segments are read once for each of them."""

MOST_NAMED = 20
"""So many words of a stretch are named; when these are mended, the next ones."""

Positions = npt.NDArray[np.int64]


async def everything(connection: AsyncConnection, size: int) -> AsyncIterator[Difference]:
    """Yield what differs in the whole index."""
    for first in range(1, max(size, 1) + 1, STRETCH):
        for one in await of_stretch(connection, first, first + STRETCH - 1, size):
            yield one
    for segment in await recounting.strange_words(connection):
        yield _differs("words of a segment that is none", f"segment {segment}")


async def of_stretch(connection: AsyncConnection, first: int, last: int, size: int) -> list[Difference]:
    """Compare the words of a stretch of records, and the segments that end in it."""
    upto = (await words.cursor(connection)).position
    rows = await words.stretch(connection, first - 1, min(last, upto), reasons.SILENT)
    gathered = await asyncio.to_thread(gather, rows)
    low, high = (-AFTER_ALL if first == 1 else first), (AFTER_ALL if last >= size else last)
    kept: dict[bytes, list[Positions]] = {}
    found: list[Difference] = []
    for segment in await recounting.segments(connection, low, high):
        cells = await recounting.words(connection, segment["segment"])
        for token, some in cells.items():
            positions = _unpacked(some, segment["first"])
            inside = positions[(positions >= low) & (positions <= high)]
            if len(inside):
                kept.setdefault(token, []).append(inside)
        if low <= segment["last"] <= high:
            found += await _segment(connection, segment, cells)
    return found + await asyncio.to_thread(_unlike, gathered.words, kept)


def _unpacked(cells: bytes, first: int) -> Positions:
    """Return the positions of a token; of cells that somebody has spoilt, one that is none."""
    if len(cells) % 4:
        return np.array([-1], np.int64)
    return np.frombuffer(cells, "<u4").astype(np.int64) + first


def _unlike(wanted: dict[bytes, list[int]], kept: dict[bytes, list[Positions]]) -> list[Difference]:
    """Return the words whose positions are not those of the records."""
    found = []
    for token in sorted({*wanted, *kept}):
        there = np.concatenate(kept[token]).tolist() if token in kept else []
        expected = wanted.get(token, [])
        if there != expected:
            missing, more = sorted({*expected} - {*there}), sorted({*there} - {*expected})
            place = (missing or more or [0])[0]
            what = "a word of a record is missing" if missing else "a word stands where no record has it"
            found.append(_differs(what, f"record {place}", len(expected), len(there)))
            if len(found) == MOST_NAMED:
                break
    return found


async def _segment(connection: AsyncConnection, segment: Row, cells: dict[bytes, bytes]) -> list[Difference]:
    """Compare what is said of a segment with its words; what was deleted from it may have been wider."""
    name = f"segment {segment['segment']}"
    every = _unpacked(cells.get(ALL, b""), segment["first"]).tolist()
    if not every:
        return [_differs("a segment without words", name)]
    times = [*(await recounting.times_at(connection, every)).values()] or [segment["earliest"]]
    expected = (every[0], every[-1], min(times), max(times))
    there = (segment["first"], segment["last"], segment["earliest"], segment["latest"])
    same = expected == there
    if not same and await recounting.any_emptied(connection, segment["first"], segment["last"]):
        same = _wider(there, expected)
    count = sum(map(len, cells.values())) // 4
    if same and count == segment["postings"]:
        return []
    shown = [" ".join(map(str, some)) for some in ((*expected, count), (*there, segment["postings"]))]
    return [_differs("a segment is not what its words say", name, *shown)]


Reach = tuple[int, int, datetime, datetime]


def _wider(one: Reach, other: Reach) -> bool:
    return one[0] <= other[0] and one[1] >= other[1] and one[2] <= other[2] and one[3] >= other[3]


def _differs(
    why: str, about: str, expected: int | str | None = None, found: int | str | None = None
) -> Difference:
    why = f"the index of words: {why}"
    return Difference("words-differ", why, about=about, expected=expected, found=found)
