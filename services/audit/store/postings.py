"""Postings in tables: taken with their records, gathered later, put together again to be checked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model.postings import FIRST, LAST, MOST_BATCHES, UNREADABLE, Page, Posting, said
from services.audit.store.books import AT_ONCE
from services.audit.store.posting_tables import BATCHES, PAGES, POSTINGS, VOLUMES
from services.kit.db import Transaction
from services.kit.errors import Retry

_ROW = ("position", "delivery_id", "warning_id", "revision", "channel", "route", "key_id", "count", "sha256")


async def take(tx: Transaction, posted: Sequence[Posting]) -> None:
    """Keep the hashes of new batches; a batch that was asked for twice is kept once."""
    fresh = await _fresh(tx, posted)
    if not fresh:
        return
    rows = [{**{n: getattr(p, n) for n in _ROW}, "fault": p.fault} for p in fresh]
    await tx.execute(BATCHES.insert(), rows)
    lists = [
        {
            "position": p.position,
            "warning_id": p.warning_id,
            "key_id": p.key_id,
            "taken_at": tx.now,
            "fault": p.fault,
            "first": p.span[0],
            "last": p.span[1],
            "hashes": p.hashes,
        }
        for p in fresh
    ]
    await tx.execute(POSTINGS.insert(), lists)


async def _fresh(tx: Transaction, posted: Sequence[Posting]) -> list[Posting]:
    names = {p.delivery_id for p in posted if p.delivery_id}
    known: set[tuple[str, bytes]] = set()
    if names:
        b = BATCHES.c
        statement = select(b.delivery_id, b.sha256).where(b.delivery_id.in_(names))
        found = (await tx.execute(statement)).mappings()
        known = {(row["delivery_id"], bytes(row["sha256"])) for row in found}
    fresh = []
    for one in posted:
        if not one.delivery_id or (one.delivery_id, one.sha256) not in known:
            known.add((one.delivery_id, one.sha256))
            fresh.append(one)
    return fresh


async def take_back(tx: Transaction, position: int) -> bytes | None:
    """Take out what was kept of a batch that nobody could read; return its list as it was said."""
    mine = (POSTINGS.c.position == position) & (POSTINGS.c.fault == UNREADABLE)
    text: bytes | None = (await tx.execute(select(POSTINGS.c.hashes).where(mine))).scalar_one_or_none()
    if text is not None:
        await tx.execute(delete(POSTINGS).where(POSTINGS.c.position == position))
        await tx.execute(delete(BATCHES).where(BATCHES.c.position == position))
    return bytes(text) if text is not None else None


@dataclass(frozen=True)
class Waiting:
    """The batches of one warning under one key that are not gathered yet."""

    warning_id: str
    key_id: str | None
    batches: int
    newest: datetime


async def waiting(connection: AsyncConnection) -> list[Waiting]:
    """Return what is not gathered, the oldest first; what is set aside never is."""
    p = POSTINGS.c
    statement = (
        select(p.warning_id, p.key_id, func.count(), func.max(p.taken_at).label("newest"))
        .where(p.fault.is_(None))
        .group_by(p.warning_id, p.key_id)
        .order_by(func.min(p.position))
    )
    return [Waiting(*row) for row in await connection.execute(statement)]


@dataclass(frozen=True)
class Volume:
    """A set of pages, and how many batches and entries are in them."""

    number: int | None
    """None of one that is yet to be."""
    batches: int
    entries: int


NEW = Volume(None, 0, 0)


async def open_volume(connection: AsyncConnection, warning_id: str, key_id: str | None) -> Volume:
    """Return the volume of a warning and key that still has room, or a new one."""
    v = VOLUMES.c
    key = v.key_id.is_(None) if key_id is None else v.key_id == key_id
    room = (v.warning_id == warning_id) & key & (v.batches < MOST_BATCHES)
    found = select(v.number, v.batches, v.entries).where(room).order_by(v.number.desc()).limit(1)
    row = (await connection.execute(found)).one_or_none()
    return Volume(*row) if row else NEW


async def some(
    connection: AsyncConnection, warning_id: str, key_id: str | None, limit: int
) -> list[tuple[int, int, bytes]]:
    """Return position, size and hashes of batches that wait, the oldest first."""
    p = POSTINGS.c
    key = p.key_id.is_(None) if key_id is None else p.key_id == key_id
    statement = (
        select(p.position, BATCHES.c.count, p.hashes)
        .join_from(POSTINGS, BATCHES, p.position == BATCHES.c.position)
        .where(p.warning_id == warning_id, key, p.fault.is_(None))
        .order_by(p.position)
        .limit(limit)
    )
    return [(row[0], row[1], bytes(row[2])) for row in await connection.execute(statement)]


async def pages(connection: AsyncConnection, volume: int) -> list[bytes]:
    """Return the pages of a volume, in order."""
    statement = select(PAGES.c.entries).where(PAGES.c.volume == volume).order_by(PAGES.c.first, PAGES.c.id)
    return [bytes(entries) for entries in (await connection.execute(statement)).scalars()]


async def gather(
    tx: Transaction,
    whose: Waiting,
    volume: Volume,
    written: Sequence[Page],
    ordinals: Mapping[int, int],
    entries: int,
) -> int:
    """Put pages in the place of postings, by position with their numbers; return the volume's number.

    Raise Retry when some of them were deleted since they were read: nobody's hash comes back.
    """
    await _take_out(tx, sorted(ordinals))
    counts = {"batches": volume.batches + len(ordinals), "entries": entries, "gathered_at": tx.now}
    number = volume.number
    if number is None:
        made = insert(VOLUMES).values(warning_id=whose.warning_id, key_id=whose.key_id, **counts)
        number = int((await tx.execute(made.returning(VOLUMES.c.number))).scalar_one())
    else:
        same = (VOLUMES.c.number == number) & (VOLUMES.c.entries == volume.entries)
        if (await tx.execute(update(VOLUMES).where(same).values(**counts))).rowcount != 1:
            raise Retry("the pages of a volume have changed meanwhile")
        await tx.execute(delete(PAGES).where(PAGES.c.volume == number))
    rows = [{"volume": number, "first": page.first, "entries": page.entries} for page in written]
    await tx.execute(PAGES.insert(), rows)
    where = update(BATCHES).where(BATCHES.c.position == bindparam("at"))
    places = [{"at": at, "as": number * MOST_BATCHES + ordinal} for at, ordinal in ordinals.items()]
    await tx.execute(where.values(number=bindparam("as")), places)
    return number


async def _take_out(tx: Transaction, positions: Sequence[int]) -> None:
    for start in range(0, len(positions), AT_ONCE):
        some = positions[start : start + AT_ONCE]
        gone = delete(POSTINGS).where(POSTINGS.c.position.in_(some))
        if (await tx.execute(gone)).rowcount != len(some):
            raise Retry("batches were deleted while they were gathered")


async def set_aside(tx: Transaction, faults: Mapping[int, tuple[str, bytes]]) -> None:
    """Note of postings, by position, why they are never gathered; their hashes become a text again."""
    rows = [{"at": at, "why": why} for at, (why, _) in faults.items()]
    await tx.execute(
        update(BATCHES).where(BATCHES.c.position == bindparam("at")).values(fault=bindparam("why")), rows
    )
    texts = [
        {"at": at, "why": why, "text": said(raw, None), "least": FIRST, "most": LAST}
        for at, (why, raw) in faults.items()
    ]
    p = POSTINGS.c
    columns: dict[Any, Any] = {
        p.fault: bindparam("why"),
        p.hashes: bindparam("text"),
        p.first: bindparam("least"),
        p.last: bindparam("most"),
    }
    await tx.execute(update(POSTINGS).where(p.position == bindparam("at")).values(columns), texts)
