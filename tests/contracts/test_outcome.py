"""States fold to the same whatever is heard first, and the columns always add up."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from contracts.outcome import Column, TargetState, columns, count_states

STATES = st.sampled_from(TargetState)
TALLIES = st.dictionaries(STATES, st.integers(0, 10_000))


@given(STATES, STATES)
def test_folding_is_commutative(one: TargetState, other: TargetState) -> None:
    assert one.fold(other) is other.fold(one)


@given(STATES, STATES, STATES)
def test_folding_is_associative(a: TargetState, b: TargetState, c: TargetState) -> None:
    assert a.fold(b).fold(c) is a.fold(b.fold(c))


@given(STATES)
def test_folding_is_idempotent(state: TargetState) -> None:
    assert state.fold(state) is state


@given(STATES, STATES)
def test_a_state_never_goes_back(one: TargetState, other: TargetState) -> None:
    assert one.fold(other).rank == max(one.rank, other.rank)


@given(st.lists(STATES, min_size=1, max_size=5))
def test_the_order_of_hearing_does_not_matter(heard: list[TargetState]) -> None:
    ends = set()
    for order in permutations(heard):
        state = TargetState.REQUESTED
        for next_state in order:
            state = state.fold(next_state)
        ends.add(state)
    assert len(ends) == 1


def test_proof_of_reception_beats_failure_and_confirmation_beats_both() -> None:
    assert TargetState.FAILED.fold(TargetState.RECEIVED) is TargetState.RECEIVED
    assert TargetState.EXPIRED.fold(TargetState.FAILED) is TargetState.FAILED
    assert TargetState.RECEIVED.fold(TargetState.CONFIRMED) is TargetState.CONFIRMED


def test_every_state_has_a_column_and_every_column_a_state() -> None:
    assert {state.column for state in TargetState} == set(Column)


@given(TALLIES)
def test_the_columns_add_up_to_the_targets(tally: dict[TargetState, int]) -> None:
    account = columns(tally)
    assert account.keys() == set(Column)
    assert sum(account.values()) == sum(tally.values())


@given(TALLIES, TALLIES)
def test_the_account_of_two_deliveries_is_the_sum_of_their_accounts(
    one: dict[TargetState, int], other: dict[TargetState, int]
) -> None:
    both = {state: one.get(state, 0) + other.get(state, 0) for state in TargetState}
    assert columns(both) == {column: columns(one)[column] + columns(other)[column] for column in Column}


@given(st.dictionaries(st.text(max_size=6), STATES))
def test_counted_states_account_for_every_target(states: dict[str, TargetState]) -> None:
    tally = count_states(states)
    assert sum(columns(tally).values()) == len(states)
    assert all(tally.values())
