"""What was said by Beidou, and what silent stations lack."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Select, and_, func, insert, or_, select, update

from contracts.values import Level, Mode
from services.channels.pull.stations.model import IN_FORCE, OPEN, Kind, Presence
from services.channels.pull.stations.store.tables import (
    FRAMES,
    ITEMS,
    NOTICES,
    PRESENCE,
    STATIONS,
    TOMBSTONES,
)
from services.kit.db import Transaction

WAITING, SENT, NEEDLESS, OVER = "waiting", "sent", "needless", "over"


@dataclass(frozen=True)
class Lack:
    """A red item of which nothing has come, at a station of which nothing is heard."""

    station: str
    village: str
    mode: Mode
    warning_id: UUID
    revision: int
    kind: Kind
    notice_id: int
    queued_at: datetime
    expires: datetime


@dataclass(frozen=True)
class Kept:
    """A frame as it is kept."""

    number: int
    mode: Mode
    warning_id: UUID
    revision: int
    kind: Kind
    stations: tuple[str, ...]
    body: bytes
    expires: datetime
    made_at: datetime
    tries: int


def _silent() -> Select[Any]:
    seen = and_(PRESENCE.c.station == ITEMS.c.station, PRESENCE.c.mode == ITEMS.c.mode)
    return (
        select(ITEMS, STATIONS.c.village)
        .join(NOTICES, NOTICES.c.notice_id == ITEMS.c.notice_id)
        .join(STATIONS, STATIONS.c.code == ITEMS.c.station)
        .outerjoin(PRESENCE, seen)
        .where(
            NOTICES.c.level == Level.RED,
            ITEMS.c.received_at.is_(None),
            or_(PRESENCE.c.state.is_(None), PRESENCE.c.state != Presence.ONLINE),
        )
    )


async def lacking(tx: Transaction, queued_before: datetime) -> list[Lack]:
    """Return red warnings in force that silent stations lack, and the ends of those said by Beidou before."""
    ended = ITEMS.c.revision <= func.coalesce(TOMBSTONES.c.revision, 0)
    standing = and_(ITEMS.c.kind.in_(IN_FORCE), ITEMS.c.state.in_(OPEN), ITEMS.c.expires > tx.now, ~ended)
    spoken = select(FRAMES.c.warning_id).where(FRAMES.c.state == SENT)
    stops = and_(ITEMS.c.kind.not_in(IN_FORCE), ITEMS.c.expires > tx.now, ITEMS.c.warning_id.in_(spoken))
    statement = _silent().outerjoin(TOMBSTONES, TOMBSTONES.c.warning_id == ITEMS.c.warning_id)
    statement = statement.where(or_(and_(standing, ITEMS.c.queued_at <= queued_before), stops))
    rows = await tx.execute(statement.order_by(ITEMS.c.queued_at, ITEMS.c.station).limit(5000))
    return [_lack(row) for row in rows.mappings()]


def _lack(row: Any) -> Lack:
    names = ("station", "village", "revision", "notice_id", "queued_at", "expires")
    known = {name: row[name] for name in names}
    return Lack(**known, mode=Mode(row["mode"]), warning_id=UUID(row["warning_id"]), kind=Kind(row["kind"]))


async def still_lacking(tx: Transaction, kept: Kept) -> set[str]:
    """Return the stations of a frame that are still silent and still lack what it says."""
    mine = (ITEMS.c.mode == kept.mode, ITEMS.c.kind == kept.kind, ITEMS.c.station.in_(kept.stations))
    about = (ITEMS.c.warning_id == str(kept.warning_id), ITEMS.c.revision == kept.revision)
    return {row["station"] for row in (await tx.execute(_silent().where(*mine, *about))).mappings()}


async def ended(tx: Transaction, kept: Kept) -> bool:
    """Tell whether a warning's revision has ended since its frame was made."""
    found = select(TOMBSTONES.c.revision).where(TOMBSTONES.c.warning_id == str(kept.warning_id))
    up_to = (await tx.execute(found)).scalar_one_or_none() or 0
    return kept.kind in IN_FORCE and kept.revision <= up_to


async def targeted(tx: Transaction, warning_id: UUID, revision: int, mode: Mode) -> set[str]:
    """Return the stations that were given a revision."""
    mine = select(ITEMS.c.station).where(ITEMS.c.warning_id == str(warning_id), ITEMS.c.mode == mode)
    return set((await tx.execute(mine.where(ITEMS.c.revision == revision))).scalars())


async def places(tx: Transaction) -> list[tuple[str, str]]:
    """Return every station with its village."""
    return [(row.code, row.village) for row in await tx.execute(select(STATIONS.c.code, STATIONS.c.village))]


async def payload(tx: Transaction, notice_id: int) -> dict[str, Any]:
    """Return the words of a notice."""
    found = select(NOTICES.c.payload).where(NOTICES.c.notice_id == notice_id)
    read: dict[str, Any] = orjson.loads((await tx.execute(found)).scalar_one())
    return read


async def spoken_of(tx: Transaction, warnings: Iterable[UUID]) -> list[Kept]:
    """Return the frames of these warnings that were made and not given up."""
    mine = FRAMES.c.warning_id.in_({str(one) for one in warnings})
    rows = await tx.execute(select(FRAMES).where(mine, FRAMES.c.state.in_((WAITING, SENT))))
    return [_kept(row) for row in rows.mappings()]


async def last_number(tx: Transaction) -> int:
    """Return the highest number that a frame was given."""
    return int((await tx.execute(select(func.coalesce(func.max(FRAMES.c.number), 0)))).scalar_one())


async def add(tx: Transaction, frames: Sequence[Kept]) -> None:
    """Keep new frames, waiting for the card."""
    rows = [
        {
            "number": one.number,
            "mode": one.mode,
            "warning_id": str(one.warning_id),
            "revision": one.revision,
            "kind": one.kind,
            "stations": orjson.dumps(one.stations).decode(),
            "body": one.body,
            "expires": one.expires,
            "made_at": one.made_at,
            "tries": 0,
            "state": WAITING,
            "sent_at": None,
        }
        for one in frames
    ]
    if rows:
        await tx.execute(insert(FRAMES), rows)


async def next_waiting(tx: Transaction) -> Kept | None:
    """Return the frame that is sent next: live before drills, then the oldest."""
    order = (FRAMES.c.mode.desc(), FRAMES.c.number)
    found = await tx.execute(select(FRAMES).where(FRAMES.c.state == WAITING).order_by(*order).limit(1))
    row = found.mappings().one_or_none()
    return None if row is None else _kept(row)


async def mark(tx: Transaction, number: int, state: str, *, tried: bool = False) -> None:
    """Note what became of a frame."""
    changes: dict[str, Any] = {"state": state}
    if tried:
        changes["tries"] = FRAMES.c.tries + 1
    if state == SENT:
        changes["sent_at"] = tx.now
    await tx.execute(update(FRAMES).where(FRAMES.c.number == number).values(**changes))


def _kept(row: Any) -> Kept:
    names = ("number", "revision", "body", "expires", "made_at", "tries")
    return Kept(
        **{name: row[name] for name in names},
        mode=Mode(row["mode"]),
        warning_id=UUID(row["warning_id"]),
        kind=Kind(row["kind"]),
        stations=tuple(orjson.loads(row["stations"])),
    )
