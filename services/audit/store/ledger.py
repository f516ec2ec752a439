"""The ledger itself: where it stands, and one more stretch of it."""

import zlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Dialect, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model import merkle
from services.audit.model.chain import GENESIS, Link
from services.audit.model.entry import Entry
from services.audit.model.merkle import Frontier, Subtree
from services.audit.store import tree
from services.audit.store.tables import EPOCHS, GAPS, NODES, RECORDS
from services.kit.clock import microseconds
from services.kit.db import Transaction

COLUMNS = (
    *("position", "epoch", "sequence", "recorded_at", "message_id", "kind", "mode", "warning_id", "revision"),
    *("channel", "about", "actor", "event_at", "leaf", "payload", "leaf_hash", "chain"),
)
"""The columns of a record as it is written."""

SQUEEZE = 1
"""How hard payloads are compressed: JSON shrinks fourfold at the fastest setting."""


@dataclass(frozen=True)
class Place:
    """How far the ledger has come: how long it is, and how far it has read the stream."""

    epoch: int
    sequence: int
    """The last sequence of the stream that has been seen to."""
    last_message_id: str | None
    stream_created_at: datetime | None
    skipped: int
    size: int
    chain: bytes


@dataclass(frozen=True)
class Stand(Place):
    """Where the ledger stands: everything that the next record is built upon."""

    edge: tuple[bytes, ...]

    @property
    def frontier(self) -> Frontier:
        """The right edge of the tree, ready to grow."""
        return Frontier(self.size, list(self.edge))


class Written(NamedTuple):
    """One record, ready to be written."""

    link: Link
    epoch: int
    sequence: int
    at_us: int
    message_id: str
    entry: Entry
    payload: bytes

    def values(self) -> tuple[Any, ...]:
        """Return the row as the driver takes it, in the order of `COLUMNS`."""
        link, entry = self.link, self.entry
        return (
            link.position,
            self.epoch,
            self.sequence,
            self.at_us,
            self.message_id,
            entry.kind,
            entry.mode,
            entry.warning_id,
            entry.revision,
            entry.channel,
            entry.about,
            entry.actor,
            microseconds(entry.event_at) if entry.event_at else None,
            link.leaf,
            self.payload,
            link.leaf_hash,
            link.chain,
        )


def packed(payload: bytes) -> bytes:
    """Return a payload as it lies in its row."""
    return zlib.compress(payload, SQUEEZE)


def unpacked(column: bytes) -> bytes:
    """Return the payload of a row; nothing of one that was emptied."""
    try:
        return zlib.decompress(column) if column else b""
    except zlib.error:
        raise tree.Broken("the payload of a record cannot be unpacked") from None


def subject_of(row: Mapping[str, Any]) -> str:
    """Return the subject under which a record was heard."""
    return str(orjson.loads(row["leaf"])["subject"])


async def stand(connection: AsyncConnection) -> Stand:
    """Return where the ledger stands; raise Broken when the edge of its tree is damaged."""
    now = await place(connection)
    edge = [await tree.node(connection, subtree) for subtree in merkle.cover((0, now.size))]
    return Stand(**vars(now), edge=tuple(edge))


async def place(connection: AsyncConnection) -> Place:
    """Return how far the ledger has come; epoch 0 before anything was ever read."""
    found = select(RECORDS.c.position, RECORDS.c.chain).order_by(RECORDS.c.position.desc()).limit(1)
    last = (await connection.execute(found)).one_or_none()
    size, chain = (int(last.position), bytes(last.chain)) if last else (0, GENESIS)
    newest = select(EPOCHS).order_by(EPOCHS.c.epoch.desc()).limit(1)
    epoch = (await connection.execute(newest)).mappings().one_or_none()
    if epoch is None:
        return Place(0, 0, None, None, 0, size, chain)
    return Place(
        epoch=epoch["epoch"],
        sequence=epoch["sequence"],
        last_message_id=epoch["last_message_id"],
        stream_created_at=epoch["stream_created_at"],
        skipped=epoch["skipped"],
        size=size,
        chain=chain,
    )


async def known(tx: Transaction, message_ids: Collection[str]) -> dict[str, str]:
    """Return, of these messages, those that are recorded already, with the SHA-256 of their payloads."""
    statement = select(RECORDS.c.message_id, RECORDS.c.leaf).where(RECORDS.c.message_id.in_(message_ids))
    found = (await tx.execute(statement)).mappings()
    return {row["message_id"]: orjson.loads(row["leaf"])["payload_sha256"] for row in found}


async def insert(tx: Transaction, rows: Sequence[tuple[Any, ...]]) -> None:
    """Write rows as they are: made ready here, they cost the driver half of what named values would."""
    await tx.connection.exec_driver_sql(_insertion(tx.connection.dialect), list(rows))


@lru_cache(maxsize=8)
def _insertion(dialect: Dialect) -> str:
    """Return the statement that takes the columns in their order."""
    made = RECORDS.insert().compile(dialect=dialect, column_keys=list(COLUMNS))
    if tuple(made.positiontup or ()) != COLUMNS:
        raise TypeError("the columns of a record are not in the order of the table")
    return str(made)


async def append(tx: Transaction, records: Sequence[Written], nodes: Sequence[tuple[Subtree, bytes]]) -> None:
    """Write records and the subtrees that they complete."""
    if records:
        await insert(tx, [record.values() for record in records])
    if nodes:
        rows = [{"level": s.level, "index": s.index, "hash": value} for s, value in nodes]
        await tx.execute(NODES.insert(), rows)


async def advance(tx: Transaction, now: Stand) -> None:
    """Note how far the stream has been read."""
    statement = update(EPOCHS).where(EPOCHS.c.epoch == now.epoch)
    await tx.execute(
        statement.values(sequence=now.sequence, last_message_id=now.last_message_id, skipped=now.skipped)
    )


async def open_epoch(tx: Transaction, epoch: int, created_at: datetime, position: int, begin: int) -> None:
    """Note that the stream has begun anew, and after which of its sequences it is read."""
    await tx.execute(
        EPOCHS.insert().values(
            epoch=epoch,
            stream_created_at=created_at,
            opened_at=tx.now,
            position=position,
            begin=begin,
            sequence=begin,
            last_message_id=None,
            skipped=0,
        )
    )


async def note_gap(tx: Transaction, epoch: int, first: int, last: int) -> None:
    """Note sequences that the stream no longer has."""
    await tx.execute(GAPS.insert().values(epoch=epoch, first=first, last=last, found_at=tx.now))


async def epochs(connection: AsyncConnection) -> list[dict[str, Any]]:
    """Return all epochs, oldest first, with how many records each has."""
    rows = [dict(r) for r in (await connection.execute(select(EPOCHS).order_by(EPOCHS.c.epoch))).mappings()]
    ends = [*(row["position"] for row in rows[1:]), await size(connection)]
    return [{**row, "records": end - row["position"]} for row, end in zip(rows, ends, strict=True)]


async def gaps(connection: AsyncConnection) -> list[dict[str, Any]]:
    """Return the gaps, oldest first."""
    statement = select(GAPS).order_by(GAPS.c.epoch, GAPS.c.first)
    return [dict(row) for row in (await connection.execute(statement)).mappings()]


async def size(connection: AsyncConnection) -> int:
    """Return how many records there are."""
    statement = select(func.coalesce(func.max(RECORDS.c.position), 0))
    return int((await connection.execute(statement)).scalar_one())


async def count(connection: AsyncConnection, after: int, upto: int) -> int:
    """Count the records between two positions, one by one."""
    between = (RECORDS.c.position > after) & (RECORDS.c.position <= upto)
    return int((await connection.execute(select(func.count(RECORDS.c.position)).where(between))).scalar_one())


async def missing(connection: AsyncConnection, epoch: int) -> int:
    """Return how many sequences of an epoch the stream had lost before they were read."""
    lost = func.coalesce(func.sum(GAPS.c.last - GAPS.c.first + 1), 0)
    return int((await connection.execute(select(lost).where(GAPS.c.epoch == epoch))).scalar_one())
