"""What a channel is asked to do, when it is asked again, and that the account always adds up."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outcome import Column, TargetState
from contracts.values import Action, Channel, Lane, Level
from services.router.model.account import accounts
from services.router.model.deliveries import LONGEST, action_of, lane_of, notice_for, pause
from tests.router.registry_make import a_district, a_registry
from tests.router.router_make import AWarning, drawn_of

MANIFEST = drawn_of(a_registry(a_district())).manifest
BLUE = AWarning(MANIFEST, level=Level.BLUE)
RED = AWarning(MANIFEST)


def test_a_channel_is_asked_to_start_replace_or_stop() -> None:
    messages = (RED.issued(), RED.updated(), RED.cancelled())
    assert [action_of(message) for message in messages] == [Action.START, Action.REPLACE, Action.STOP]


@pytest.mark.parametrize("level", Level)
def test_updates_and_cancels_are_urgent_whatever_their_colour(level: Level) -> None:
    warning = AWarning(MANIFEST, level=level)
    assert lane_of(warning.issued()) is level.lane
    assert lane_of(warning.updated()) is lane_of(warning.cancelled()) is Lane.URGENT


def test_batches_carry_no_map() -> None:
    notice = RED.notice()
    assert all(area.outline for area in notice_for(Channel.STATION, notice).areas)
    slim = notice_for(Channel.SMS, notice)
    assert [(a.code, a.name, a.outline) for a in slim.areas] == [(a.code, a.name, None) for a in notice.areas]


def test_pauses_double_up_to_the_longest() -> None:
    urgent = [pause(Lane.URGENT, tries).total_seconds() for tries in range(1, 9)]
    assert urgent == [10, 20, 40, 80, 160, 320, 600, 600]
    assert pause(Lane.ROUTINE, 1) == timedelta(seconds=60)
    assert pause(Lane.URGENT, 10_000) == LONGEST


tallies = st.dictionaries(st.sampled_from(TargetState), st.integers(0, 1000), min_size=1)


@given(st.lists(st.tuples(st.sampled_from(Channel), st.none() | tallies)))
def test_the_columns_of_a_channel_add_up_to_its_targets(
    reported: list[tuple[Channel, dict[TargetState, int] | None]],
) -> None:
    deliveries = [(channel, sum(tally.values()) if tally else 7, tally) for channel, tally in reported]
    found = accounts(deliveries)
    assert [a.channel for a in found] == sorted({channel for channel, _ in reported})
    assert sum(a.targets for a in found) == sum(size for _, size, _ in deliveries)
    assert all(sum(a.columns.values()) == a.targets and set(a.columns) == set(Column) for a in found)
    silent = sum(size for _, size, tally in deliveries if tally is None)
    assert sum(a.columns[Column.OPEN] for a in found) >= silent
