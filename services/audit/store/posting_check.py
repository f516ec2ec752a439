"""Whether what lies beside the records is what they say: each list against its SHA-256 in the record."""

import asyncio
import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.delivery import DeliveryRequested
from services.audit.model.differences import Difference
from services.audit.model.postings import MOST_BATCHES, digest, lists, said
from services.audit.store import postings
from services.audit.store.ledger import unpacked
from services.audit.store.posting_tables import BATCHES, POSTINGS, VOLUMES
from services.audit.store.tables import DELIVERIES, RECORDS

AT_ONCE = 200
"""Batches whose lists are in memory at a time, beside one volume."""

REQUESTED = f"{DeliveryRequested.noun}.{DeliveryRequested.verb}"
_RECORDED = re.compile(rb'"hashes"\s*:\s*"sha256:([0-9a-f]{64})"')

Row = Mapping[str, Any]


async def set_aside(
    connection: AsyncConnection, after: int = 0, upto: int | None = None, only: str | None = None
) -> list[Difference]:
    """Return the lists of some records, or of a warning, that could not be gathered, each with the reason."""
    b = BATCHES.c
    statement = select(BATCHES).where(b.fault.is_not(None), b.position > after).order_by(b.position)
    if upto is not None:
        statement = statement.where(b.position <= upto)
    if only is not None:
        mine = select(DELIVERIES.c.delivery_id).where(DELIVERIES.c.warning_id == only)
        statement = statement.where(b.delivery_id.in_(mine), b.warning_id == only)
    found = [dict(row) for row in (await connection.execute(statement)).mappings()]
    return [_named("posting-odd", f"the list of hashes was set aside: {row['fault']}", row) for row in found]


async def postings_differ(connection: AsyncConnection, warning_id: str | None = None) -> list[Difference]:
    """Return every list that is not the one that its record names, of one warning or of all."""
    found = await _strangers(connection, warning_id)
    volume: tuple[int | None, dict[int, bytes]] = (None, {})
    async for rows in _batches(connection, warning_id):
        recorded = await _recorded(connection, [row["position"] for row in rows])
        waiting = await _waiting(connection, [row["position"] for row in rows])
        for row in rows:
            raw = waiting.get(row["position"])
            if row["number"] is not None:
                number, ordinal = divmod(row["number"], MOST_BATCHES)
                if volume[0] != number:
                    volume = (number, await _lists(connection, number))
                raw = volume[1].get(ordinal)
            found += _compared(row, raw, recorded.get(row["position"]))
    return [*found, *await _missing(connection, warning_id)]


async def _lists(connection: AsyncConnection, number: int) -> dict[int, bytes]:
    """Return the lists of a volume: a million hashes are put together while others go on."""
    return await asyncio.to_thread(lists, await postings.pages(connection, number))


def _compared(row: Row, raw: bytes | None, recorded: bytes | None) -> list[Difference]:
    if recorded is None:
        return [_named("posting-stranger", "no record asks for a batch whose hashes are kept", row)]
    if raw is None:
        return [_named("posting-missing", "the hashes of a batch are not kept", row)]
    if digest(said(raw, row["fault"])) != recorded or bytes(row["sha256"]) != recorded:
        return [_named("posting-altered", "the hashes of a batch are not those of its record", row)]
    return []


def _named(what: str, why: str, row: Row) -> Difference:
    return Difference(
        what,
        why,
        warning_id=row["warning_id"] or None,
        revision=row["revision"] or None,
        channel=row["channel"] or None,
        about=row["delivery_id"] or f"{row['position']}",
    )


async def _batches(connection: AsyncConnection, only: str | None) -> AsyncIterator[list[Row]]:
    """Yield all batches, those of a volume together."""
    b, after = BATCHES.c, (-1, -1)
    place = func.coalesce(b.number, 0)
    while True:
        beyond = (place > after[0]) | ((place == after[0]) & (b.position > after[1]))
        statement = select(BATCHES).where(beyond).order_by(place, b.position).limit(AT_ONCE)
        if only is not None:
            statement = statement.where(b.warning_id == only)
        rows: list[Row] = [dict(row) for row in (await connection.execute(statement)).mappings()]
        if not rows:
            return
        yield rows
        after = (rows[-1]["number"] or 0, rows[-1]["position"])


async def _recorded(connection: AsyncConnection, positions: Collection[int]) -> dict[int, bytes]:
    """Return what the records say that the lists hash to."""
    r = RECORDS.c
    statement = select(r.position, r.payload).where(r.position.in_(positions))
    found = {}
    for position, payload in await connection.execute(statement):
        if said_there := _RECORDED.search(unpacked(payload)):
            found[position] = bytes.fromhex(said_there[1].decode())
    return found


async def _waiting(connection: AsyncConnection, positions: Collection[int]) -> dict[int, bytes]:
    p = POSTINGS.c
    statement = select(p.position, p.hashes).where(p.position.in_(positions))
    return {row[0]: bytes(row[1]) for row in await connection.execute(statement)}


async def _strangers(connection: AsyncConnection, only: str | None) -> list[Difference]:
    """Return the volumes whose pages hold entries of batches that they do not have."""
    b, v = BATCHES.c, VOLUMES.c
    statement = select(v.number, v.warning_id).order_by(v.number)
    if only is not None:
        statement = statement.where(v.warning_id == only)
    found = []
    for number, warning_id in (await connection.execute(statement)).all():
        first, beyond = number * MOST_BATCHES, (number + 1) * MOST_BATCHES
        mine = select(b.number).where(b.number >= first, b.number < beyond)
        known = {one - first for one in (await connection.execute(mine)).scalars()}
        if set(await _lists(connection, number)) - known:
            why = "pages hold hashes of a batch that no record asks for"
            found.append(Difference("posting-stranger", why, warning_id=warning_id, about=f"{number}"))
    return found


async def _missing(connection: AsyncConnection, only: str | None) -> list[Difference]:
    """Return the records that ask for a batch whose hashes were never kept."""
    r, after = RECORDS.c, 0
    found: list[Difference] = []
    while True:
        statement = select(r.position, r.warning_id, r.revision, r.channel, r.payload).where(
            r.kind == REQUESTED, r.position > after
        )
        if only is not None:
            statement = statement.where(r.warning_id == only)
        statement = statement.order_by(r.position).limit(AT_ONCE)
        rows: list[Row] = [dict(row) for row in (await connection.execute(statement)).mappings()]
        if not rows:
            return found
        found += await _unknown(connection, rows)
        after = rows[-1]["position"]


async def _unknown(connection: AsyncConnection, rows: Sequence[Row]) -> list[Difference]:
    asked = {}
    for row in rows:
        payload = unpacked(row["payload"])
        if recorded := _RECORDED.search(payload):
            name = str(orjson.loads(payload)["delivery_id"])
            asked[name, bytes.fromhex(recorded[1].decode())] = {**row, "delivery_id": name}
    b = BATCHES.c
    statement = select(b.delivery_id, b.sha256).where(b.delivery_id.in_({name for name, _ in asked}))
    known = {(row[0], bytes(row[1])) for row in await connection.execute(statement)}
    why = "the hashes of a batch are not kept"
    return [_named("posting-missing", why, row) for key, row in asked.items() if key not in known]
