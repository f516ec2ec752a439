"""Recounted words: the index of words is read anew out of the records, stretch by stretch, and compared."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

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
    """Compare what is said of a segment with its words; it may reach to what was deleted from it."""
    name = f"segment {segment['segment']}"
    every = _unpacked(cells.get(ALL, b""), segment["first"]).tolist()
    if not every:
        return [_differs("a segment without words", name)]
    times = [*(await recounting.times_at(connection, every)).values()] or [segment["earliest"]]
    count = sum(map(len, cells.values())) // 4
    expected = {
        "first": every[0],
        "last": every[-1],
        "earliest": min(times),
        "latest": max(times),
        "postings": count,
    }
    wrong = [key for key in expected if expected[key] != segment[key]]
    wrong = [key for key in wrong if not await _was(connection, segment, key, expected[key])]
    if not wrong:
        return []
    shown = [" ".join(f"{key}={row[key]}" for key in wrong) for row in (expected, segment)]
    return [_differs("a segment is not what its words say", name, *shown)]


async def _was(connection: AsyncConnection, segment: Row, key: str, left: Any) -> bool:
    """Tell whether a segment reaches further because a record that it held was deleted since."""
    beyond = segment[key] > left if key in ("last", "latest") else segment[key] < left
    if key == "postings" or not beyond:
        return False
    span = (segment["first"], segment["last"])
    if key in ("first", "last"):
        return await recounting.was_emptied(connection, span, position=segment[key])
    return await recounting.was_emptied(connection, span, recorded_at=segment[key])


def _differs(
    why: str, about: str, expected: int | str | None = None, found: int | str | None = None
) -> Difference:
    why = f"the index of words: {why}"
    return Difference("words-differ", why, about=about, expected=expected, found=found)
