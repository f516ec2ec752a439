"""Subscribers are told what they chose; red and orange pass quiet hours; nobody on duty is left out."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.plan import Manifest
from contracts.registry import RecipientEntry, Wish
from contracts.values import AreaSelection, Channel, Lane, Level, Mode
from services.kit.clock import BEIJING
from services.router.model import people
from services.router.model.explain import explain
from services.router.model.manifest import Drawn, draw
from services.router.model.people import People
from services.router.model.routing import Decided, Occasion
from services.router.model.rules import read
from tests.router.registry_make import TOWNS, a_district, a_person, a_registry, fake_hash

HOME, AWAY = f"{TOWNS[0]}201", TOWNS[1]
RAIN, HEAT = "11B03", "11B09"
NIGHT, DAY = (datetime(2026, 6, 1, hour, tzinfo=UTC) for hour in (16, 4))
RULES = 'version: "t"\nrules:\n  - name: all\n    channels: all\n'
URGENT = f"{RULES}    lane: urgent\n"
OTHER = a_person(0, HOME)
"""Somebody who takes everything, so that a list is never empty."""


def drawn(
    *wishes: Wish | None, towns: tuple[str, ...] = TOWNS[:1], rules: str = RULES, **occasion: Any
) -> Drawn:
    """Return who is reached of subscribers of one village, and of one other person."""
    crowd = [a_person(n, HOME, wish=wish) for n, wish in enumerate(wishes, start=1)]
    return of_crowd([OTHER, *crowd], towns, rules, **occasion)


def of_crowd(crowd: list[RecipientEntry], towns: tuple[str, ...], rules: str, **occasion: Any) -> Drawn:
    blocks = a_district()
    for code in [code for code in blocks if len(code) == 12]:
        blocks[code] = blocks[code].model_copy(update={"recipients": tuple(crowd if code == HOME else ())})
    facts = {"mode": Mode.LIVE, "at": DAY, "level": Level.BLUE, "hazard": RAIN, **occasion}
    decided = Decided.of(read(rules), Occasion(**facts), a_registry(blocks))
    return draw(decided, AreaSelection(towns=towns), [Channel.SMS, Channel.STATION], 1.0)


def reached(found: Drawn) -> int:
    """Return how many people a manifest has."""
    targets = Manifest.targets(found.manifest, Channel.SMS)
    return targets.count if targets else 0


def left(found: Drawn) -> dict[str, int]:
    """Return how many are not reached, by why."""
    (way,) = [one for one in explain(found, [Channel.SMS]).ways if one.channel is Channel.SMS]
    return {one.why: one.count for one in way.left}


@pytest.mark.parametrize(
    ("wish", "occasion", "told"),
    [
        (Wish(), {}, True),
        (Wish(hazards=(RAIN, HEAT)), {}, True),
        (Wish(hazards=(HEAT,)), {}, False),
        (Wish(hazards=(HEAT,)), {"hazard": None}, True),
        (Wish(lowest=Level.BLUE), {}, True),
        (Wish(lowest=Level.YELLOW), {}, False),
        (Wish(lowest=Level.YELLOW), {"level": Level.YELLOW}, True),
        (Wish(lowest=Level.RED), {"level": Level.ORANGE}, False),
        (Wish(lowest=Level.RED), {"level": None}, True),
        (Wish(towns=(TOWNS[0], AWAY)), {}, True),
        (Wish(towns=(AWAY,)), {}, False),
        (Wish(towns=(AWAY,)), {"towns": (AWAY,)}, True),
        (Wish(towns=(AWAY,), hazards=(HEAT,)), {"towns": (AWAY,)}, False),
    ],
)
def test_a_subscriber_is_told_what_he_chose(wish: Wish, occasion: dict[str, Any], told: bool) -> None:
    found = drawn(wish, **occasion)
    others = 0 if occasion.get("towns") else 1
    assert reached(found) == told + others
    if not told and not others:
        assert left(found) == {"wish": 1}
    elif not told:
        assert left(found)["wish"] == 1


@pytest.mark.parametrize("level", [*Level, None])
@pytest.mark.parametrize(("at", "asleep"), [(NIGHT, True), (DAY, False)])
@pytest.mark.parametrize("rules", [RULES, URGENT])
def test_quiet_hours_hold_back_yellow_and_blue_alone(
    level: Level | None, at: datetime, asleep: bool, rules: str
) -> None:
    found = drawn(Wish(quiet="22:00-07:00"), level=level, at=at, rules=rules)
    waits = asleep and rules == RULES and level in (Level.YELLOW, Level.BLUE)
    assert reached(found) == 2 - waits
    assert left(found).get("quiet", 0) == waits
    assert (found.manifest.routing is not None and found.manifest.routing.lane is Lane.URGENT) == (
        rules == URGENT
    )


def test_who_answers_for_something_has_no_wish() -> None:
    never = Wish(hazards=(HEAT,), lowest=Level.RED, quiet="00:00-23:00")
    found = of_crowd([a_person(1, HOME, role="responsible", wish=never)], TOWNS[:1], RULES, at=NIGHT)
    assert reached(found) == 1


def test_a_person_who_stands_on_two_lists_is_told_by_the_other_one() -> None:
    one = a_person(1, HOME, wish=Wish(hazards=(HEAT,)))
    on_duty = one.model_copy(update={"recipient_id": "x", "role": "grid-member", "wish": None})
    assert reached(of_crowd([one, on_duty], TOWNS[:1], RULES)) == 1


def test_with_more_kinds_than_numbers_everybody_is_told_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "MOST_KINDS", 2)
    wishes = [Wish(hazards=(HEAT,)), Wish(lowest=Level.RED), None]
    assert reached(drawn(*wishes)) == 4
    crowd = People.of([a_person(n, HOME, wish=wish) for n, wish in enumerate(wishes)], fake_hash)
    joined = People.joined([crowd, crowd])
    assert (len(joined.table), np.unique(joined.kinds).tolist()) == (1, [0])


hours = st.integers(0, 23).map(lambda hour: f"{hour:02d}:00")
quiet = st.one_of(
    st.none(), st.tuples(hours, hours).filter(lambda two: two[0] != two[1]).map(lambda two: "-".join(two))
)
wishes = st.builds(
    Wish,
    towns=st.lists(st.sampled_from(TOWNS), max_size=2, unique=True).map(tuple),
    hazards=st.lists(st.sampled_from([RAIN, HEAT]), max_size=2, unique=True).map(tuple),
    lowest=st.one_of(st.none(), st.sampled_from(Level)),
    quiet=quiet,
)


def wanted(wish: Wish, towns: tuple[str, ...], level: Level, at: datetime) -> bool:
    """Tell, as plainly as can be, whether somebody who lives in the first town is told of rain."""
    if wish.hazards and RAIN not in wish.hazards:
        return False
    if wish.lowest is not None and level.rank > wish.lowest.rank:
        return False
    if not set(wish.towns or TOWNS[:1]) & set(towns):
        return False
    if wish.quiet is None or level in (Level.RED, Level.ORANGE):
        return True
    begin, end = (int(part[:2]) for part in wish.quiet.split("-"))
    hour = at.astimezone(BEIJING).hour
    within = hour in range(begin, end) if begin < end else hour not in range(end, begin)
    return not within


@settings(max_examples=60, deadline=None)
@given(
    chosen=st.lists(wishes, max_size=8),
    towns=st.lists(st.sampled_from(TOWNS), min_size=1, max_size=3, unique=True).map(tuple),
    level=st.sampled_from(Level),
    hour=st.integers(0, 23),
)
def test_whoever_is_reached_is_whom_brute_force_finds(
    chosen: list[Wish], towns: tuple[str, ...], level: Level, hour: int
) -> None:
    at = datetime(2026, 6, 1, hour, 30, tzinfo=UTC)
    found = drawn(*chosen, towns=towns, level=level, at=at)
    others = TOWNS[0] in towns
    assert reached(found) == sum(wanted(wish, towns, level, at) for wish in chosen) + others


def test_strictly_nobody_who_lives_elsewhere_is_added() -> None:
    towns = Wish(towns=(AWAY,))
    assert [reached(drawn(towns, towns=(AWAY,), strictly=one)) for one in (False, True)] == [1, 0]
