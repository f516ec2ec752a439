"""Say red warnings by Beidou to stations that no other way reaches; every step is recorded."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.values import Lane, Level, Mode
from services.channels.pull.stations.beidou.card import Card
from services.channels.pull.stations.beidou.frame import MOST_MINUTES, Frame, encode, villages_in, words
from services.channels.pull.stations.model import Kind
from services.channels.pull.stations.store import frames
from services.channels.pull.stations.store.frames import Kept, Lack
from services.kit.db import Database, Transaction
from services.kit.errors import Problem, Retry

Group = tuple[Mode, UUID, int, Kind]

MOST_TRIES = 20
"""So often a frame is given to a card that fails; a card that only says `too early` is asked for ever."""


@dataclass(frozen=True)
class Fallback:
    """How long a station must be silent, and with what frames are made."""

    key: bytes
    after: timedelta
    size: int


async def plan(tx: Transaction, fallback: Fallback) -> int:
    """Make frames for what silent stations lack and no frame has said to them; return how many."""
    lacks = await frames.lacking(tx, tx.now - fallback.after)
    said: dict[Group, set[str]] = defaultdict(set)
    for kept in await frames.spoken_of(tx, {lack.warning_id for lack in lacks}):
        said[kept.mode, kept.warning_id, kept.revision, kept.kind].update(kept.stations)
    groups: dict[Group, list[Lack]] = defaultdict(list)
    for lack in lacks:
        group = (lack.mode, lack.warning_id, lack.revision, lack.kind)
        if lack.station not in said[group] and lack.village[:9] in words()["towns"]:
            groups[group].append(lack)
    number = max(await frames.last_number(tx), int(tx.now.timestamp()))
    made: list[Kept] = []
    for missing in groups.values():
        made += await _frames(tx, fallback, missing, number + len(made))
    await frames.add(tx, made)
    for one in made:
        _record(tx, "beidou.frame-made", one)
    return len(made)


async def _frames(tx: Transaction, fallback: Fallback, missing: Sequence[Lack], number: int) -> list[Kept]:
    """Return the frames of one revision: one for all towns that are warned whole, the rest by villages."""
    first = missing[0]
    whole = await _whole_towns(tx, first)
    by_town = [lack for lack in missing if lack.village[:9] in whole]
    by_village = [lack for lack in missing if lack.village[:9] not in whole]
    parts: list[tuple[Sequence[Lack], tuple[str, ...], tuple[str, ...]]] = []
    if by_town:
        parts.append((by_town, tuple(sorted({lack.village[:9] for lack in by_town})), ()))
    most = villages_in(fallback.size)
    for begin in range(0, len(by_village), most):
        few = by_village[begin : begin + most]
        parts.append((few, (), tuple(sorted({lack.village for lack in few}))))
    notice = await frames.payload(tx, first.notice_id)
    issued = datetime.fromisoformat(notice["sent"]) if notice.get("sent") else tx.now
    found = []
    for place, (some, towns, villages) in enumerate(parts, start=1):
        frame = Frame(
            mode=first.mode,
            number=number + place,
            event=notice["hazard"],
            level=Level(notice["level"]),
            kind=first.kind,
            issued=issued,
            minutes=_minutes(issued, first.expires),
            towns=towns,
            villages=villages,
        )
        found.append(_kept(tx, frame, some, encode(frame, fallback.key)))
    return found


def _minutes(issued: datetime, expires: datetime) -> int:
    return max(0, min(MOST_MINUTES, int((expires - issued).total_seconds() // 60)))


def _kept(tx: Transaction, frame: Frame, some: Iterable[Lack], body: bytes) -> Kept:
    lacks = list(some)
    about = lacks[0]
    stations = tuple(sorted(lack.station for lack in lacks))
    return Kept(
        number=frame.number,
        mode=frame.mode,
        warning_id=about.warning_id,
        revision=about.revision,
        kind=frame.kind,
        stations=stations,
        body=body,
        expires=about.expires,
        made_at=tx.now,
        tries=0,
    )


async def _whole_towns(tx: Transaction, lack: Lack) -> set[str]:
    """Return the towns all of whose stations are warned: only those may be named as towns."""
    targets = await frames.targeted(tx, lack.warning_id, lack.revision, lack.mode)
    everybody = await frames.places(tx)
    partly = {village[:9] for code, village in everybody if code not in targets}
    return {village[:9] for _, village in everybody} - partly


async def send_next(db: Database, card: Card) -> float | None:
    """Give the next frame to the card; return the seconds to wait, None when nothing waits.

    Nothing is held while the card is asked: what was sent and not noted is sent again under its number.
    """
    async with db.transaction() as tx:
        kept = await frames.next_waiting(tx)
        if kept is None:
            return None
        idle = await _idle(tx, kept)
        if idle:
            await frames.mark(tx, kept.number, idle)
            _record(tx, f"beidou.frame-{idle}", kept)
            return 0.0
    try:
        await card.send(kept.body)
    except Problem as problem:
        return await _failed(db, kept, problem)
    async with db.transaction() as tx:
        await frames.mark(tx, kept.number, frames.SENT, tried=True)
        _record(tx, "beidou.frame-sent", kept)
    return card.rules.interval_s


async def _idle(tx: Transaction, kept: Kept) -> str | None:
    """Return why a frame needs not be sent any more."""
    if kept.expires <= tx.now or await frames.ended(tx, kept):
        return frames.OVER
    return None if await frames.still_lacking(tx, kept) else frames.NEEDLESS


async def _failed(db: Database, kept: Kept, problem: Problem) -> float:
    early = isinstance(problem, Retry) and "too early" in problem.why
    given_up = not isinstance(problem, Retry) or (not early and kept.tries + 1 >= MOST_TRIES)
    async with db.transaction() as tx:
        await frames.mark(tx, kept.number, frames.OVER if given_up else frames.WAITING, tried=not early)
        if not early:
            _record(tx, "beidou.frame-failed", kept, why=problem.why, given_up=given_up)
    after: float | None = problem.after if isinstance(problem, Retry) else None
    return after or card_pause(kept)


def card_pause(kept: Kept) -> float:
    """Return how long to leave a card alone that has failed: longer each time."""
    return min(300.0, 10.0 * float(2 ** min(kept.tries, 5)))


def _record(tx: Transaction, kind: str, kept: Kept, **more: Any) -> None:
    tx.record(
        kind,
        mode=kept.mode,
        lane=Lane.URGENT,
        warning_id=kept.warning_id,
        revision=kept.revision,
        number=kept.number,
        said=kept.kind,
        stations=list(kept.stations),
        bytes=len(kept.body),
        **more,
    )
