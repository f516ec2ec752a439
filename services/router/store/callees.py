"""Whose answer counts for which duty, and who has answered by phone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, or_, select

from services.kit.db import Transaction
from services.router.model.duty import Way
from services.router.store.blocks import upsert
from services.router.store.tables import CALLEES, DUTIES, REPLIES

_CHUNK = 500


@dataclass(frozen=True)
class Callee:
    """A person whose answer counts for a duty."""

    duty_id: UUID
    warning_id: UUID
    revision: int
    hash: str
    name: str
    own: bool
    called_at: datetime | None = None


@dataclass(frozen=True)
class Counted:
    """An answer by phone that counts for a duty."""

    duty_id: UUID
    name: str
    own: bool
    way: Way
    at: datetime


async def keep(tx: Transaction, callees: Sequence[Callee]) -> None:
    """Keep callees; who is called again keeps what he was, and the time of the first call."""
    rows = [{**vars(one), "duty_id": str(one.duty_id), "warning_id": str(one.warning_id)} for one in callees]
    for start in range(0, len(rows), _CHUNK):
        into = upsert(tx, CALLEES)
        first = {"called_at": into.excluded.called_at}
        called = into.on_conflict_do_update(
            index_elements=["duty_id", "hash"], set_=first, where=CALLEES.c.called_at.is_(None)
        )
        await tx.execute(called, rows[start : start + _CHUNK])


async def reply(
    tx: Transaction, warning_id: UUID, revision: int, replies: Mapping[str, datetime], way: Way
) -> None:
    """Keep who has answered by phone; the last time stays, for he may be asked after he has answered."""
    rows = [
        {"warning_id": str(warning_id), "revision": revision, "hash": name, "way": way, "at": at}
        for name, at in replies.items()
    ]
    if rows:
        into = upsert(tx, REPLIES)
        later = into.on_conflict_do_update(
            index_elements=["warning_id", "revision", "hash"],
            set_={"way": into.excluded.way, "at": into.excluded.at},
            where=REPLIES.c.at < into.excluded.at,
        )
        await tx.execute(later, rows)


async def counted(
    tx: Transaction, warning_id: UUID, revision: int, hashes: Iterable[str] | None = None
) -> list[Counted]:
    """Return for which duties the answers by phone count: of these people, or of all who answered.

    A place's own people answer the warning, whenever they do; others answer a call, and not before it.
    """
    same = and_(
        *(CALLEES.c[name] == REPLIES.c[name] for name in ("warning_id", "revision", "hash")),
    )
    asked = or_(CALLEES.c.own, REPLIES.c.at >= CALLEES.c.called_at)
    of_it: list[Any] = [REPLIES.c.warning_id == str(warning_id), REPLIES.c.revision == revision, asked]
    if hashes is not None:
        wanted = sorted(hashes)
        if not wanted:
            return []
        chunks = [wanted[n : n + _CHUNK] for n in range(0, len(wanted), _CHUNK)]
        of_it.append(or_(*(REPLIES.c.hash.in_(chunk) for chunk in chunks)))
    statement = select(CALLEES.c.duty_id, CALLEES.c.name, CALLEES.c.own, REPLIES.c.way, REPLIES.c.at)
    rows = await tx.execute(statement.join(REPLIES, same).where(*of_it).order_by(REPLIES.c.at))
    return [Counted(UUID(row.duty_id), row.name, row.own, Way(row.way), row.at) for row in rows]


async def idle(tx: Transaction, duty_id: UUID) -> list[str]:
    """Return who was called for a duty and for no other one that still waits; sorted."""
    others = CALLEES.alias()
    waits = and_(
        *(others.c[name] == CALLEES.c[name] for name in ("warning_id", "revision", "hash")),
        DUTIES.c.duty_id == others.c.duty_id,
        DUTIES.c.confirmed_at.is_(None) & DUTIES.c.taken_at.is_(None) & DUTIES.c.ended_at.is_(None),
    )
    mine = (CALLEES.c.duty_id == str(duty_id)) & CALLEES.c.called_at.is_not(None)
    statement = select(CALLEES.c.hash).where(mine, ~exists().where(waits)).order_by(CALLEES.c.hash)
    return list((await tx.execute(statement)).scalars())
