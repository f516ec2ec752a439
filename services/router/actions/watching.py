"""Watch: who is silent now, since when, whom to call; and the number of somebody, when it is asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from services.kit.crypto import CryptoProvider
from services.kit.db import Database
from services.kit.errors import NotFound, Retry
from services.router.actions.library import Library
from services.router.actions.rosters import open_rosters
from services.router.model.duty import Climb, Duty, Rosters, agreed
from services.router.model.ladder import Kind, Whom
from services.router.model.registry import Registry
from services.router.model.roster import Person
from services.router.store import answers, duties, plans, silence
from services.router.store.answers import Answer, Step
from services.router.store.silence import Count


@dataclass(frozen=True)
class Standing:
    """A revision that asks for answers, and how far it is in every town."""

    climb: Climb
    towns: Sequence[Count]
    leaders: Sequence[Duty]


@dataclass(frozen=True)
class Story:
    """A duty, what was done about it, and who can be called."""

    duty: Duty
    climb: Climb
    steps: Sequence[Step]
    people: Sequence[Person]
    desk: Sequence[Person]
    answers: Sequence[Answer] = ()


@dataclass(frozen=True)
class Names:
    """What places are called; a code stands for itself while the registry is being copied."""

    towns: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)

    def town(self, code: str | None) -> str:
        """Return a town's name."""
        return self.towns.get(code or "", code or "")

    def place(self, code: str) -> str:
        """Return a village's name."""
        return self.places.get(code, code)


async def names(db: Database, library: Library) -> Names:
    """Return what places are called by the newest registry."""
    try:
        async with db.read() as connection:
            registry = await library.newest(connection)
    except Retry:
        return Names()
    return Names({code: town.name for code, town in registry.towns.items()}, _places(registry))


def _places(registry: Registry) -> dict[str, str]:
    named = {code: village.name for code, village in registry.villages.items()}
    stations = {s.code: s.name for village in registry.villages.values() for s in village.stations}
    return {**stations, **named}


async def headline(db: Database, warning_id: UUID, revision: int) -> str:
    """Return what a revision is called; nothing of one that was planned before its message was kept."""
    async with db.read() as connection:
        message = await plans.published(connection, warning_id, revision)
    return message.notice.text.headline if message else ""


async def standing(db: Database, town: str | None = None) -> list[Standing]:
    """Return what stands now, worst first; with a town, only its own part, and no leaders."""
    async with db.read() as connection:
        found = []
        for climb in await silence.standing(connection, db.clock.now()):
            towns = await silence.counts(connection, *climb.key, town)
            leaders = await silence.leaders(connection, *climb.key) if town is None else []
            if towns or leaders:
                found.append(Standing(climb, towns, leaders))
    return found


async def of_town(
    db: Database, crypto: CryptoProvider, town: str, *, silent: bool, after: str = "", limit: int = 200
) -> list[Story]:
    """Return a town's duties with whom to call, a page of them."""
    now = db.clock.now()
    async with db.read() as connection:
        found = await silence.of_town(connection, town, now, silent=silent, after=after, limit=limit)
        climbs = {c.key: c for c in await silence.standing(connection, now)}
        steps = await answers.steps(connection, [duty.duty_id for duty in found])
        places = {town, *(duty.village for duty in found if duty.village)}
        rosters = await open_rosters(connection, crypto, places, now)
    return [
        Story(duty, climbs[duty.warning_id, duty.revision], steps[duty.duty_id], *_people(rosters, duty))
        for duty in found
        if (duty.warning_id, duty.revision) in climbs
    ]


async def story(db: Database, crypto: CryptoProvider, duty_id: UUID, town: str | None) -> Story:
    """Return one duty with everything about it; raise NotFound for one of another town."""
    async with db.read() as connection:
        duty = await duties.get(connection, duty_id)
        climb = await duties.climb_of(connection, duty.warning_id, duty.revision) if duty else None
        if duty is None or climb is None or (town is not None and duty.town != town):
            raise NotFound("no such duty in your town")
        steps = (await answers.steps(connection, [duty_id]))[duty_id]
        told = await answers.of_duty(connection, duty_id)
        places = {place for place in (duty.village, duty.town) if place}
        rosters = await open_rosters(connection, crypto, places, db.clock.now())
    return Story(duty, climb, steps, *_people(rosters, duty), told)


def _people(rosters: Rosters, duty: Duty) -> tuple[Sequence[Person], Sequence[Person]]:
    """Return the place's own people, and those who have it in hand when they do not answer.

    In a drill nobody is offered who has not agreed to it: the page is called from, too.
    """
    if duty.kind is Kind.LEADER:
        return agreed(rosters.of(Whom.LEADER, duty), duty.mode), ()
    own, desk = rosters.of(Whom.ROSTER, duty), rosters.of(Whom.TOWN_DESK, duty)
    return agreed(own, duty.mode), agreed(desk, duty.mode)


async def unmask(
    db: Database, crypto: CryptoProvider, duty_id: UUID, person_id: str, *, by: str, town: str | None
) -> str:
    """Return somebody's whole number, so that he can be called; that it was shown is a fact."""
    found = await story(db, crypto, duty_id, town)
    person = next((e for e in (*found.people, *found.desk) if e.person_id == person_id), None)
    if person is None or not person.phone:
        raise NotFound("no such person on this list")
    async with db.transaction() as tx:
        tx.record(
            "phone.unmasked",
            mode=found.duty.mode,
            actor=by,
            warning_id=found.duty.warning_id,
            about=person_id,
            place=found.duty.place,
        )
    return person.phone
