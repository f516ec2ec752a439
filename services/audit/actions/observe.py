"""Observe: an onset, an outcome, a missed event or a number is said as a fact; its record counts.

Nothing is overwritten: whoever corrects says it again, and both stand in the ledger.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.values import Level, Mode
from services.audit.actions import folding
from services.audit.actions.drawn import WAITS
from services.audit.model.observed import FIGURE, LONGEST_NOTE, MISSED, ONSET, OUTCOME, OUTCOMES, YEARS
from services.audit.store import reports
from services.kit.clock import beijing
from services.kit.db import Database, Transaction
from services.kit.errors import Fault, Invalid, NotFound
from services.kit.ids import uuid7
from services.kit.masking import masked

HAZARD = re.compile(r"1[1-4][A-Z]\d{2}")
AHEAD = timedelta(minutes=5)
"""Nobody has observed what is further ahead than clocks differ."""
MOST = 2**62


@dataclass(frozen=True)
class Onset:
    """When the weather began, of a warning or in one of its towns; no moment takes back what was said."""

    warning_id: UUID
    at: datetime | None
    source: str
    town: str | None = None
    note: str = ""
    line: int | None = None
    """Its line in a file."""


@dataclass(frozen=True)
class Missed:
    """An event of which nobody was warned; said again under the same name it is corrected."""

    hazard: str
    level: str | None
    towns: Sequence[str]
    at: datetime
    source: str
    note: str = ""
    subject: str | None = None
    withdrawn: bool = False


async def onsets(db: Database, said: Sequence[Onset], by: str, *, imported: bool = False) -> int:
    """Say onsets, all or none; raise Invalid that names each which cannot be, by its place."""
    await folding.catch_up(db, WAITS)
    async with db.transaction() as tx:
        faults = await _odd(tx, said)
        if faults:
            raise Invalid.of(faults)
        modes = await _modes(tx, {str(one.warning_id) for one in said})
        for one in said:
            tx.record(
                ONSET,
                mode=modes[str(one.warning_id)],
                actor=by,
                warning_id=one.warning_id,
                about=one.town,
                onset=beijing(one.at) if one.at else None,
                town=one.town,
                observed_by=masked(one.source),
                note=masked(one.note),
                imported=imported,
            )
    return len(said)


async def _modes(tx: Transaction, warning_ids: Collection[str]) -> dict[str, Mode]:
    faces = await reports.faces(tx.connection, sorted(warning_ids), MOST)
    return {face.warning_id: Mode(face.mode) for face in faces}


async def _odd(tx: Transaction, said: Sequence[Onset]) -> list[Fault]:
    """Return what is wrong with each, named by its line when there are several."""
    ids = sorted({str(one.warning_id) for one in said})
    towns: dict[str, set[str]] = {}
    for face in await reports.faces(tx.connection, ids, MOST):
        towns.setdefault(face.warning_id, set()).update(face.towns)
    for aim in await reports.aims(tx.connection, ids, MOST):
        towns.setdefault(aim.warning_id, set()).update(aim.towns)
    faults = []
    for one in said:
        head = f"line {one.line}: " if one.line else ""
        known = towns.get(str(one.warning_id))
        if known is None:
            faults.append(
                Fault(f"{head}warning", "is not in the ledger", "give the id of a warning that went out")
            )
        elif one.town is not None and one.town not in known:
            faults.append(Fault(f"{head}town", "is not a town of this warning", "choose one of its towns"))
        faults += _words(head, one.source, one.note, one.at, tx.now)
    return faults


def _words(head: str, source: str, note: str, at: datetime | None, now: datetime) -> list[Fault]:
    faults = []
    if not source.strip():
        faults.append(Fault(f"{head}source", "is empty", "say who observed it"))
    for field, text in (("source", source), ("note", note)):
        if len(text) > LONGEST_NOTE:
            faults.append(Fault(f"{head}{field}", "is too long", f"use at most {LONGEST_NOTE} characters"))
    if at is not None and at > now + AHEAD:
        faults.append(Fault(f"{head}at", "lies ahead", "write of it when it has happened"))
    if at is not None and at.year < YEARS.start:
        faults.append(Fault(f"{head}at", "lies too far back", "look at the year again"))
    return faults


async def outcome(db: Database, warning_id: UUID, became: str, source: str, note: str, by: str) -> None:
    """Say what became of a warning: a hit, a miss, a false alarm."""
    await folding.catch_up(db, WAITS)
    async with db.transaction() as tx:
        faults = _words("", source, note, None, tx.now)
        if became not in OUTCOMES:
            faults.append(Fault("outcome", "is unknown", f"use one of {', '.join(OUTCOMES)}"))
        if became == "false-alarm" and not note.strip():
            faults.append(Fault("note", "is empty", "say why it was a false alarm"))
        if faults:
            raise Invalid.of(faults)
        modes = await _modes(tx, {str(warning_id)})
        if not modes:
            raise NotFound("the ledger knows no such warning")
        tx.record(
            OUTCOME,
            mode=modes[str(warning_id)],
            actor=by,
            warning_id=warning_id,
            outcome=became,
            observed_by=masked(source),
            note=masked(note),
        )


async def missed(db: Database, said: Missed, by: str) -> str:
    """Say of an event that nobody was warned of it; return the name under which it can be corrected."""
    async with db.transaction() as tx:
        faults = _words("", said.source, said.note, said.at, tx.now)
        if not HAZARD.fullmatch(said.hazard):
            faults.append(Fault("hazard", "is no code of a hazard", "write one such as 11B03"))
        if said.level is not None and said.level not in list(Level):
            faults.append(Fault("level", "is no colour of a warning", f"use one of {', '.join(Level)}"))
        if faults:
            raise Invalid.of(faults)
        subject = said.subject or str(uuid7())
        tx.record(
            MISSED,
            actor=by,
            about=subject,
            hazard=said.hazard,
            level=said.level,
            towns=list(said.towns),
            at=beijing(said.at),
            withdrawn=said.withdrawn,
            observed_by=masked(said.source),
            note=masked(said.note),
        )
    return subject


async def figure(
    db: Database, name: str, month: str, parts: tuple[float, float], source: str, note: str, by: str
) -> None:
    """Say the numbers of an indicator that nobody can count here: above and below the line, with a source."""
    numerator, denominator = parts
    async with db.transaction() as tx:
        faults = _words("", source, note, None, tx.now)
        if denominator <= 0:
            faults.append(Fault("denominator", "is not above zero", "say of how many"))
        if not 0 <= numerator <= denominator:
            faults.append(Fault("numerator", "is not between zero and the denominator", "look at both again"))
        if faults:
            raise Invalid.of(faults)
        tx.record(
            FIGURE,
            actor=by,
            about=name,
            month=month,
            numerator=numerator,
            denominator=denominator,
            observed_by=masked(source),
            note=masked(note),
        )
