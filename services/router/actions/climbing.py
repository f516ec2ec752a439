"""Climb: when nobody answers, the next way is tried; by the one replica that leads, each rung once."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contracts.values import Lane, Level, Mode
from services.kit.db import Database, Transaction
from services.kit.errors import Retry
from services.kit.leadership import LostLead
from services.kit.telemetry import log
from services.router.actions import beginning
from services.router.actions.answering import count
from services.router.actions.calling import Calls, call
from services.router.actions.hands import LEASE, Hands, callee_of
from services.router.actions.rosters import open_rosters
from services.router.model.duty import Called, Climb, Duty, Rosters, called, ripe_until
from services.router.model.ladder import Kind, Rung, Whom, lanes_of
from services.router.store import callees, duties
from services.router.store.callees import Callee

AT_ONCE = 1000
"""Duties in one transaction: whoever stands for several places is called once for all of them."""

LOOK_S = 0.25


async def run(db: Database, hands: Hands) -> None:
    """Climb until another replica leads; a registry that is not whole yet delays no clock."""
    with contextlib.suppress(LostLead):
        while True:
            busy = 0
            for work in (beginning.open_climbs, climb):
                with contextlib.suppress(Retry):
                    busy += await work(db, hands)
            if not busy:
                await asyncio.sleep(LOOK_S)


async def climb(db: Database, hands: Hands) -> int:
    """Do what is due and ripe; return how many duties climbed a rung."""
    async with db.read() as connection:
        struck = await duties.striking(connection, db.clock.now())
    return sum([await _strike(db, hands, mode, level) for mode, level in struck])


async def _strike(db: Database, hands: Hands, mode: Mode, level: Level) -> int:
    """Climb what is ripe in one colour. Rosters are opened before, so that writing waits for nobody."""
    heard = await hands.ears.heard_until(mode, lanes_of(level))
    grace = timedelta(seconds=hands.escalation.rules.grace_s[level])
    ripe = ripe_until(db.clock.now(), heard, grace)
    async with db.read() as connection:
        seen = await duties.due(connection, mode, level, ripe, AT_ONCE)
        places = {place for duty in seen for place in (duty.village, duty.town) if place}
        rosters = await open_rosters(connection, hands.crypto, places, db.clock.now())
    known = {duty.duty_id for duty in seen}
    async with db.transaction() as tx:
        await hands.leadership.guard(tx, LEASE)
        await duties.lock_climbs(tx, [(duty.warning_id, duty.revision) for duty in seen])
        tx.now = db.clock.now()  # What is ordered now is younger than every answer that was waited for.
        over = await duties.run_out(tx)
        found = [d for d in await duties.due(tx, mode, level, ripe, AT_ONCE) if d.duty_id in known]
        for group in _groups(found):
            await _climb(tx, group, hands, rosters, heard)
    return over + len(found)


def _groups(found: Sequence[Duty]) -> list[list[Duty]]:
    """Return duties by what they climb together: one rung of one ladder, since the same moment."""
    groups: dict[tuple[UUID, int, Kind, int, datetime], list[Duty]] = {}
    for duty in found:
        together = (duty.warning_id, duty.revision, duty.kind, duty.rung, duty.started_at)
        groups.setdefault(together, []).append(duty)
    return list(groups.values())


async def _climb(
    tx: Transaction, group: Sequence[Duty], hands: Hands, rosters: Rosters, heard: datetime | None
) -> None:
    """Set the clocks of a group to their next rung, and do what this one asks for those that won."""
    first = group[0]
    found = await duties.climb_of(tx, first.warning_id, first.revision)
    assert found is not None, "duties are kept with their climb"
    rung = found.ladder.rungs(first.kind)[first.rung]
    due_at = found.ladder.due_at(first.kind, first.started_at, first.rung + 1)
    won = await duties.advance(tx, group, first.rung, due_at)
    needed = [duty for duty in group if duty.duty_id in won and duty.needs(rung)]
    if not needed:
        return
    deeds = _Deeds(tx, hands, rung, rosters, heard)
    for duty in needed:
        deeds.do(duty)
    await call(tx, found, _name(found, first, rung), deeds.calls, hands.crypto)
    await callees.keep(tx, deeds.callees)
    await duties.stepped(tx, deeds.steps)
    await duties.alarm(tx, deeds.alarms)
    await count(tx, *found.key)


def _name(climb: Climb, duty: Duty, rung: Rung) -> str:
    """Return the name of a rung; whoever came by an amendment climbs rungs of his own."""
    later = "" if duty.started_at == climb.started_at else f"/{duty.started_at.isoformat()}"
    return f"{duty.kind}/{rung.name}{later}"


@dataclass
class _Deeds:
    """What one rung does, gathered over its duties."""

    tx: Transaction
    hands: Hands
    rung: Rung
    rosters: Rosters
    heard: datetime | None
    calls: Calls = field(default_factory=Calls)
    callees: list[Callee] = field(default_factory=list)
    steps: list[dict[str, Any]] = field(default_factory=list)
    alarms: list[UUID] = field(default_factory=list)

    def do(self, duty: Duty) -> None:
        """Climb this rung for one duty, and say so."""
        people, instead = 0, None
        for step in self.rung.calls:
            found = called(step, duty, self.rosters)
            instead = instead or found.instead
            people += len(found.people)
            self._call(duty, found)
            self.calls.add(step.by, found.people, self.hands.crypto)
        unheard = self.heard is None or (duty.due_at is not None and duty.due_at > self.heard)
        self._say(duty, people, instead, unheard=unheard)

    def _call(self, duty: Duty, found: Called) -> None:
        if found.whom is Whom.STATION and not self.rosters.stationless(duty):
            self.calls.stations.add(duty.place)
        if found.whom is Whom.ALARM:
            self.alarms.append(duty.duty_id)
            log.error("nobody answers", place=duty.place, warning=duty.warning_id, level=duty.level)
        crypto, at = self.hands.crypto, self.tx.now
        self.callees += [callee_of(crypto, duty, entry, own=found.own, at=at) for entry in found.people]

    def _say(self, duty: Duty, people: int, instead: Whom | None, *, unheard: bool) -> None:
        if unheard:
            log.warning("a clock struck before all reports were heard", place=duty.place, rung=self.rung.name)
        row = {"duty_id": str(duty.duty_id), "rung": duty.rung, "name": self.rung.name, "at": self.tx.now}
        self.steps.append({**row, "called": people, "instead": instead, "unheard": unheard})
        self.tx.record(
            "duty.unanswered" if duty.duty_id in self.alarms else "duty.climbed",
            mode=duty.mode,
            lane=Lane.URGENT,
            warning_id=duty.warning_id,
            about=duty.place,
            revision=duty.revision,
            rung=self.rung.name,
            duty=str(duty.duty_id),
            called=people,
            instead=instead,
            unheard=unheard,
        )
