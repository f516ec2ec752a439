"""Facts are folded, what was missed is sorted, silence is judged."""

import itertools
from datetime import timedelta
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.outcome import TargetState
from contracts.values import Action, Lane, Level, Mode
from services.channels.pull.stations.model import (
    FACTS,
    Item,
    Kind,
    Patience,
    Presence,
    Report,
    Waiting,
    catch_up,
    lane_of,
)
from tests.channels.pull.stations_make import NOON

LATER = NOON + timedelta(hours=1)


def an_item(state: TargetState = TargetState.QUEUED) -> Item:
    return Item(
        station="500110100001",
        mode=Mode.LIVE,
        sequence=1,
        delivery_id=uuid4(),
        kind=Kind.ALERT,
        warning_id=uuid4(),
        revision=1,
        state=state,
        queued_at=NOON,
        expires=NOON + timedelta(hours=6),
    )


reports = st.builds(
    Report,
    fact=st.sampled_from(FACTS),
    at=st.integers(-5, 65).map(lambda minutes: NOON + timedelta(minutes=minutes)),
    by=st.sampled_from(["王芳", "李强", "赵敏"]),
)


@given(told=st.lists(reports, max_size=8), data=st.data())
@settings(max_examples=300)
def test_reports_fold_to_one_state_in_any_order_and_however_often(
    told: list[Report], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(told + told[:3]))
    one, other = an_item(), an_item()
    for report in told:
        one = one.fold(report, LATER)
    for report in shuffled:
        other = other.fold(report, LATER)
    assert (one.state, one.facts, one.confirmed_by, one.acted_by) == (
        other.state,
        other.facts,
        other.confirmed_by,
        other.acted_by,
    )


@given(state=st.sampled_from(list(TargetState)), told=st.lists(reports, max_size=6))
def test_a_state_never_goes_back(state: TargetState, told: list[Report]) -> None:
    item = an_item(state)
    for report in told:
        folded = item.fold(report, LATER)
        assert folded.state.rank >= item.state.rank
        item = folded


def test_a_fact_cannot_have_happened_before_it_was_given_nor_after_now() -> None:
    early = an_item().fold(Report(TargetState.RECEIVED, NOON - timedelta(days=1)), LATER)
    late = an_item().fold(Report(TargetState.RECEIVED, NOON + timedelta(days=1)), LATER)
    assert early.facts[TargetState.RECEIVED] == NOON
    assert late.facts[TargetState.RECEIVED] == LATER


def test_who_confirmed_first_stands() -> None:
    item = an_item().fold(Report(TargetState.CONFIRMED, NOON + timedelta(minutes=5), "李强"), LATER)
    item = item.fold(Report(TargetState.CONFIRMED, NOON + timedelta(minutes=9), "王芳"), LATER)
    assert item.confirmed_by == "李强"


def test_proof_of_reception_beats_a_withdrawal() -> None:
    told = an_item(TargetState.WITHDRAWN).fold(Report(TargetState.RECEIVED, LATER), LATER)
    assert told.state is TargetState.RECEIVED


def a_waiting(
    sequence: int, kind: Kind, level: Level = Level.BLUE, *, ended: bool = False, hours: int = 6
) -> Waiting:
    return Waiting(
        station="500110100001",
        mode=Mode.LIVE,
        sequence=sequence,
        kind=kind,
        warning_id=uuid4(),
        revision=1,
        notice_id=sequence,
        level=level,
        title="",
        expires=NOON + timedelta(hours=hours),
        ended=ended,
    )


def test_what_is_in_force_comes_first_and_red_before_blue_then_every_cancel_then_one_summary() -> None:
    missed = [
        a_waiting(3, Kind.ALERT, Level.BLUE),
        a_waiting(4, Kind.ALERT, Level.RED, ended=True),
        a_waiting(5, Kind.CANCEL, hours=-2),
        a_waiting(6, Kind.ALERT, Level.ORANGE, hours=0),
        a_waiting(7, Kind.UPDATE, Level.RED),
        a_waiting(8, Kind.HALT),
        a_waiting(9, Kind.ALERT, Level.YELLOW),
    ]
    caught = catch_up(missed, NOON)
    assert [w.sequence for w in caught.shown] == [7, 9, 3, 5, 8]
    assert [w.sequence for w in caught.rest] == [4, 6]
    assert caught.last == 9


def test_nothing_that_was_missed_is_left_out() -> None:
    kinds = [Kind.ALERT, Kind.UPDATE, Kind.CANCEL, Kind.HALT]
    for number, (kind, ended, hours) in enumerate(itertools.product(kinds, [False, True], [-1, 1])):
        caught = catch_up([a_waiting(number + 1, kind, ended=ended, hours=hours)], NOON)
        assert len(caught.shown) + len(caught.rest) == 1


@pytest.mark.parametrize(
    ("silence", "presence"),
    [
        (0, Presence.ONLINE),
        (179, Presence.ONLINE),
        (180, Presence.SUSPECT),
        (299, Presence.SUSPECT),
        (300, Presence.OFFLINE),
    ],
)
def test_three_missed_beats_make_a_station_suspect_and_five_minutes_offline(
    silence: int, presence: Presence
) -> None:
    assert Patience().judge(NOON, NOON + timedelta(seconds=silence)) is presence


@pytest.mark.parametrize(
    ("level", "action", "states", "lane"),
    [
        (Level.RED, Action.START, [TargetState.QUEUED], Lane.URGENT),
        (Level.BLUE, Action.START, [TargetState.PLAYED], Lane.ROUTINE),
        (Level.BLUE, Action.START, [TargetState.RECEIVED, TargetState.CONFIRMED], Lane.URGENT),
        (Level.BLUE, Action.STOP, [TargetState.QUEUED], Lane.URGENT),
        (Level.YELLOW, Action.REPLACE, [], Lane.ROUTINE),
    ],
)
def test_red_and_orange_and_stops_and_what_people_say_are_urgent(
    level: Level, action: Action, states: list[TargetState], lane: Lane
) -> None:
    assert lane_of(level, action, states) is lane
