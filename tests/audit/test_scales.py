"""The axis of waits: in order, inside its width, and with room between what is written at it."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from services.audit.model.scales import APART, MARKS, stretched, ticks

WAITS = st.floats(1, 10**7)


@given(st.lists(st.floats(-10, 10**6), min_size=2), WAITS)
def test_a_longer_wait_never_stands_before_a_shorter_one(waits: list[float], most: float) -> None:
    places = [stretched(wait, most, 50, 560) for wait in sorted(waits)]
    assert places == sorted(places)
    assert stretched(0, most, 50, 560) == 50


@given(WAITS)
def test_marks_begin_at_nothing_end_at_the_longest_and_never_touch(most: float) -> None:
    found = ticks(most, 50, 560)
    assert (found[0], found[-1]) == ((0, 50), (most, 610))
    assert all(after[1] - before[1] >= APART for before, after in pairwise(found))
    assert {seconds for seconds, _ in found[1:-1]} <= set(MARKS)


def test_ten_seconds_are_a_fifth_of_a_quarter_of_an_hour() -> None:
    assert 0.2 < stretched(10, 900, 0, 1) < 0.25
