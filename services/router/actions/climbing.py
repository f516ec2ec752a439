"""Climb: when nobody answers, the next way is tried; by the one replica that leads, each rung once."""

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from contracts.values import Lane, Mode
from services.kit.crypto import CryptoProvider
from services.kit.db import Database, Transaction
from services.kit.errors import Retry
from services.kit.leadership import Leadership, LostLead
from services.kit.telemetry import log
from services.router.actions.answering import count
from services.router.actions.calling import Calls, call
from services.router.actions.library import Library
from services.router.actions.rosters import open_rosters
from services.router.model.duty import Called, Climb, Duty, Rosters, a_leader, called, ripe_until
from services.router.model.ladder import Kind, Ladders, Rung, Whom, lanes_of
from services.router.store import callees, duties
from services.router.store.callees import Callee

LEASE = "climb"
AT_ONCE = 1000
"""Duties in one transaction."""

LOOK_S = 0.25


class Ears(Protocol):
    """Something that knows how far the reports on the bus have been heard."""

    async def heard_until(self, mode: Mode, lanes: Sequence[Lane]) -> datetime | None:
        """Return up to which moment every report was heard, None when nobody can tell."""
        ...


@dataclass(frozen=True)
class Hands:
    """What climbing needs: the lease, the keys, the registry, the rules, and ears."""

    leadership: Leadership
    crypto: CryptoProvider
    library: Library
    ladders: Ladders
    ears: Ears


async def run(db: Database, hands: Hands) -> None:
    """Climb until another replica leads."""
    with contextlib.suppress(LostLead):
        while True:
            with contextlib.suppress(Retry):
                while await open_climbs(db, hands) + await climb(db, hands):
                    pass
            await asyncio.sleep(LOOK_S)


async def open_climbs(db: Database, hands: Hands) -> int:
    """Read the rosters of new climbs: whose answer counts, and which leaders are called; return how many."""
    async with db.read() as connection:
        if not await duties.any_unopened(connection):
            return 0
    async with db.transaction() as tx:
        await hands.leadership.guard(tx, LEASE)
        found = await duties.unopened(tx, 10)
        for one in found:
            await _open(tx, one, hands)
    return len(found)


async def _open(tx: Transaction, climb: Climb, hands: Hands) -> None:
    places = await _located(tx, climb, hands)
    villages = {duty.village for duty in places if duty.village}
    rosters = await open_rosters(tx, hands.crypto, villages, tx.now, drill=climb.drill)
    leaders = [e for e in rosters.district if e.role in hands.ladders.leaders] if climb.ladder.leader else []
    begun = [a_leader(climb, leader) for leader in leaders]
    await duties.keep(tx, begun)
    own = [(duty, entry) for duty in places for entry in rosters.of(Whom.ROSTER, duty)]
    own += zip(begun, leaders, strict=True)
    await callees.keep(tx, [_callee(hands, duty, e.name, str(e.phone), own=True) for duty, e in own])
    await duties.opened(tx, climb)
    await count(tx, *climb.key)


async def _located(tx: Transaction, climb: Climb, hands: Hands) -> list[Duty]:
    """Return the places of a climb, each with its village: not every station is named by it.

    A key unit's has a code of its own, and a village's keeps its code when the village is given another.
    """
    places = await duties.of_climb(tx, *climb.key)
    try:
        registry = await hands.library.newest(tx)
    except Retry:
        if any(duty.village is None for duty in places):
            raise
        return places
    where = {s.code: code for code, village in registry.villages.items() for s in village.stations}
    moved = {d.duty_id: where[d.place] for d in places if where.get(d.place, d.village) != d.village}
    if not moved:
        return places
    await duties.locate(tx, moved)
    return await duties.of_climb(tx, *climb.key)


def _callee(
    hands: Hands, duty: Duty, name: str, phone: str, *, own: bool, at: datetime | None = None
) -> Callee:
    phone_hash = hands.crypto.keyed_hash(phone).hex()
    return Callee(duty.duty_id, duty.warning_id, duty.revision, phone_hash, name, own, at)


async def climb(db: Database, hands: Hands) -> int:
    """Do what is due and ripe; return how many duties climbed a rung."""
    async with db.read() as connection:
        struck = await duties.striking(connection, db.clock.now())
    climbed = 0
    for mode, level in struck:
        heard = await hands.ears.heard_until(mode, lanes_of(level))
        async with db.transaction() as tx:
            await hands.leadership.guard(tx, LEASE)
            climbed += await duties.run_out(tx)
            ripe = ripe_until(tx.now, heard, timedelta(seconds=hands.ladders.grace_s[level]))
            found = await duties.due(tx, mode, level, ripe, AT_ONCE)
            for group in _groups(found):
                await _climb(tx, group, hands, heard)
        climbed += len(found)
    return climbed


def _groups(found: Sequence[Duty]) -> list[list[Duty]]:
    """Return duties by what they climb together: one rung of one ladder of one revision."""
    groups: dict[tuple[UUID, int, Kind, int], list[Duty]] = {}
    for duty in found:
        groups.setdefault((duty.warning_id, duty.revision, duty.kind, duty.rung), []).append(duty)
    return list(groups.values())


async def _climb(tx: Transaction, group: Sequence[Duty], hands: Hands, heard: datetime | None) -> None:
    """Set the clocks of a group to their next rung, and do what this one asks for those that won."""
    first = group[0]
    found = await duties.climb_of(tx, first.warning_id, first.revision)
    assert found is not None, "duties are kept with their climb"
    rung = found.ladder.rungs(first.kind)[first.rung]
    due_at = found.ladder.due_at(first.kind, found.started_at, first.rung + 1)
    won = await duties.advance(tx, group, first.rung, due_at)
    needed = [duty for duty in group if duty.duty_id in won and duty.needs(rung)]
    if not needed:
        return
    places = {place for duty in needed for place in (duty.village, duty.town) if place}
    rosters = await open_rosters(tx, hands.crypto, places, tx.now, drill=found.drill)
    deeds = _Deeds(tx, hands, rung, rosters, heard)
    for duty in needed:
        deeds.do(duty)
    await call(tx, found, f"{first.kind}/{rung.name}", deeds.calls, hands.crypto)
    await callees.keep(tx, deeds.callees)
    await duties.stepped(tx, deeds.steps)
    await duties.alarm(tx, deeds.alarms)
    await count(tx, *found.key)


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
        if found.whom is Whom.STATION:
            self.calls.stations.add(duty.place)
        if found.whom is Whom.ALARM:
            self.alarms.append(duty.duty_id)
            log.error("nobody answers", place=duty.place, warning=duty.warning_id, level=duty.level)
        crypto, at = self.hands, self.tx.now
        self.callees += [
            _callee(crypto, duty, entry.name, str(entry.phone), own=found.own, at=at)
            for entry in found.people
        ]

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
