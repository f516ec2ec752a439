"""Batches and area orders in the database: read as `Work`, locked where they are about to change."""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

import orjson
from sqlalchemy import RowMapping, Select, bindparam, case, func, select, update

from contracts.values import Action, Channel, Level, Mode
from services.channels.pull.gateways.model import results
from services.channels.pull.gateways.model.work import State, Work
from services.channels.pull.gateways.store.tables import BATCHES, BODIES, LEASED, OPEN, READY
from services.kit.crypto import HASH_BYTES
from services.kit.db import Database, Transaction

WORK = [
    column
    for column in BATCHES.c
    if column.name
    in {
        *("delivery_id", "warning_id", "revision", "mode", "channel", "gateway", "rank", "action", "size"),
        *(
            "expires",
            "state",
            "results",
            "reasons",
            "attempt",
            "misses",
            "leased_at",
            "lease_until",
            "report",
            "run",
        ),
    }
]


BODY = [column for column in BODIES.c if column.name != "delivery_id"]


@dataclass(frozen=True)
class Body:
    """What never changes of a batch or area order and is big."""

    sealed: bytes | None = None
    hashes: bytes = b""
    targets: tuple[str, ...] = ()
    area: str | None = None

    def name(self, place: int) -> str:
        """Return what a target is called in reports: its keyed hash, or its area code."""
        if not self.hashes:
            return self.targets[place]
        return self.hashes[place * HASH_BYTES : (place + 1) * HASH_BYTES].hex()


Row = tuple[Work, Mapping[str, Any], Body]
"""Work, its face to gateways, and its body."""


async def add(tx: Transaction, work: Work, face: Mapping[str, Any], body: Body) -> None:
    """Keep new work: the changing part, its face to gateways, its body."""
    row = {
        "delivery_id": str(work.delivery_id),
        "warning_id": str(work.warning_id),
        "revision": work.revision,
        "mode": work.mode,
        "channel": work.channel,
        "gateway": work.gateway,
        "rank": work.rank,
        "action": work.action,
        "size": work.size,
        "expires": work.expires,
        "first_hash": body.hashes[:HASH_BYTES].hex() or None,
        "not_before": tx.now,
        "queued_at": tx.now,
        "run": work.run,
    }
    await tx.execute(BATCHES.insert().values({**row, **face, **_changing(work)}))
    targets = orjson.dumps(body.targets).decode() if body.targets else None
    big = {"sealed": body.sealed, "hashes": body.hashes or None, "targets": targets, "area": body.area}
    await tx.execute(BODIES.insert().values(delivery_id=str(work.delivery_id), **big))


_CHANGING = ("state", "open", "attempt", "misses", "leased_at", "lease_until", "report", "results", "reasons")
_SAVED = (
    update(BATCHES)
    .where(BATCHES.c.delivery_id == bindparam("of"))
    .values({name: bindparam(name) for name in _CHANGING})
)


async def save(tx: Transaction, works: Sequence[Work]) -> None:
    """Write what has changed of work."""
    if works:
        await tx.execute(_SAVED, [{"of": str(work.delivery_id), **_changing(work)} for work in works])


async def postpone(tx: Transaction, works: Sequence[Work], until: datetime) -> None:
    """Let work wait until then."""
    if works:
        mine = BATCHES.c.delivery_id.in_([str(work.delivery_id) for work in works])
        await tx.execute(update(BATCHES).where(mine).values(not_before=until))


async def lock(tx: Transaction, delivery_id: UUID) -> Work | None:
    """Return work that is about to change, None when it is not here."""
    found = await _locked(tx, select(*WORK).where(BATCHES.c.delivery_id == str(delivery_id)))
    return found[0] if found else None


async def lock_many(tx: Transaction, delivery_ids: Sequence[UUID]) -> dict[UUID, Work]:
    """Return all of these deliveries that are here, about to change."""
    wanted = BATCHES.c.delivery_id.in_([str(d) for d in delivery_ids])
    found = await _locked(tx, select(*WORK).where(wanted).order_by(BATCHES.c.delivery_id))
    return {work.delivery_id: work for work in found}


async def lock_warning(tx: Transaction, warning_id: UUID, revision: int) -> list[Work]:
    """Return the open work of a warning, up to a revision."""
    return await _locked(
        tx,
        select(*WORK)
        .where(BATCHES.c.warning_id == str(warning_id), BATCHES.c.revision <= revision, BATCHES.c.open > 0)
        .order_by(BATCHES.c.delivery_id),
    )


async def lock_asked(tx: Transaction, gateway: str, mode: Mode) -> list[Work]:
    """Return the batches last handed out to people who answer for a place, to be changed.

    Of warnings that stand: a lift asks for no answer, and a town's note neither.
    """
    mine = (BATCHES.c.gateway == gateway) & (BATCHES.c.mode == mode) & (BATCHES.c.expires > tx.now)
    people = BATCHES.c.rendering.in_(("duty", "person")) & (BATCHES.c.action != Action.STOP)
    out = BATCHES.c.leased_at.is_not(None) & BATCHES.c.adds_to.is_(None)
    last = (BATCHES.c.leased_at.desc(), BATCHES.c.queued_at.desc())
    newest = select(BATCHES.c.delivery_id).where(mine, people, out).order_by(*last).limit(200)
    ordered = [UUID(name) for name in (await tx.execute(newest)).scalars()]
    found = await lock_many(tx, ordered)
    return [found[name] for name in ordered if name in found]


async def lock_ran_out(tx: Transaction, limit: int) -> list[Work]:
    """Return work whose lease has run out, as far as nobody else is about to change it."""
    run_out = select(*WORK).where(LEASED, BATCHES.c.lease_until <= tx.now)
    return await _locked(tx, run_out.order_by(BATCHES.c.lease_until).limit(limit), skip=True)


async def lock_expired(tx: Transaction, limit: int) -> list[Work]:
    """Return open work of warnings that have expired."""
    expired = select(*WORK).where(OPEN, BATCHES.c.expires <= tx.now)
    return await _locked(tx, expired.order_by(BATCHES.c.expires).limit(limit), skip=True)


_MINE = (BATCHES.c.gateway == bindparam("gateway"), BATCHES.c.mode == bindparam("mode"))
_NOW = (BATCHES.c.not_before <= bindparam("now"), BATCHES.c.expires > bindparam("now"))
_WAITING = select(BATCHES.c.delivery_id).where(*_MINE, READY, *_NOW).limit(1)
_NEXT = (
    select(BATCHES, *BODY)
    .join(BODIES, BODIES.c.delivery_id == BATCHES.c.delivery_id)
    .where(*_MINE, READY, *_NOW)
    .order_by(BATCHES.c.priority, BATCHES.c.queued_at, BATCHES.c.delivery_id)
    .limit(bindparam("most"))
)
_NEXT_BUT = _NEXT.where(BATCHES.c.delivery_id.not_in(bindparam("but", expanding=True)))


async def waiting(db: Database, gateway: str, mode: Mode) -> bool:
    """Tell whether there is work for a gateway, without waiting for a writer."""
    return bool(await db.rows(_WAITING, {"gateway": gateway, "mode": mode, "now": db.clock.now()}))


async def in_hand(tx: Transaction, gateway: str, mode: Mode) -> int:
    """Return how many numbers a gateway holds leases of."""
    held = select(func.coalesce(func.sum(BATCHES.c.size), 0))
    mine = held.where(LEASED, BATCHES.c.gateway == gateway, BATCHES.c.mode == mode)
    return int((await tx.execute(mine)).scalar_one())


async def take(tx: Transaction, gateway: str, mode: Mode, limit: int, but: Sequence[UUID] = ()) -> list[Row]:
    """Return the next ready work with face and body, urgent first, then by colour, then by age."""
    wanted = {"gateway": gateway, "mode": mode, "now": tx.now, "most": limit}
    statement = _NEXT
    if but:
        statement, wanted["but"] = _NEXT_BUT, [str(delivery_id) for delivery_id in but]
    if tx.postgres:
        statement = statement.with_for_update(of=BATCHES, skip_locked=True)
    rows = (await tx.execute(statement, wanted)).mappings()
    return [(work_of(row), cast("Mapping[str, Any]", row), body_of(row)) for row in rows]


async def bodies(tx: Transaction, delivery_ids: Sequence[UUID]) -> dict[UUID, Body]:
    """Return the bodies of work."""
    statement = select(BODIES).where(BODIES.c.delivery_id.in_([str(d) for d in delivery_ids]))
    return {UUID(row["delivery_id"]): body_of(row) for row in (await tx.execute(statement)).mappings()}


def body_of(row: RowMapping) -> Body:
    """Return the body of a row."""
    targets = tuple(orjson.loads(row["targets"] or "[]"))
    return Body(row["sealed"], row["hashes"] or b"", targets, row["area"])


async def text_of(tx: Transaction, delivery_id: UUID) -> str:
    """Return what a batch says, nothing of one that cannot be sent."""
    statement = select(BATCHES.c.text).where(BATCHES.c.delivery_id == str(delivery_id))
    return str((await tx.execute(statement)).scalar_one_or_none() or "")


async def gateways_that_leased(tx: Transaction, warning_id: UUID, revision: int) -> list[tuple[str, Mode]]:
    """Return who was given anything of a warning, up to a revision."""
    statement = (
        select(BATCHES.c.gateway, BATCHES.c.mode)
        .where(BATCHES.c.warning_id == str(warning_id), BATCHES.c.revision <= revision, BATCHES.c.attempt > 0)
        .distinct()
        .order_by(BATCHES.c.gateway)
    )
    return [(row.gateway, Mode(row.mode)) for row in await tx.execute(statement)]


@dataclass(frozen=True)
class Waiting:
    """What waits for a gateway."""

    since: datetime
    """Since when the oldest of it."""
    urgent: datetime | None
    """Since when the newest of what is urgent and has waited for as long as anybody's patience."""


async def oldest_ready(tx: Transaction, patience: timedelta) -> dict[tuple[str, Mode], Waiting]:
    """Return for each gateway what waits for it."""
    long = (BATCHES.c.priority <= len(Level)) & (BATCHES.c.not_before <= tx.now - patience)
    statement = (
        select(
            BATCHES.c.gateway,
            BATCHES.c.mode,
            func.min(BATCHES.c.not_before).label("since"),
            func.max(case((long, BATCHES.c.not_before))).label("urgent"),
        )
        .where(READY, BATCHES.c.not_before <= tx.now, BATCHES.c.run.is_(None))
        .group_by(BATCHES.c.gateway, BATCHES.c.mode)
    )
    rows = await tx.execute(statement)
    return {(row.gateway, Mode(row.mode)): Waiting(row.since, row.urgent) for row in rows}


async def _locked(tx: Transaction, statement: Select[Any], skip: bool = False) -> list[Work]:
    if tx.postgres:
        statement = statement.with_for_update(skip_locked=skip)
    return [work_of(row) for row in (await tx.execute(statement)).mappings()]


def work_of(row: RowMapping) -> Work:
    """Return the work of a row."""
    reasons = orjson.loads(zlib.decompress(row["reasons"])) if row["reasons"] else {}
    return Work(
        delivery_id=UUID(row["delivery_id"]),
        warning_id=UUID(row["warning_id"]),
        revision=row["revision"],
        mode=Mode(row["mode"]),
        channel=Channel(row["channel"]),
        gateway=row["gateway"],
        rank=row["rank"],
        action=Action(row["action"]),
        size=row["size"],
        expires=row["expires"],
        state=State(row["state"]),
        results=zlib.decompress(row["results"]) if row["results"] else results.blank(row["size"]),
        reasons={int(place): why for place, why in reasons.items()},
        attempt=row["attempt"],
        misses=row["misses"],
        leased_at=row["leased_at"],
        lease_until=row["lease_until"],
        report=row["report"],
        run=row["run"],
    )


def _changing(work: Work) -> dict[str, Any]:
    reasons = {str(place): why for place, why in work.reasons.items()}
    return {
        "state": work.state,
        "open": work.open,
        "attempt": work.attempt,
        "misses": work.misses,
        "leased_at": work.leased_at,
        "lease_until": work.lease_until,
        "report": work.report,
        "results": zlib.compress(work.results, 1) if any(work.results) else None,
        "reasons": zlib.compress(orjson.dumps(reasons), 1) if reasons else None,
    }
