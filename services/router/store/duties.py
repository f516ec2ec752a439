"""Climbs and duties: the clocks, their steps, and who is silent."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, case, literal, select, update

from contracts.values import Level, Mode
from contracts.warning import WarningIssued, WarningPublished, WarningUpdated
from services.kit.db import Moment, Transaction
from services.router.model.duty import Climb, Duty, Way
from services.router.model.ladder import Kind, Ladder
from services.router.store.blocks import Reader, upsert
from services.router.store.tables import CLIMBS, DUTIES, STEPS

_KINDS: dict[str, type[WarningPublished]] = {kind.verb: kind for kind in (WarningIssued, WarningUpdated)}
_CHUNK = 500


async def keep_climb(tx: Transaction, climb: Climb) -> bool:
    """Keep a climb; return False when it is there already."""
    message = climb.message
    row = {
        "warning_id": str(message.warning_id),
        "revision": message.revision,
        "mode": message.mode,
        "level": message.notice.level,
        "hazard": message.notice.hazard,
        "rules": climb.rules,
        "rules_sha256": climb.rules_sha256,
        "ladder": climb.ladder.model_dump_json(by_alias=True).encode(),
        "kind": message.verb,
        "said": message.to_bytes(),
        "started_at": climb.started_at,
        "expires_at": message.notice.expires,
        "opened_at": None,
        "opened_to": None,
        "reopened_at": None,
        "ended_at": None,
    }
    inserted = upsert(tx, CLIMBS).values(row).on_conflict_do_nothing()
    return (await tx.execute(inserted)).rowcount > 0


async def of_climb(reader: Reader, warning_id: UUID, revision: int) -> list[Duty]:
    """Return all duties of a revision."""
    statement = select(DUTIES).where(_is(DUTIES, warning_id, revision)).order_by(DUTIES.c.place)
    return [duty_of(row) for row in (await reader.execute(statement)).mappings()]


async def lock_climbs(tx: Transaction, keys: Iterable[tuple[UUID, int]]) -> None:
    """Wait for whoever calls people of these revisions or counts their answers, before any duty is locked.

    So that who is called for one place is seen when another place's answer says who need not be.
    """
    if tx.postgres:
        for warning_id, revision in sorted(set(keys), key=str):
            mine = select(CLIMBS.c.revision).where(_is(CLIMBS, warning_id, revision))
            await tx.execute(mine.with_for_update())


async def climb_of(reader: Reader, warning_id: UUID, revision: int) -> Climb | None:
    """Return a climb, None when the revision asks for no answer."""
    row = (await reader.execute(select(CLIMBS).where(_is(CLIMBS, warning_id, revision)))).mappings()
    found = row.one_or_none()
    return climb_from(found) if found is not None else None


def climb_from(row: Mapping[Any, Any]) -> Climb:
    """Return the climb that a row holds."""
    return Climb(
        message=_KINDS[row["kind"]].from_bytes(row["said"]),
        ladder=Ladder.model_validate_json(row["ladder"]),
        rules=row["rules"],
        rules_sha256=row["rules_sha256"],
        started_at=row["started_at"],
    )


def _is(table: Any, warning_id: UUID, revision: int) -> Any:
    return and_(table.c.warning_id == str(warning_id), table.c.revision == revision)


async def keep(tx: Transaction, duties: Sequence[Duty]) -> None:
    """Keep new duties; those that are there stay as they are."""
    rows = [
        {**asdict(duty), "duty_id": str(duty.duty_id), "warning_id": str(duty.warning_id)} for duty in duties
    ]
    for start in range(0, len(rows), _CHUNK):
        await tx.execute(upsert(tx, DUTIES).on_conflict_do_nothing(), rows[start : start + _CHUNK])


def duty_of(row: Mapping[Any, Any]) -> Duty:
    """Return the duty that a row holds."""
    known = {name: row[name] for name in Duty.__dataclass_fields__}
    words = {"mode": Mode(row["mode"]), "level": Level(row["level"]), "kind": Kind(row["kind"])}
    ids = {"duty_id": UUID(row["duty_id"]), "warning_id": UUID(row["warning_id"])}
    return Duty(**{**known, **words, **ids, "way": Way(row["way"]) if row["way"] else None})


async def get(reader: Reader, duty_id: UUID, *, lock: bool = False) -> Duty | None:
    """Return one duty, None when there is none."""
    statement = select(DUTIES).where(DUTIES.c.duty_id == str(duty_id))
    found = (await reader.execute(_locked(reader, statement) if lock else statement)).mappings().one_or_none()
    return duty_of(found) if found is not None else None


def _locked(reader: Reader, statement: Select[Any]) -> Select[Any]:
    return statement.with_for_update() if isinstance(reader, Transaction) and reader.postgres else statement


async def striking(reader: Reader, now: datetime) -> list[tuple[Mode, Level]]:
    """Return the modes and colours in which a clock has struck, worst first."""
    statement = select(DUTIES.c.mode, DUTIES.c.level).where(DUTIES.c.due_at <= now).distinct()
    found = [(Mode(row.mode), Level(row.level)) for row in await reader.execute(statement)]
    return sorted(found, key=lambda one: (one[1].rank, one[0] is Mode.DRILL))


async def due(reader: Reader, mode: Mode, level: Level, until: datetime, limit: int) -> list[Duty]:
    """Return the duties whose clock struck by then, longest first; in a transaction they are locked."""
    mine = (DUTIES.c.mode == mode) & (DUTIES.c.level == level) & (DUTIES.c.due_at <= until)
    statement = select(DUTIES).where(mine).order_by(DUTIES.c.due_at, DUTIES.c.duty_id).limit(limit)
    if isinstance(reader, Transaction) and reader.postgres:
        statement = statement.with_for_update(skip_locked=True)
    return [duty_of(row) for row in (await reader.execute(statement)).mappings()]


async def advance(
    tx: Transaction, duties: Iterable[Duty], rung: int, due_at: datetime | None
) -> frozenset[UUID]:
    """Set clocks to their next rung; return those that stood on this one and that nothing has stopped."""
    names = [str(duty.duty_id) for duty in duties]
    won: set[UUID] = set()
    for start in range(0, len(names), _CHUNK):
        mine = DUTIES.c.duty_id.in_(names[start : start + _CHUNK])
        ticking = and_(DUTIES.c.rung == rung, DUTIES.c.due_at.is_not(None))
        moved = update(DUTIES).where(mine, ticking).values(rung=rung + 1, due_at=due_at)
        won |= {UUID(name) for name in (await tx.execute(moved.returning(DUTIES.c.duty_id))).scalars()}
    return frozenset(won)


async def stepped(tx: Transaction, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write down what was done; a rung of a duty is climbed once."""
    for start in range(0, len(rows), _CHUNK):
        await tx.execute(STEPS.insert(), list(rows[start : start + _CHUNK]))


async def alarm(tx: Transaction, duty_ids: Iterable[UUID]) -> None:
    """Note that nothing is left but an alarm."""
    mine = DUTIES.c.duty_id.in_([str(name) for name in duty_ids])
    await tx.execute(update(DUTIES).where(mine, DUTIES.c.alarmed_at.is_(None)).values(alarmed_at=tx.now))


async def end(tx: Transaction, mode: Mode, warning_id: UUID, revision: int) -> None:
    """Stop every clock of a warning's revisions up to this one."""
    for table, values in ((CLIMBS, {}), (DUTIES, {"due_at": None})):
        mine = (table.c.warning_id == str(warning_id)) & (table.c.revision <= revision)
        standing = update(table).where(mine, table.c.mode == mode, table.c.ended_at.is_(None))
        await tx.execute(standing.values(ended_at=tx.now, **values))


async def run_out(tx: Transaction) -> int:
    """Stop the clocks of what has expired; return how many duties that were."""
    over = (DUTIES.c.due_at.is_not(None)) & (DUTIES.c.expires_at <= tx.now)
    return (await tx.execute(update(DUTIES).where(over).values(due_at=None, ended_at=tx.now))).rowcount


async def receive(tx: Transaction, duty_ids: Mapping[UUID, datetime]) -> None:
    """Note when places received a revision; the earliest moment stays."""
    for duty_id, at in duty_ids.items():
        known = DUTIES.c.received_at
        mine = (DUTIES.c.duty_id == str(duty_id)) & (known.is_(None) | (known > at))
        await tx.execute(update(DUTIES).where(mine).values(received_at=at))


async def confirm(tx: Transaction, duty_id: UUID, at: datetime, by: str | None, way: Way) -> bool:
    """Note who answered first, and stop the clock; return whether it was ticking or nobody had answered."""
    known = DUTIES.c.confirmed_at
    mine = DUTIES.c.duty_id == str(duty_id)
    first = (await tx.execute(update(DUTIES).where(mine, known.is_(None)).values(due_at=None))).rowcount > 0
    earlier = update(DUTIES).where(mine, known.is_(None) | (known > at))
    received = case((DUTIES.c.received_at < at, DUTIES.c.received_at), else_=literal(at, Moment))
    await tx.execute(earlier.values(confirmed_at=at, confirmed_by=by, way=way, received_at=received))
    return first


async def take(tx: Transaction, duty_id: UUID, at: datetime, by: str) -> bool:
    """Note who has a duty in hand, and stop the clock; return False when somebody had it before."""
    free = (DUTIES.c.duty_id == str(duty_id)) & DUTIES.c.taken_at.is_(None)
    values = {"taken_at": at, "taken_by": by, "due_at": None}
    return (await tx.execute(update(DUTIES).where(free).values(values))).rowcount > 0
