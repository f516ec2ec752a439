"""Report drills: what was rehearsed, by whom, who was reached and who answered, beside the drill before."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.values import Mode
from services.audit.actions import drawn, report_warning
from services.audit.actions.drawn import Drawn
from services.audit.model.faces import Face
from services.audit.model.figures import RevisionFigures, WarningFigures
from services.audit.model.indicators import Yardsticks
from services.audit.model.month_figures import DrillChannel, DrillFigures, DrillLine, Participant, Slow
from services.audit.model.warning_report import spread
from services.audit.store import questions, reports
from services.kit.db import Database
from services.kit.errors import NotFound

SLOWEST = 20


async def drills(
    db: Database,
    yardsticks: Yardsticks,
    before: tuple[datetime, str] | None,
    limit: int,
    at: int | None = None,
) -> list[DrillLine]:
    """Return drills by their first issue, newest first, behind one of them."""
    position = await drawn.position(db, at)
    async with questions.snapshot(db) as connection:
        ids = [i for _, i in await reports.newest(connection, Mode.DRILL, before, limit, position)]
        return await _lines(connection, yardsticks, ids, position)


async def _lines(
    connection: AsyncConnection, yardsticks: Yardsticks, ids: Sequence[str], at: int
) -> list[DrillLine]:
    known, _ = await report_warning.accounts(connection, ids, at)
    found = []
    faces: dict[str, list[Face]] = {}
    for face in await reports.faces(connection, ids, at):
        faces.setdefault(face.warning_id, []).append(face)
    for warning_id in ids:
        first = faces[warning_id][0]
        mine = report_warning.grouped(t for t in known.targets.values() if t.warning_id == warning_id)
        planned = [t for t in mine.get(first.revision, ()) if t.planned]
        reached = spread([t.received_at for t in planned], first.approved_at)
        confirmed = sum(t.confirmed_at is not None for t in planned)
        found.append(_line(first, yardsticks, reached.targeted, reached.count, confirmed, reached.p95_s))
    return found


def _line(
    first: Face, yardsticks: Yardsticks, targeted: int, received: int, confirmed: int, p95_s: float | None
) -> DrillLine:
    return DrillLine(
        warning_id=first.warning_id,
        headline=first.headline,
        hazard=first.hazard_name,
        level=first.level,
        held_at=first.approved_at,
        published_at=first.said_at,
        standing=bool(first.approved_by) and set(first.approved_by) <= yardsticks.standing_by,
        targeted=targeted,
        received=received,
        confirmed=confirmed,
        p95_s=p95_s,
    )


async def report(db: Database, yardsticks: Yardsticks, warning_id: str, at: int | None) -> Drawn:
    """Return the report of one drill; raise NotFound when the ledger knows no such drill."""
    whole = await report_warning.report(db, yardsticks, warning_id, at)
    found: WarningFigures = whole.figures
    if found.mode != Mode.DRILL.value:
        raise NotFound("the ledger knows no such drill")
    position = whole.stood.position
    async with questions.snapshot(db) as connection:
        (mine,) = await _lines(connection, yardsticks, [warning_id], position)
        last = await _before(connection, yardsticks, mine, position)
    waits = {}
    if last is not None:
        earlier = await report_warning.report(db, yardsticks, last.warning_id, position)
        waits = _waits(earlier.figures.revisions[-1])
    return drawn.drawn(whole.stood, _figures(found, mine, last, waits))


async def _before(
    connection: AsyncConnection, yardsticks: Yardsticks, mine: DrillLine, at: int
) -> DrillLine | None:
    """Return the drill of the same sort before this one: a held one beside a held one."""
    behind = mine.published_at, mine.warning_id
    found = await reports.newest(connection, Mode.DRILL, behind, MOST_LOOKED_AT, at)
    ids = [warning_id for _, warning_id in found]
    firsts = {f.warning_id: f for f in reversed(await reports.faces(connection, ids, at))}
    for warning_id in ids:
        by = firsts[warning_id].approved_by
        if mine.standing == (bool(by) and set(by) <= yardsticks.standing_by):
            return (await _lines(connection, yardsticks, [warning_id], at))[0]
    return None


MOST_LOOKED_AT = 200


def _waits(revision: RevisionFigures) -> dict[str, float | None]:
    return {wait.code: wait.received_s for wait in revision.waits}


def _figures(
    found: WarningFigures, mine: DrillLine, last: DrillLine | None, before: Mapping[str, float | None]
) -> DrillFigures:
    first = found.revisions[-1]
    known = [w for w in first.waits if w.received_s is not None]
    slowest = sorted(known, key=lambda w: (-(w.received_s or 0), w.code))[:SLOWEST]
    return DrillFigures(
        drill=mine,
        towns=found.towns,
        participants=_participants(found),
        channels=[
            DrillChannel(**{n: getattr(c, n) for n in DrillChannel.model_fields}) for c in first.channels
        ],
        slowest=[
            Slow(code=w.code, name=w.name, seconds=w.received_s, before_s=before.get(w.code)) for w in slowest
        ],
        silent=[
            Slow(code=s.code, name=s.name, seconds=None, before_s=before.get(s.code)) for s in first.unreached
        ],
        answers=first.confirmed.count,
        before=last,
        details_gone=found.details_gone,
    )


def _participants(found: WarningFigures) -> list[Participant]:
    """Return who took part, by what he did: whoever wrote, checked, signed, reviewed or decided."""
    did: dict[str, list[str]] = {}
    for step in [*found.steps, *found.reviews]:
        if step.by and step.what not in did.setdefault(step.by, []):
            did[step.by].append(step.what)
    return [Participant(by=by, what=what) for by, what in sorted(did.items())]
