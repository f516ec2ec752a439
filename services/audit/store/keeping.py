"""What is asked and written when records are deleted: facts of keeping, candidates, tombstones, counts."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Select, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.fact import Fact
from services.audit.model.agreements import KINDS, Agreement, Agreements, Hold
from services.audit.model.counted import TargetCount
from services.audit.model.walking import FACT_DELETED
from services.audit.store.books import AT_ONCE, upsert
from services.audit.store.keeping_tables import HOLDS, LISTINGS, PROPOSALS, TARGET_COUNTS, TOMBSTONES
from services.audit.store.ledger import size, unpacked
from services.audit.store.tables import RECORDS, TARGETS
from services.audit.store.tree import Broken
from services.kit import proposals
from services.kit.db import Transaction

Row = Mapping[str, Any]
EMPTIED = b""
"""What stands where a payload was; a payload that is compressed is never so short."""


def payload_of(row: Row) -> bytes:
    """Return the payload of a record; nothing of one that was deleted, or damaged: then it says nothing."""
    try:
        return unpacked(bytes(row["payload"]))
    except Broken:
        return EMPTIED


async def hear(connection: AsyncConnection, known: Agreements, after: int) -> int:
    """Fold in the facts of keeping beyond a position; return the position of the last one."""
    r = RECORDS.c
    statement = select(r.position, r.leaf, r.payload).where(r.kind.in_(KINDS), r.position > after)
    result = await connection.execute(statement.order_by(r.position))
    for row in map(dict, result.mappings()):
        known.hear_record(row["position"], subject_of(row), payload_of(row))
        after = row["position"]
    return after


async def agreements(connection: AsyncConnection) -> Agreements:
    """Return everything of keeping that the ledger knows."""
    found = Agreements()
    await hear(connection, found, 0)
    return found


def subject_of(row: Row) -> str:
    """Return the subject of a record, empty when its leaf cannot be read."""
    try:
        return str(orjson.loads(row["leaf"])["subject"])
    except (orjson.JSONDecodeError, LookupError, TypeError):
        return ""


def is_fact(subject: str) -> bool:
    """Tell whether a record with this subject is a fact."""
    return f".{Fact.stem()}." in subject


async def holds(connection: AsyncConnection) -> list[Hold]:
    """Return the holds as the table has them."""
    rows = (await connection.execute(select(HOLDS).order_by(HOLDS.c.hold_id))).mappings()
    return [Hold(**row) for row in rows]


async def keep_hold(tx: Transaction, hold: Hold) -> None:
    """Write a hold."""
    await tx.execute(upsert(tx, HOLDS), [vars(hold)])


async def keep_decision(tx: Transaction, agreed: Agreement) -> None:
    """Note on a proposal that still waits that it was confirmed."""
    p = PROPOSALS.c
    waits = (p.proposal_id == agreed.agreement_id) & (p.state == proposals.OPEN)
    decided = {"decided_by": agreed.confirmed_by, "decided_at": agreed.confirmed_at}
    await tx.execute(update(PROPOSALS).where(waits).values(state=proposals.CONFIRMED, **decided))


async def position_before(connection: AsyncConnection, moment: datetime) -> int:
    """Return the position of the last record of before a moment: records are in the order of their time."""
    low, high = 0, await size(connection)
    while low < high:
        middle = (low + high + 1) // 2
        found = select(RECORDS.c.recorded_at).where(RECORDS.c.position >= middle)
        first = (await connection.execute(found.order_by(RECORDS.c.position).limit(1))).scalar_one()
        low, high = (middle, high) if first < moment else (low, middle - 1)
    return low


async def due(connection: AsyncConnection, kinds: Collection[str], upto: int, most: int) -> int:
    """Count the records of some kinds up to a position that are not deleted, up to so many."""
    r = RECORDS.c
    some = select(r.position).where(r.kind.in_(kinds), r.position <= upto, r.payload != EMPTIED).limit(most)
    return int((await connection.execute(select(func.count()).select_from(some.subquery()))).scalar_one())


async def kinds(connection: AsyncConnection) -> list[str]:
    """Return every kind of which there are records."""
    statement = select(RECORDS.c.kind).distinct().order_by(RECORDS.c.kind)
    return list((await connection.execute(statement)).scalars())


def _candidates(kinds: Collection[str], before: datetime, upto: int) -> Select[Any]:
    r = RECORDS.c
    place = (r.position <= upto) & (r.recorded_at < before) & (r.payload != EMPTIED)
    columns = (r.position, r.recorded_at, r.kind, r.warning_id, r.leaf, r.leaf_hash, r.payload)
    return select(*columns).where(r.kind.in_(kinds), place).order_by(r.position)


async def candidates(
    connection: AsyncConnection, kinds: Collection[str], before: datetime, upto: int, after: int, limit: int
) -> list[Row]:
    """Return records of these kinds that may be deleted, beyond a position."""
    statement = _candidates(kinds, before, upto).where(RECORDS.c.position > after).limit(limit)
    return [dict(row) for row in (await connection.execute(statement)).mappings()]


async def every_candidate(
    connection: AsyncConnection, kinds: Collection[str], before: datetime, upto: int
) -> AsyncIterator[Row]:
    """Yield all records of these kinds that may be deleted, some at a time."""
    after = 0
    while True:
        found = await candidates(connection, kinds, before, upto, after, AT_ONCE)
        for row in found:
            yield row
        if len(found) < AT_ONCE:
            return
        after = found[-1]["position"]


async def of_warning(connection: AsyncConnection, warning_id: str) -> list[Row]:
    """Return every record of a warning, in order."""
    statement = select(RECORDS).where(RECORDS.c.warning_id == warning_id).order_by(RECORDS.c.position)
    return [dict(row) for row in (await connection.execute(statement)).mappings()]


async def warnings_of(
    connection: AsyncConnection, kinds: Collection[str], before: datetime, upto: int, after: str, limit: int
) -> list[str]:
    """Return warnings that have such records, beyond an id."""
    found = _candidates(kinds, before, upto).subquery()
    statement = select(found.c.warning_id).distinct().where(found.c.warning_id > after)
    return list((await connection.execute(statement.order_by(found.c.warning_id).limit(limit))).scalars())


async def empty(tx: Transaction, positions: Sequence[int]) -> list[bytes]:
    """Take the payload, and whom it is about, out of records; return their leaf hashes, in order.

    What stays in the columns can be read from the leaf, or from the list that names the record.
    """
    r = RECORDS.c
    hashes: list[bytes] = []
    gone = {"payload": EMPTIED, "about": None, "actor": None, "event_at": None, "revision": None}
    for start in range(0, len(positions), AT_ONCE):
        some = r.position.in_(positions[start : start + AT_ONCE])
        statement = select(r.position, r.leaf, r.leaf_hash).where(some).order_by(r.position)
        found = [dict(row) for row in (await tx.execute(statement)).mappings()]
        hashes += [bytes(row["leaf_hash"]) for row in found]
        facts = [row["position"] for row in found if is_fact(subject_of(row))]
        await tx.execute(update(RECORDS).where(some).values(gone))
        if facts:
            nameless = {"kind": FACT_DELETED, "warning_id": None}
            await tx.execute(update(RECORDS).where(r.position.in_(facts)).values(nameless))
    return hashes


async def rows_at(connection: AsyncConnection, positions: Sequence[int]) -> list[Row]:
    """Return records by position, in order."""
    found: list[Row] = []
    for start in range(0, len(positions), AT_ONCE):
        some = RECORDS.c.position.in_(positions[start : start + AT_ONCE])
        statement = select(RECORDS).where(some).order_by(RECORDS.c.position)
        found += [dict(row) for row in (await connection.execute(statement)).mappings()]
    return found


async def keep_tombstone(tx: Transaction, row: Row) -> None:
    """Write a tombstone; of one list the first stays."""
    into = postgresql.insert(TOMBSTONES) if tx.postgres else sqlite.insert(TOMBSTONES)
    await tx.execute(into.values(**row).on_conflict_do_nothing())


async def buried(connection: AsyncConnection, agreement_id: str) -> set[int]:
    """Return the lists of an agreement that were carried out."""
    statement = select(TOMBSTONES.c.number).where(TOMBSTONES.c.agreement_id == agreement_id)
    return set((await connection.execute(statement)).scalars())


async def tombstones(connection: AsyncConnection, limit: int | None = None) -> list[Row]:
    """Return the tombstones, newest first when only some are wanted."""
    t = TOMBSTONES.c
    statement = select(TOMBSTONES).order_by(t.agreement_id, t.number)
    if limit is not None:
        newest = (t.deleted_at.desc(), t.agreement_id, t.number.desc())
        statement = select(TOMBSTONES).order_by(*newest).limit(limit)
    return [dict(row) for row in (await connection.execute(statement)).mappings()]


async def tombstones_between(connection: AsyncConnection, first: int, last: int) -> list[Row]:
    """Return the tombstones that may hold a position between two."""
    t = TOMBSTONES.c
    statement = select(TOMBSTONES).where(t.first <= last, t.last >= first)
    return [
        dict(row)
        for row in (await connection.execute(statement.order_by(t.agreement_id, t.number))).mappings()
    ]


async def deleted_by(connection: AsyncConnection) -> dict[str, tuple[int, int]]:
    """Return, for each agreement, how many lists were carried out, and how many records they held."""
    t = TOMBSTONES.c
    statement = select(t.agreement_id, func.count(), func.sum(t.count)).group_by(t.agreement_id)
    return {name: (int(lists), int(count)) for name, lists, count in await connection.execute(statement)}


async def listing(connection: AsyncConnection, agreement_id: str) -> Row | None:
    """Return how far the records of an agreement were listed."""
    statement = select(LISTINGS).where(LISTINGS.c.agreement_id == agreement_id)
    row = (await connection.execute(statement)).mappings().one_or_none()
    return dict(row) if row else None


async def keep_listing(tx: Transaction, row: Row) -> None:
    """Note how far the records of an agreement were listed."""
    await tx.execute(upsert(tx, LISTINGS), [dict(row)])


async def targets_to_counts(tx: Transaction, warning_id: str, counts: Sequence[TargetCount]) -> None:
    """Put counts in the place of a warning's named targets."""
    if counts:
        await tx.execute(upsert(tx, TARGET_COUNTS), [vars(count) for count in counts])
    await tx.execute(delete(TARGETS).where(TARGETS.c.warning_id == warning_id))


async def target_counts(connection: AsyncConnection, warning_ids: Sequence[str]) -> list[TargetCount]:
    """Return what stays of the deleted targets of warnings."""
    c = TARGET_COUNTS.c
    statement = select(TARGET_COUNTS).where(c.warning_id.in_(warning_ids))
    rows = (await connection.execute(statement.order_by(c.warning_id, c.revision, c.channel))).mappings()
    return [TargetCount(**row) for row in rows]
