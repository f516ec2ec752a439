"""The index of words: what is folded in, merged, forgotten and found."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import Select, and_, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model.words import Wanted
from services.audit.store.tables import RECORDS
from services.audit.store.words_tables import CURSOR, SEGMENTS, WORDS
from services.kit.db import Transaction

Positions = npt.NDArray[np.int64]

ALL = b"\x00"
"""The token of every record of a segment."""

KIND, WARNING, WHO = b"\x00k", b"\x00w", b"\x00a"
"""Columns by which hits are narrowed begin so, and stand among the tokens; no word has such a beginning."""

FULL = 40_000
"""A segment with so many postings is merged no more, so that no transaction is long."""

AT_ONCE = 4
"""So many segments of a size become one."""

MOST_SMALL = 40
SIZES = (256, 1_024, 4_096, 16_384, FULL)
_CELL = "<u4"


@dataclass(frozen=True)
class Cursor:
    """How far the index has come."""

    position: int = 0
    segment: int = 0
    forgotten: int = 0
    odd: int = 0


@dataclass
class Gathered:
    """What was read of a stretch of the ledger: for each token the positions at which it stands, in order."""

    words: dict[bytes, list[int]] = field(default_factory=dict)
    times: list[datetime] = field(default_factory=list)
    odd: int = 0

    def add(self, position: int, at: datetime, tokens: Iterable[bytes]) -> None:
        """Add the tokens of one record; positions only grow."""
        self.times.append(at)
        for token in (ALL, *tokens):
            self.words.setdefault(token, []).append(position)


async def cursor(connection: AsyncConnection) -> Cursor:
    """Return how far the index has come."""
    row = (await connection.execute(select(CURSOR))).mappings().one_or_none()
    if row is None:
        return Cursor()
    return Cursor(row["position"], row["segment"], row["forgotten"], row["odd"])


async def held(tx: Transaction) -> Cursor:
    """Return how far the index has come, and let nobody else write it before this transaction ends."""
    statement = select(CURSOR.c.id)
    if tx.postgres:
        statement = statement.with_for_update()
    if (await tx.execute(statement)).first() is None:
        await tx.execute(CURSOR.insert().values(id=1, **vars(Cursor())))
    return await cursor(tx.connection)


async def move(tx: Transaction, now: Cursor) -> None:
    """Note how far the index has come."""
    await tx.execute(update(CURSOR).values(**vars(now)))


async def stretch(
    connection: AsyncConnection, after: int, upto: int, silent: Sequence[str]
) -> list[Mapping[str, Any]]:
    """Return the records of a stretch that may hold words."""
    r = RECORDS.c
    columns = (r.position, r.recorded_at, r.kind, r.warning_id, r.actor, r.payload)
    wanted = select(*columns).where(r.position > after, r.position <= upto, r.kind.not_in(silent))
    return [dict(row) for row in (await connection.execute(wanted.order_by(r.position))).mappings()]


async def add(tx: Transaction, segment: int, gathered: Gathered) -> None:
    """Write a new last segment."""
    every = gathered.words[ALL]
    first, last = every[0], every[-1]
    rows = [
        {"segment": segment, "token": token, "positions": _packed(np.array(found), first)}
        for token, found in sorted(gathered.words.items())
    ]
    postings = sum(map(len, gathered.words.values()))
    times = {"earliest": min(gathered.times), "latest": max(gathered.times)}
    named = {"segment": segment, "first": first, "last": last, "postings": postings, **times}
    await tx.execute(SEGMENTS.insert().values(**named))
    await tx.execute(WORDS.insert(), rows)


def _packed(positions: Positions, first: int) -> bytes:
    return (positions - first).astype(_CELL).tobytes()


def _unpacked(cells: bytes, first: int) -> Positions:
    return np.frombuffer(cells, _CELL).astype(np.int64) + first


async def merge(tx: Transaction, segment: int) -> bool:
    """Make one segment of the last small ones when they are many of a size; return whether it was done."""
    newest = select(SEGMENTS).order_by(SEGMENTS.c.first.desc()).limit(MOST_SMALL)
    rows = [dict(row) for row in (await tx.execute(newest)).mappings()]
    chosen = rows[: of_a_size([row["postings"] for row in rows])][::-1]
    if not chosen:
        return False
    lists = [(one["first"], (await tx.execute(_whole(one["segment"]))).all()) for one in chosen]
    written = await asyncio.to_thread(_joined, segment, lists)
    await _drop(tx, [one["segment"] for one in chosen])
    merged = {
        "segment": segment,
        "first": chosen[0]["first"],
        "last": chosen[-1]["last"],
        "earliest": min(one["earliest"] for one in chosen),
        "latest": max(one["latest"] for one in chosen),
        "postings": sum(one["postings"] for one in chosen),
    }
    await tx.execute(SEGMENTS.insert().values(**merged))
    await tx.execute(WORDS.insert(), written)
    return True


def _joined(segment: int, lists: Sequence[tuple[int, Sequence[Any]]]) -> list[dict[str, Any]]:
    """Return the rows of one segment made of several that follow on each other."""
    words: dict[bytes, list[Positions]] = {}
    for first, rows in lists:
        for token, cells in rows:
            words.setdefault(bytes(token), []).append(_unpacked(cells, first))
    begin = lists[0][0]
    return [
        {"segment": segment, "token": token, "positions": _packed(np.concatenate(found), begin)}
        for token, found in sorted(words.items())
    ]


def of_a_size(postings: Sequence[int]) -> int:
    """Return how many of the newest segments are to be one, given their sizes, the newest first."""
    for limit in SIZES:
        small = next((n for n, size in enumerate(postings) if size >= limit), len(postings))
        if small >= AT_ONCE:
            return small
    return 0


def _whole(segment: int) -> Select[Any]:
    return select(WORDS.c.token, WORDS.c.positions).where(WORDS.c.segment == segment)


async def _drop(tx: Transaction, segments: Sequence[int]) -> None:
    await tx.execute(delete(WORDS).where(WORDS.c.segment.in_(segments)))
    await tx.execute(delete(SEGMENTS).where(SEGMENTS.c.segment.in_(segments)))


async def go_back(tx: Transaction, position: int) -> None:
    """Let the index be made anew from a record on, because it can be read only now."""
    now = await held(tx)
    if now.position < position:
        return
    s = SEGMENTS.c
    later = list((await tx.execute(select(s.segment).where(s.last >= position))).scalars())
    await _drop(tx, later)
    left = (await tx.execute(select(func.max(s.last)))).scalar_one()
    await move(tx, Cursor(min(left or 0, position - 1), now.segment, now.forgotten + 1, now.odd))


async def forget(tx: Transaction, positions: Collection[int]) -> None:
    """Take the words of records out of the index, in the transaction that deletes their details.

    Records that are not in the index yet are not read into it: the index is held meanwhile.
    """
    if not positions:
        return
    now = await held(tx)
    await tx.execute(update(CURSOR).values(forgotten=now.forgotten + 1))
    gone = np.unique(np.fromiter(positions, np.int64, len(positions)))
    s = SEGMENTS.c
    near = select(SEGMENTS).where(s.first <= int(gone[-1]), s.last >= int(gone[0]))
    for row in (await tx.execute(near)).mappings().all():
        one = dict(row)
        every = select(WORDS.c.positions).where(WORDS.c.segment == one["segment"], WORDS.c.token == ALL)
        cells = (await tx.execute(every)).scalar_one()
        if _among(_unpacked(cells, one["first"]), gone).any():
            await _without(tx, one, gone)


async def _without(tx: Transaction, one: Mapping[str, Any], gone: Positions) -> None:
    """Write a segment anew without some positions."""
    rows: Sequence[Any] = (await tx.execute(_whole(one["segment"]))).all()
    left = await asyncio.to_thread(_left, one["segment"], rows, (gone - one["first"]))
    await _drop(tx, [one["segment"]])
    if left:
        postings = sum(len(row["positions"]) // 4 for row in left)
        await tx.execute(SEGMENTS.insert().values(**{**one, "postings": postings}))
        await tx.execute(WORDS.insert(), left)


def _left(segment: int, rows: Sequence[Any], gone: Positions) -> list[dict[str, Any]]:
    """Return the rows of a segment without some positions, given less its first."""
    found = []
    for token, cells in rows:
        kept = np.frombuffer(cells, _CELL)
        kept = kept[~_among(kept, gone)]
        if len(kept):
            found.append({"segment": segment, "token": bytes(token), "positions": kept.tobytes()})
    return found


def _among(some: npt.NDArray[Any], others: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Tell of each of some numbers whether it is among others; these are in order, and not none."""
    places = np.minimum(np.searchsorted(others, some), len(others) - 1)
    found: npt.NDArray[np.bool_] = others[places] == some
    return found


async def segments(
    connection: AsyncConnection, before: int, since: datetime | None, until: datetime | None
) -> list[tuple[int, int]]:
    """Return the segments that may hold hits before a position and in a period, newest first."""
    s = SEGMENTS.c
    wanted = select(s.segment, s.first).where(s.first < before)
    if since is not None:
        wanted = wanted.where(s.latest >= since)
    if until is not None:
        wanted = wanted.where(s.earliest < until)
    return [(row[0], row[1]) for row in await connection.execute(wanted.order_by(s.first.desc()))]


async def candidates(
    connection: AsyncConnection, chosen: Sequence[tuple[int, int]], wanted: Collection[Wanted]
) -> list[int]:
    """Return the positions at which all tokens stand, of some segments, the newest first."""
    exact = [one.token for one in wanted if not one.beginning]
    beginnings = [one.token for one in wanted if one.beginning]
    w = WORDS.c
    like = [and_(w.token >= b, w.token < b + b"\xff") for b in beginnings]
    where = or_(w.token.in_(exact), *like) if exact else or_(*like)
    rows = select(WORDS).where(w.segment.in_([segment for segment, _ in chosen]), where)
    by_segment: dict[int, dict[bytes, bytes]] = {}
    for segment, token, cells in await connection.execute(rows):
        by_segment.setdefault(segment, {})[bytes(token)] = cells
    found: list[int] = []
    for segment, first in chosen:
        found += _common(by_segment.get(segment, {}), exact, beginnings, first)
    return found


def _common(
    rows: Mapping[bytes, bytes], exact: Sequence[bytes], beginnings: Sequence[bytes], first: int
) -> list[int]:
    """Return the positions that all lists share, newest first; the shortest list is looked at first."""
    if any(token not in rows for token in exact):
        return []
    lists = [np.frombuffer(rows[token], _CELL) for token in exact]
    for beginning in beginnings:
        some = [np.frombuffer(cells, _CELL) for token, cells in rows.items() if token.startswith(beginning)]
        if not some:
            return []
        lists.append(np.unique(np.concatenate(some)))
    lists.sort(key=len)
    common = lists[0]
    for other in lists[1:]:
        common = common[_among(common, other)]
        if not len(common):
            return []
    return [int(cell) + first for cell in common[::-1]]


async def read(
    connection: AsyncConnection, positions: Sequence[int], since: datetime | None, until: datetime | None
) -> dict[int, Mapping[str, Any]]:
    """Return records by their positions, those of a period."""
    wanted = select(RECORDS).where(RECORDS.c.position.in_(positions))
    if since is not None:
        wanted = wanted.where(RECORDS.c.recorded_at >= since)
    if until is not None:
        wanted = wanted.where(RECORDS.c.recorded_at < until)
    return {row["position"]: dict(row) for row in (await connection.execute(wanted)).mappings()}


async def extent(connection: AsyncConnection) -> tuple[int, int]:
    """Return how many segments and postings there are."""
    statement = select(func.count(), func.coalesce(func.sum(SEGMENTS.c.postings), 0))
    row = (await connection.execute(statement)).one()
    return int(row[0]), int(row[1])
