"""The formulas of the reports, by examples that can be counted by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.audit.data import rates, yardsticks
from services.audit.model.beyond import Registry
from services.audit.model.indicators import Measured, judged, lead_minutes, mean, share
from services.audit.model.online import (
    Seen,
    both,
    online_of,
    online_rate,
    seconds,
    spans_online,
    union,
)
from services.audit.model.presence import Presence, online
from services.audit.model.registered import Holding, in_service, maintained

DAY = datetime(2026, 6, 1, tzinfo=UTC)
MONTH = (DAY, DAY + timedelta(days=30))
A, B = "500110001001", "500110001002"
TOWN = "500110001000"
STATES = ("online", "suspect", "offline")
COUNTS = frozenset({"online"})


def _at(hours: float) -> datetime:
    return DAY + timedelta(hours=hours)


def _seen(*changes: tuple[float, str]) -> list[Seen]:
    return [Seen(n, "live", A, _at(hours), presence) for n, (hours, presence) in enumerate(changes)]


def _block(
    hours: float, *stations: str, village: str = A, people: int = 0, until: str | None = None
) -> Holding:
    held = dict.fromkeys(stations, until)
    return Holding(int(hours * 60) + 10**6, _at(hours), village, village, TOWN, "村", False, held, people)


def test_a_station_is_online_from_one_word_to_the_next() -> None:
    seen = _seen((-5, "online"), (10, "suspect"), (11, "online"), (20, "offline"))
    (one,) = online_of((DAY, _at(24)), {A: [(DAY, _at(24))]}, {}, {A: seen}, COUNTS)
    assert (one.online_s, one.due_s) == (19 * 3600, 24 * 3600)
    assert online_rate([one]).percent == 79.17


def test_planned_maintenance_counts_neither_above_nor_below_the_line() -> None:
    seen = _seen((-5, "online"), (12, "offline"))
    rest = {A: [(_at(6), _at(18))]}
    (one,) = online_of((DAY, _at(24)), {A: [(DAY, _at(24))]}, rest, {A: seen}, COUNTS)
    assert (one.due_s, one.maintained_s, one.online_s) == (12 * 3600, 12 * 3600, 6 * 3600)
    assert (one.unheard_s, one.spells) == (0, [(_at(6), _at(18))])


def test_what_was_before_the_first_word_of_a_station_is_in_no_rate_and_named() -> None:
    held = {A: [(DAY, _at(24))], B: [(_at(20), _at(24))]}
    one, never = online_of((DAY, _at(24)), held, {}, {A: _seen((6, "online"), (18, "offline"))}, COUNTS)
    assert (one.online_s, one.due_s, one.unheard_s) == (12 * 3600, 18 * 3600, 6 * 3600)
    assert (never.online_s, never.due_s, never.unheard_s) == (0, 0, 4 * 3600)


def test_a_station_that_the_registry_took_away_is_due_no_more() -> None:
    held = in_service([_block(4, A), _block(12), _block(20, A)], _at(24))
    (one,) = online_of((DAY, _at(24)), held, {}, {A: _seen((1, "online"), (13, "offline"))}, COUNTS)
    # Heard at one o'clock, before a block named it; away from twelve to twenty.
    assert (one.online_s, one.due_s) == (11 * 3600, 15 * 3600)


changes = st.lists(
    st.tuples(st.integers(-50, 700).map(lambda m: DAY + timedelta(minutes=m)), st.sampled_from(STATES)),
    max_size=9,
)


@given(
    changes, st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=3), st.sampled_from(STATES)
)
def test_a_stations_year_and_a_month_of_it_count_the_same(
    said: list[tuple[datetime, str]], rests: list[tuple[int, int]], counts: str
) -> None:
    away = [(_at(min(pair)), _at(max(pair))) for pair in rests]
    period, held = (DAY, _at(10)), [(_at(-1), _at(4)), (_at(6), _at(10))]
    seen = [Seen(n, "live", A, at, presence) for n, (at, presence) in enumerate(said)]
    rate = online_rate(online_of(period, {A: held}, {A: away}, {A: seen}, frozenset({counts})))
    words = [Presence(at, n, presence) for n, (at, presence) in enumerate(said)]
    year = online(words, away, *period, frozenset({counts}), held)
    assert (year.online, year.minutes, year.percent) == (rate.numerator, rate.denominator, rate.percent)


def test_the_rates_have_one_version_wherever_they_are_shown() -> None:
    found, shared = yardsticks.load(), rates.load().version
    assert {found.of(name).version for name in ("online", "reception", "confirmation")} == {shared}


def test_the_registry_says_from_when_to_when_a_station_is_in_service() -> None:
    found = [_block(-10, A), _block(12, A, B), _block(36, B)]
    service = in_service(found, _at(48))
    assert union(service[A]) == [(_at(-10), _at(36))]
    assert union(service[B]) == [(_at(12), _at(48))]


def test_maintenance_lasts_until_the_end_of_its_day_in_beijing_or_until_it_is_taken_back() -> None:
    whole = maintained([_block(0, A, until="2026-06-02")], MONTH)
    assert whole == {A: [(DAY, _at(40))]}
    taken_back = maintained([_block(0, A, until="2026-06-09"), _block(30, A)], MONTH)
    assert taken_back == {A: [(DAY, _at(30))]}
    assert maintained([_block(0, A, until="soon")], (DAY, _at(5))) == {}


@pytest.mark.parametrize("until", ["9999-12-31", "9999-12-30", "0001-01-01", "10000-01-01", "2026-02-30", ""])
def test_a_day_at_the_end_of_the_calendar_ends_no_report(until: str) -> None:
    whole = {A: [(DAY, _at(5))]} if until.startswith("9999") else {}
    assert maintained([_block(0, A, until=until)], (DAY, _at(5))) == whole


spans = st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), max_size=8).map(
    lambda pairs: [(_at(min(p)), _at(max(p))) for p in pairs]
)


@given(spans, spans)
def test_overlaps_are_counted_by_the_hour(
    some: list[tuple[datetime, datetime]], others: list[tuple[datetime, datetime]]
) -> None:
    def hours(of: list[tuple[datetime, datetime]]) -> set[int]:
        return {h for h in range(100) if any(a <= _at(h) < b for a, b in of)}

    assert seconds(union(some)) == 3600 * len(hours(some))
    assert seconds(both(union(some), union(others))) == 3600 * len(hours(some) & hours(others))


@given(st.permutations(list(range(6))))
def test_presence_is_the_same_in_whatever_order_it_is_heard(order: list[int]) -> None:
    seen = _seen((1, "online"), (2, "suspect"), (3, "online"), (5, "offline"), (6, "online"), (9, "offline"))
    assert spans_online([seen[n] for n in order], _at(12), COUNTS) == spans_online(seen, _at(12), COUNTS)


def test_a_village_without_a_station_or_people_is_named_and_what_came_later() -> None:
    found = [
        _block(-10, village=A, people=0),
        _block(-10, B, village=B, people=5),
        _block(50, A, village=A, people=3),
        _block(31 * 24, B, "500110001099", village=B, people=9),
    ]
    beyond = Registry(found).beyond([TOWN], DAY)
    assert [(u.code, u.lacked, u.added_at, u.stations) for u in beyond.villages] == [
        (A, "both", _at(50), [A])
    ]
    assert beyond.asked == 2
    elsewhere = Registry(found).beyond(["500110009000"], DAY)
    assert (elsewhere.villages, elsewhere.asked) == ([], 0)


def test_a_village_that_came_into_the_registry_later_could_have_been_reached() -> None:
    found = [
        _block(-1, A, village=A, people=1),
        _block(5, B, village=B, people=2),
        _block(9, A, village=A, people=2),
    ]
    beyond = Registry(found).beyond([TOWN], DAY)
    assert [(u.code, u.lacked, u.added_at, u.stations) for u in beyond.villages] == [
        (A, "more", _at(9), []),
        (B, "village", _at(5), [B]),
    ]
    assert beyond.asked == 2


def test_of_a_plan_for_chosen_villages_only_those_are_asked_and_what_was_not_there() -> None:
    later = "500110001003"
    found = [_block(-1, village=A), _block(-1, village=B), _block(3, later, village=later, people=1)]
    beyond = Registry(found).beyond([TOWN], DAY, chosen=[B])
    assert [u.code for u in beyond.villages] == [B, later]
    assert beyond.asked == 2


@given(st.lists(st.tuples(st.integers(-20, 20), st.booleans(), st.integers(0, 2)), max_size=6))
def test_a_village_that_changes_is_at_every_moment_what_its_newest_block_said(
    said: list[tuple[int, bool, int]],
) -> None:
    blocks = [
        replace(_block(at, *([A] if stands else []), people=people), position=n)
        for n, (at, stands, people) in enumerate(said)
    ]
    for hour in range(-21, 22):
        past = [one for one in blocks if one.at <= _at(hour)]
        newest = max(past, key=lambda one: (one.at, one.position), default=None)
        found = Registry(blocks).at(_at(hour)).get(A)
        assert (found and (set(found.stations), found.recipients)) == (
            newest and (set(newest.stations), newest.recipients)
        )


def test_lead_time_is_below_zero_when_the_warning_came_late() -> None:
    assert lead_minutes(_at(0), _at(0.75)) == 45.0
    assert lead_minutes(_at(1), _at(0)) == -60.0
    assert mean([45.0, -5.0, 20.0]) == Measured(60.0, 3, 20.0)
    assert mean([]) == Measured(0, 0, None)


def test_accuracy_is_hits_of_everything_that_was_judged() -> None:
    counted = {"hit": "hit", "partly": "hit", "miss": "miss", "false-alarm": "false-alarm"}
    found = judged(["hit", "partly", "false-alarm", None, "miss"], [], counted)
    assert (found.hits, found.misses, found.false_alarms, found.unjudged) == (2, 1, 1, 1)
    assert found.score == Measured(2, 4, 50.0)
    assert share(0, 0) == Measured(0, 0, None)
