"""Begin: whose answer counts for a revision, and which leaders are called; by portions that may be repeated.

Blocks are opened before a transaction begins: on SQLite nobody else can write while one is open.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from contracts.values import Mode
from services.kit.db import Database
from services.kit.errors import Retry
from services.router.actions.answering import count
from services.router.actions.hands import LEASE, Hands, callee_of
from services.router.actions.rosters import open_rosters
from services.router.model.duty import Duty, a_leader, a_place, agreed
from services.router.store import callees, duties, openings, plans
from services.router.store.blocks import Reader
from services.router.store.openings import Opening

AT_ONCE = 50
"""Places in one portion."""


async def open_climbs(db: Database, hands: Hands) -> int:
    """Do the next portion of opening a climb; return 0 when every climb is open."""
    async with db.read() as connection:
        found = await openings.next_one(connection)
    if found is None:
        return 0
    await (_begin if found.to is None else _go_on)(db, hands, found)
    return 1


async def _begin(db: Database, hands: Hands, opening: Opening) -> None:
    """Find the villages of stations not named by theirs; start the clocks of leaders and of villages without.

    Leaders wait for no registry: what cannot be found yet is looked for again in the next portion.
    """
    climb = opening.climb
    async with db.read() as connection:
        located: dict[UUID, str] = {}
        with contextlib.suppress(Retry):
            strangers = await openings.strangers(connection, *climb.key)
            located = await _located(connection, hands, strangers)
        rosters = await open_rosters(connection, hands.crypto, (), db.clock.now())
        alone = await _alone(connection, hands, opening)
    known = agreed(rosters.district, climb.message.mode)
    named = [one for one in known if one.role in hands.escalation.rules.leaders]
    leaders = [(a_leader(climb, one, opening.since), one) for one in named if climb.ladder.leader]
    async with db.transaction() as tx:
        await hands.leadership.guard(tx, LEASE)
        if not await openings.still(tx, opening):
            return
        await openings.locate(tx, located)
        await duties.keep(tx, [*alone, *(duty for duty, _ in leaders)])
        listed = [callee_of(hands.crypto, duty, one, own=True) for duty, one in leaders]
        await callees.keep(tx, listed)
        await openings.move(tx, opening, "")
        await count(tx, *climb.key, [one.hash for one in listed])


async def _alone(reader: Reader, hands: Hands, opening: Opening) -> list[Duty]:
    """Return the duties of villages of which no station was told: their people must answer all the same.

    A drill asks stations only, and what is for groups is for no whole village. While the registry is being
    copied nobody knows stations of another code than their village's: called twice rather than never.
    """
    climb = opening.climb
    message = climb.message
    made = await plans.made(reader, *climb.key)
    if made is None or not climb.ladder.place or message.mode is Mode.DRILL or message.selection.groups:
        return []
    told = {duty.place for duty in await duties.of_climb(reader, *climb.key)}
    covered = set(told)
    with contextlib.suppress(Retry):
        villages = (await hands.library.newest(reader)).villages.items()
        covered |= {c for c, v in villages if any(s.kind == "village" and s.code in told for s in v.stations)}
    left = sorted(set(made.manifest.villages) - covered)
    return [a_place(climb, code, opening.since) for code in left]


async def _go_on(db: Database, hands: Hands, opening: Opening) -> None:
    """Note whose answer counts for the next places."""
    key, mode = opening.climb.key, opening.climb.message.mode
    async with db.read() as connection:
        found = await openings.places(connection, opening, AT_ONCE)
        located = await _located(connection, hands, found)
        places = [replace(duty, village=located.get(duty.duty_id, duty.village)) for duty in found]
        villages = {duty.village for duty in places if duty.village}
        rosters = await open_rosters(connection, hands.crypto, villages, db.clock.now())
    own = [(duty, one) for duty in places for one in agreed(rosters.own(duty), mode)]
    listed = [callee_of(hands.crypto, duty, one, own=True) for duty, one in own]
    async with db.transaction() as tx:
        await hands.leadership.guard(tx, LEASE)
        if not await openings.still(tx, opening):
            return
        await openings.locate(tx, located)
        await callees.keep(tx, listed)
        await openings.move(tx, opening, places[-1].place if len(places) == AT_ONCE else None)
        await count(tx, *key, [one.hash for one in listed])


async def _located(reader: Reader, hands: Hands, places: Sequence[Duty]) -> dict[UUID, str]:
    """Return the villages of stations that are not named by theirs.

    A key unit's has a code of its own, and a village's keeps its code when the village is given another.
    Raise Retry while the registry is being copied and a place has no village yet.
    """
    if not places:
        return {}
    try:
        registry = await hands.library.newest(reader)
    except Retry:
        if any(duty.village is None for duty in places):
            raise
        return {}
    where = {s.code: code for code, village in registry.villages.items() for s in village.stations}
    moved = [duty for duty in places if where.get(duty.place, duty.village) != duty.village]
    return {duty.duty_id: where[duty.place] for duty in moved}
