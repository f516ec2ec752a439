"""Whether the rows around the lists of hashes are what the records say: batches, what waits, volumes, pages.

By them a list is found. A list that is whole and is not found is as good as gone.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model.differences import Difference
from services.audit.model.entry import read
from services.audit.model.postings import (
    ENTRY,
    FIRST,
    HASH,
    LAST,
    MOST_BATCHES,
    UNREADABLE,
    fault_of,
    listed,
    merged,
    posting,
)
from services.audit.store.keeping import EMPTIED, payload_of, subject_of
from services.audit.store.posting_check import REQUESTED, batches, named
from services.audit.store.posting_tables import BATCHES, PAGES, POSTINGS, VOLUMES
from services.audit.store.tables import RECORDS

Row = Mapping[str, Any]

_SAID = ("delivery_id", "warning_id", "revision", "channel", "route", "key_id", "count")
_UNREADABLE = ("", "", 0, "", "", None, 0)


async def rows_differ(connection: AsyncConnection, warning_id: str | None = None) -> list[Difference]:
    """Return every such row that is not what the records say, of one warning or of all."""
    found: list[Difference] = []
    volumes = await _volumes(connection, warning_id)
    async for rows in batches(connection, warning_id):
        positions = [row["position"] for row in rows]
        records = await _records(connection, positions)
        waiting = await _waiting(connection, positions)
        for row in rows:
            mine = waiting.get(row["position"])
            wrong = _batch(row, records.get(row["position"]), mine)
            if row["number"] is not None and row["number"] // MOST_BATCHES not in volumes:
                wrong.append("volume")
            if wrong:
                found.append(_differs("a batch", row, wrong))
            if mine is not None and (wrong := _posting(row, mine)):
                found.append(_differs("a list that waits", row, wrong))
    pairs = [(volume, await _volume(connection, volume)) for volume in volumes.values()]
    found += [_differs("a volume", volume, wrong) for volume, wrong in pairs if wrong]
    return found if warning_id is not None else [*found, *await _strays(connection)]


def _differs(of: str, row: Row, wrong: Sequence[str]) -> Difference:
    why = f"{of} is not what the records say"
    head = {name: row.get(name) for name in ("warning_id", "revision", "channel", "delivery_id")}
    place = row["position"] if "position" in row else f"volume {row['number']}"
    if head["delivery_id"] is None:
        head["delivery_id"] = str(place)
    found = named("posting-altered", why, {**head, "position": place})
    return Difference(**{**vars(found), "found": " ".join(wrong)})


async def _volumes(connection: AsyncConnection, only: str | None) -> dict[int, Row]:
    statement = select(VOLUMES).order_by(VOLUMES.c.number)
    if only is not None:
        statement = statement.where(VOLUMES.c.warning_id == only)
    return {row["number"]: dict(row) for row in (await connection.execute(statement)).mappings()}


async def _records(connection: AsyncConnection, positions: Collection[int]) -> dict[int, Row]:
    r = RECORDS.c
    statement = select(r.position, r.leaf, r.payload).where(r.position.in_(positions))
    return {row["position"]: dict(row) for row in (await connection.execute(statement)).mappings()}


async def _waiting(connection: AsyncConnection, positions: Collection[int]) -> dict[int, Row]:
    statement = select(POSTINGS).where(POSTINGS.c.position.in_(positions))
    return {row["position"]: dict(row) for row in (await connection.execute(statement)).mappings()}


def _batch(row: Row, record: Row | None, waiting: Row | None) -> list[str]:
    """Return the columns of a batch that are not what its record and its list say."""
    if record is None:
        return []
    payload = payload_of(record)
    one = posting(row["position"], read(subject_of(record), payload), payload)
    said = tuple(getattr(one, name) for name in _SAID) if one is not None else _UNREADABLE
    wrong = [name for name, value in zip(_SAID, said, strict=True) if row[name] != value]
    if (row["number"] is None) != (waiting is not None):
        wrong.append("number")
    if row["fault"] != _fault(row, waiting, readable=one is not None):
        wrong.append("fault")
    return wrong


def _fault(row: Row, waiting: Row | None, *, readable: bool) -> str | None:
    """Return why the list of a batch is set aside, None of one that is not."""
    if not readable:
        return UNREADABLE
    if waiting is None:
        return None
    raw = bytes(waiting["hashes"])
    return fault_of(raw, row["count"]) if row["fault"] is None else listed(raw, row["count"])[1]


def _posting(row: Row, waiting: Row) -> list[str]:
    """Return the columns of a list that waits which are not those of its batch, or not of the list."""
    raw = bytes(waiting["hashes"])
    span = (FIRST, LAST) if row["fault"] or not raw else (raw[:HASH], raw[-HASH:])
    wrong = [name for name in ("warning_id", "key_id", "fault") if waiting[name] != row[name]]
    there = (bytes(waiting["first"]), bytes(waiting["last"]))
    return wrong + [
        name for name, one, other in zip(("first", "last"), span, there, strict=True) if one != other
    ]


async def _volume(connection: AsyncConnection, volume: Row) -> list[str]:
    """Return what of a volume is not that of its batches and pages."""
    b, first = BATCHES.c, volume["number"] * MOST_BATCHES
    mine = select(b.number, b.warning_id, b.key_id).where(b.number >= first, b.number < first + MOST_BATCHES)
    members = (await connection.execute(mine)).all()
    if not members:
        return ["batches"]
    wrong = [
        name
        for n, name in enumerate(("warning_id", "key_id"), 1)
        if {m[n] for m in members} != {volume[name]}
    ]
    given = max(m[0] for m in members) - first + 1
    if volume["batches"] < given or (
        volume["batches"] > given and not await _any_emptied(connection, volume["warning_id"])
    ):
        wrong.append("batches")
    statement = select(PAGES.c.first, PAGES.c.entries).where(PAGES.c.volume == volume["number"])
    ordered = statement.order_by(PAGES.c.first, PAGES.c.id)
    pages = [(bytes(row[0]), bytes(row[1])) for row in await connection.execute(ordered)]
    if sum(len(entries) for _, entries in pages) != volume["entries"] * ENTRY.itemsize:
        wrong.append("entries")
    elif not await asyncio.to_thread(_sorted, pages):
        wrong.append("pages")
    return wrong


def _sorted(pages: Sequence[tuple[bytes, bytes]]) -> bool:
    """Tell whether pages are what sorting their entries makes of them: only so is every hash found."""
    if any(len(entries) % ENTRY.itemsize for _, entries in pages):
        return False
    return [(page.first, page.entries) for page in merged([entries for _, entries in pages], {})] == list(
        pages
    )


async def _any_emptied(connection: AsyncConnection, warning_id: str) -> bool:
    r = RECORDS.c
    mine = (r.warning_id == warning_id) & (r.kind == REQUESTED) & (r.payload == EMPTIED)
    return (await connection.execute(select(r.position).where(mine).limit(1))).first() is not None


async def _strays(connection: AsyncConnection) -> list[Difference]:
    """Return lists that wait for no batch, and pages of no volume."""
    p, v = POSTINGS.c, PAGES.c.volume
    alone = select(p.position).where(p.position.not_in(select(BATCHES.c.position))).order_by(p.position)
    loose = select(v).distinct().where(v.not_in(select(VOLUMES.c.number))).order_by(v)
    why = "hashes are kept that no record asks for"
    names = [f"{place}" for place in (await connection.execute(alone)).scalars()]
    names += [f"volume {place}" for place in (await connection.execute(loose)).scalars()]
    return [Difference("posting-stranger", why, about=name) for name in names]
