"""Each colour's whole ladder, answered at every moment: in the model by the second, stored at every step."""

from collections import defaultdict
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from contracts.values import Channel, Level, Mode
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.router.actions.rulebook import ESCALATION
from services.router.model.duty import BY_CHANNEL, Duty, Rosters, Way, called
from services.router.model.ladder import Kind, Ladder, Until, Whom
from services.router.model.roster import Person
from services.router.store import answers
from tests.clock import HandClock
from tests.router.duty_make import FIRST, Tower, a_district_with_rosters, a_tower
from tests.router.registry_make import NOON, TOWNS
from tests.router.test_climbing import DESK, LADDERS, Who

ASKING = [Level.RED, Level.ORANGE, Level.YELLOW]
LAST = 2000
"""A moment after the last rung of every colour."""

OURS = ESCALATION.read(ESCALATION.ours())


def a_phone(name: str, role: str, order: int = 1) -> Person:
    """Return somebody who can be called."""
    return Person(name, name, role, order, phone="1")


ROSTERS = Rosters(
    {FIRST: [a_phone(f"{FIRST}-{n}", "responsible", n) for n in (1, 2, 3)]},
    {TOWNS[0]: [a_phone(DESK, "duty")]},
    [a_phone("officer", "duty")],
)


def a_duty(ladder: Ladder) -> Duty:
    """Return the duty of the first village as it begins."""
    return Duty(
        duty_id=UUID(int=1),
        warning_id=UUID(int=2),
        revision=1,
        mode=Mode.LIVE,
        level=Level.RED,
        kind=Kind.PLACE,
        place=FIRST,
        village=FIRST,
        town=TOWNS[0],
        name=None,
        started_at=NOON,
        expires_at=NOON + timedelta(days=1),
        due_at=ladder.due_at(Kind.PLACE, NOON, 0),
    )


def walked(ladder: Ladder, received: float, confirmed: float) -> dict[int, set[Who]]:
    """Return whom a ladder calls, and when, if the place receives and answers at these seconds."""
    duty, calls = a_duty(ladder), defaultdict[int, set[Who]](set)
    while duty.due_at is not None:
        second = int((duty.due_at - NOON).total_seconds())
        heard = replace(
            duty,
            received_at=NOON if received < second else None,
            confirmed_at=NOON if confirmed < second else None,
        )
        rung = ladder.rungs(Kind.PLACE)[duty.rung]
        for step in rung.calls if heard.needs(rung) else ():
            if step.whom is Whom.STATION:
                calls[second].add(("station", duty.place))
            people = called(step, duty, ROSTERS).people
            calls[second] |= {(way.value, one.person_id) for one in people for way in step.by}
        later = ladder.due_at(Kind.PLACE, NOON, duty.rung + 1)
        duty = replace(duty, rung=duty.rung + 1, due_at=later)
    return dict(calls)


@pytest.mark.parametrize("level", Level)
def test_an_answer_at_any_second_stops_exactly_what_comes_after_it(level: Level) -> None:
    ladder = OURS.ladder("11B03", level)
    for second in range(LAST):
        expected = {at: calls for at, calls in LADDERS[level].items() if at <= second}
        assert walked(ladder, LAST, second) == expected, second


@pytest.mark.parametrize("level", Level)
def test_a_reception_at_any_second_makes_only_the_other_way_needless(level: Level) -> None:
    ladder = OURS.ladder("11B03", level)
    other = {rung.after_s for rung in ladder.place if rung.unless is Until.RECEIVED}
    assert len(other) == (0 if level is Level.BLUE else 1)
    for second in range(LAST):
        expected = {at: c for at, c in LADDERS[level].items() if at not in other or at <= second}
        assert walked(ladder, second, LAST) == expected, second


def boundaries(level: Level) -> list[int]:
    """Return the moments just before each rung and at it, and one after the last."""
    return sorted({*LADDERS[level], *(at - 1 for at in LADDERS[level]), LAST} - {-1})


def of_village(village: str, level: Level, until: int) -> set[tuple[int, str, str]]:
    """Return what the ladder does for a village and its own people up to a moment."""
    return {
        (at, way, name.replace(FIRST, village))
        for at, calls in LADDERS[level].items()
        for way, name in calls
        if at <= until and name.startswith(FIRST)
    }


async def climbed_with_answers(tower: Tower, villages: dict[int, str]) -> set[tuple[int, str, str]]:
    """Climb to the end; after each moment its village answers, each another way, and the process restarts."""
    found: set[tuple[int, str, str]] = set()
    await tower.publish()
    for turn, second in enumerate(sorted({0, *villages})):
        calls = await tower.at(second)
        found |= {(second, call.channel.value, name) for call in calls for name in call.names}
        if second in villages:
            target, channel = way_of(tower, villages[second], turn)
            await tower.answer(target, channel=channel)
        await tower.replica(f"after {second}")
    return found


def way_of(tower: Tower, village: str, turn: int) -> tuple[str, Channel]:
    """Return by whom and by which way a village answers in a turn."""
    channel = (Channel.STATION, Channel.VOICE, Channel.SMS, Channel.APP)[turn % 4]
    return (village if channel is Channel.STATION else tower.hash(f"{village}-1")), channel


@pytest.mark.parametrize("level", ASKING)
async def test_answers_at_every_step_with_a_restart_after_each_of_them(
    level: Level, db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    moments = boundaries(level)
    villages = {second: f"{TOWNS[0]}{203 + n}" for n, second in enumerate(moments)}
    whole = a_district_with_rosters(len(moments) + 2)
    more = {key: block for key, block in whole.items() if key.startswith(TOWNS[0])}
    tower = await a_tower(db, crypto, clock, level, more=more)
    found = await climbed_with_answers(tower, villages)
    turns = sorted({0, *villages})
    for second, village in villages.items():
        mine = {one for one in found if one[2].startswith(village)}
        assert mine == of_village(village, level, second), (second, village)
        duty = await tower.duty(village)
        assert (duty.due_at, duty.confirmed_at) == (None, NOON + timedelta(seconds=second))
        channel = way_of(tower, village, turns.index(second))[1]
        assert duty.way is (Way.STATION if channel is Channel.STATION else BY_CHANNEL[channel])
        async with db.read() as connection:
            steps = (await answers.steps(connection, [duty.duty_id]))[duty.duty_id]
        names = [r.name for r in OURS.ladder("11B03", level).place if r.after_s <= second]
        assert [step.name for step in steps] == names
