"""The domain of gateways: moves, results by the byte, what is said."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outcome import TargetState
from contracts.values import Action, Channel, Lane, Mode, Withdrawal
from services.channels.pull.gateways.model import receipts, results, said
from services.channels.pull.gateways.model.places import Places
from services.channels.pull.gateways.model.work import MOVES, State, Work
from services.kit.errors import Invalid, Refused
from tests.channels.pull.gateways.requests import NOW

SOON = NOW + timedelta(hours=6)


def a_work(size: int = 3, **more: object) -> Work:
    """Work that is ready."""
    work = Work(
        delivery_id=uuid4(),
        warning_id=uuid4(),
        revision=1,
        mode=Mode.LIVE,
        channel=Channel.SMS,
        gateway="cmcc",
        rank=1,
        action=Action.START,
        size=size,
        expires=SOON,
        state=State.READY,
        results=results.blank(size),
    )
    return replace(work, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("before", State)
@pytest.mark.parametrize("after", State)
def test_work_moves_only_as_the_table_says(before: State, after: State) -> None:
    work = a_work(state=before)
    if after in MOVES[before]:
        assert work.to(after).state is after
    else:
        with pytest.raises(Refused):
            work.to(after)


def test_a_lease_ends_no_later_than_the_warning() -> None:
    work = a_work().leased(SOON - timedelta(seconds=5), 120)
    assert work.lease_until == SOON
    assert work.attempt == 1


def test_a_lease_is_extended_up_to_its_longest_time_and_never_shortened() -> None:
    work = a_work().leased(NOW, 60)
    assert work.extended(1, NOW, 10, 300).lease_until == NOW + timedelta(seconds=60)
    assert work.extended(1, NOW, 200, 300).lease_until == NOW + timedelta(seconds=200)
    assert work.extended(1, NOW, 900, 300).lease_until == NOW + timedelta(seconds=300)
    with pytest.raises(Refused):
        work.extended(2, NOW, 10, 300)


def test_so_many_leases_that_bring_nothing_kill_the_work_and_fail_the_rest() -> None:
    work = a_work().heard({0: results.RECEIVED}, {})
    for _ in range(2):
        work = work.leased(NOW, 60).missed(3)
        assert work.state is State.READY
    work = work.leased(NOW, 60).missed(3)
    assert work.state is State.DEAD
    assert results.tally(work.results) == {TargetState.RECEIVED: 1, TargetState.FAILED: 2}


def test_a_withdrawal_takes_what_nobody_reported_on_and_results_still_count() -> None:
    work = a_work().leased(NOW, 60).heard({0: results.CODE[TargetState.SENT]}, {})
    ended = work.ended(Withdrawal.CANCELLED)
    assert ended.state is State.WITHDRAWN
    assert results.tally(ended.results) == {TargetState.SENT: 1, TargetState.WITHDRAWN: 2}
    late = ended.heard({0: results.RECEIVED, 1: results.RECEIVED, 2: results.CODE[TargetState.SENT]}, {})
    assert results.tally(late.results) == {TargetState.RECEIVED: 2, TargetState.WITHDRAWN: 1}


def test_expiry_closes_what_is_open_even_when_the_work_is_done() -> None:
    work = a_work(state=State.DONE).heard({0: results.RECEIVED}, {}, TargetState.SENT, range(3))
    expired = work.ended(Withdrawal.EXPIRED)
    assert expired.state is State.DONE
    assert results.tally(expired.results) == {TargetState.EXPIRED: 2, TargetState.RECEIVED: 1}


def test_urgent_are_red_orange_and_every_lift() -> None:
    assert [a_work(rank=rank).report_lane for rank in (1, 2, 3, 4)] == [Lane.URGENT] * 2 + [Lane.ROUTINE] * 2
    assert a_work(rank=4, action=Action.STOP).report_lane is Lane.URGENT


def test_the_order_of_results_is_that_of_the_states() -> None:
    ranks = [state.rank for state in results.ORDER]
    assert ranks == sorted(ranks)


@given(st.lists(st.tuples(st.integers(0, 2), st.sampled_from(results.ORDER)), max_size=5))
def test_results_are_the_same_in_whatever_order_and_however_often_they_come(
    heard: list[tuple[int, TargetState]],
) -> None:
    def fold(order: tuple[tuple[int, TargetState], ...]) -> bytes:
        work = a_work()
        for place, state in (*order, *order):
            work = work.heard({place: results.CODE[state]}, {})
            assert sum(results.tally(work.results).values()) == work.size
        return work.results

    assert len({fold(order) for order in permutations(heard)}) == 1


def test_a_default_does_not_lower_what_is_known_nor_what_is_named() -> None:
    before = bytes([results.RECEIVED, 0, 0])
    after = results.folded(before, results.spread({1: results.FAILED}, 3), TargetState.SENT, range(3))
    assert list(after) == [results.RECEIVED, results.FAILED, results.CODE[TargetState.SENT]]


def test_the_same_number_twice_in_a_batch_has_two_places() -> None:
    places = Places(b"AAAAAAAA" + b"BBBBBBBB" * 2 + b"CCCCCCCC")
    assert list(places.of(b"BBBBBBBB")) == [1, 2]
    assert list(places.of(b"CCCCCCCC")) == [3]
    assert not places.of(b"DDDDDDDD")


@pytest.mark.parametrize(
    ("receipt", "state"),
    [
        ("DELIVRD", TargetState.RECEIVED),
        ("ACCEPTD", TargetState.SENT),
        ("UNKNOWN", TargetState.SENT),
        ("EXPIRED", TargetState.FAILED),
        ("REJECTD", TargetState.FAILED),
        ("MA:0054", TargetState.FAILED),
        ("CB:0010", TargetState.FAILED),
        ("delivered", None),
        ("13900230000", None),
        (7, None),
    ],
)
def test_receipts_mean_what_the_operators_mean(receipt: object, state: TargetState | None) -> None:
    assert receipts.meaning(receipt) is state


def test_a_reason_is_short_and_holds_no_number() -> None:
    assert receipts.reason("UNDELIV", "absent 13900230000 x" + "y" * 200).startswith("UNDELIV absent * x")
    assert len(receipts.reason("UNDELIV", "y" * 200)) == receipts.LONGEST_REASON


@pytest.mark.parametrize("number", ["13900230000", "8613900230000", "+8613900230000"])
def test_a_number_is_known_with_or_without_its_country(number: str) -> None:
    assert receipts.bare(number) == "13900230000"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ([], "body"),
        ({"status": "DELIVRD"}, "body"),
        ({"state": "OK"}, "state"),
        ({"results": {}}, "results"),
        ({"results": [["13900230000"]]}, "results.0"),
        ({"results": [["13900230000", "DELIVRD"], ["13900230001", "OK"]]}, "results.1"),
        ({"results": [[13900230000, "DELIVRD"]]}, "results.0"),
        ({"exceptions": [{"number": "13900230000", "state": "UNDELIV", "x": 1}]}, "exceptions.0"),
        ({"exceptions": [{"number": "13900230000", "state": "UNDELIV", "reason": 1}]}, "exceptions.0"),
        ({"state": "DELIVRD", "partial": True}, "partial"),
        ({"partial": "yes"}, "partial"),
        ({"delivered": -1}, "delivered"),
        ({"delivered": True}, "delivered"),
        ({"results": [["1", "DELIVRD"]] * 1001}, "results"),
    ],
)
def test_a_report_that_is_wrong_names_the_field_and_not_the_value(sent: object, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        said.read_report(sent)
    assert refused.value.faults[0].field == field
    assert "1390023" not in str(refused.value.faults)


@pytest.mark.parametrize(
    "receipt",
    [
        {},
        {"delivery_id": "x", "number": "1", "state": "DELIVRD", "at": NOW.isoformat()},
        {"delivery_id": 7, "number": "1", "state": "DELIVRD", "at": NOW.isoformat()},
        {"delivery_id": str(uuid4()), "number": "1", "state": "DELIVRD", "at": "2026-06-01T22:00:00"},
        {"delivery_id": str(uuid4()), "number": "1", "state": "DELIVRD", "at": 5},
        {"delivery_id": str(uuid4()), "number": 1, "state": "DELIVRD", "at": NOW.isoformat()},
        {"delivery_id": str(uuid4()), "number": "1", "state": "WHAT", "at": NOW.isoformat()},
    ],
)
def test_a_receipt_that_is_wrong_refuses_them_all(receipt: object) -> None:
    with pytest.raises(Invalid) as refused:
        said.read_receipts({"receipts": [receipt]})
    assert refused.value.faults[0].field == "receipts.0"


def test_no_more_faults_are_named_than_somebody_reads() -> None:
    with pytest.raises(Invalid) as refused:
        said.read_receipts({"receipts": [{}] * 500})
    assert len(refused.value.faults) == said.MOST_FAULTS
