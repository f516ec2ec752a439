"""A delivery as the engine keeps it: whatever happens to it, in any order, its account adds up."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.outcome import Column, TargetState, columns
from contracts.values import Action, Channel, Lane, Level, Withdrawal
from services.channels.push import model
from services.channels.push.adapter import Air, Answer
from services.channels.push.breaker import FAILURES, REST, Breaker
from services.channels.push.model import CLAIM, HAND_OVER, LAST_STOPS, MOVES, UNSURE, Delivery, Stage
from tests.channels.push.push_make import START, TOWNS, a_notice, a_request

STATES = st.sampled_from(list(TargetState))
ENDS = st.sampled_from(list(Withdrawal))


def taken(channel: Channel = Channel.BROADCAST, action: Action = Action.START) -> Delivery:
    revision = 1 if action is Action.START else 2
    return Delivery.taken(a_request(channel, action=action, revision=revision), START)


def on_air(channel: Channel = Channel.BROADCAST) -> Delivery:
    return taken(channel).claimed(START).answered(Answer(air=Air.ON, reference="x"), START)


@st.composite
def happenings(draw: st.DrawFn) -> Delivery:
    """Draw a delivery to which some things have happened."""
    size = draw(st.integers(1, 12))
    targets = tuple(f"{500110110000 + n}" for n in range(size))
    delivery = Delivery.taken(a_request(targets=targets), START)
    for _ in range(draw(st.integers(0, 8))):
        match draw(st.integers(0, 4)):
            case 0:
                delivery, _ = delivery.fold(draw(st.dictionaries(st.integers(-2, 14), STATES, max_size=6)))
            case 1:
                delivery, _ = delivery.withdraw(draw(ENDS), START)
            case 2:
                delivery = delivery.claimed(START)
            case 3:
                air = draw(st.sampled_from([None, *Air]))
                delivery = delivery.answered(Answer(air=air, reference="x"), START)
            case _:
                delivery, _ = delivery.close_open(TargetState.FAILED)
    return delivery


@given(happenings())
def test_the_account_always_adds_up(delivery: Delivery) -> None:
    assert sum(delivery.tally.values()) == delivery.request.size == len(delivery.target_states)
    assert sum(columns(delivery.tally).values()) == delivery.request.size
    assert delivery.open == (columns(delivery.tally)[Column.OPEN] > 0)


@given(happenings(), STATES, ENDS)
def test_no_target_ever_goes_back(delivery: Delivery, state: TargetState, reason: Withdrawal) -> None:
    for after, _ in (
        delivery.fold(dict.fromkeys(range(delivery.request.size), state)),
        delivery.withdraw(reason, START),
        delivery.close_open(TargetState.FAILED),
    ):
        pairs = zip(delivery.target_states, after.target_states, strict=True)
        assert all(new.rank >= old.rank for old, new in pairs)


@given(happenings(), ENDS)
def test_nothing_stays_open_or_on_air_unwatched_after_a_withdrawal(
    delivery: Delivery, reason: Withdrawal
) -> None:
    after, _ = delivery.withdraw(reason, START)
    assert not after.open
    assert after.stage in (Stage.STOP, Stage.DONE)
    assert after.stage is Stage.STOP or not after.on_air


@pytest.mark.parametrize("now", Stage)
@pytest.mark.parametrize("then", Stage)
def test_only_listed_moves_are_made(now: Stage, then: Stage) -> None:
    delivery = replace(taken(), stage=now)
    if then in MOVES[now]:
        assert delivery.to(then, START).stage is then
    else:
        with pytest.raises(ValueError, match="no move"):
            delivery.to(then, START)


@pytest.mark.parametrize("reason", [Withdrawal.HALTED, Withdrawal.SUPERSEDED, Withdrawal.EXPIRED])
def test_what_is_on_the_air_is_stopped_at_once(reason: Withdrawal) -> None:
    after, _ = on_air().withdraw(reason, START)
    assert (after.stage, after.due_at) == (Stage.STOP, START)


@pytest.mark.parametrize("reason", [Withdrawal.UPDATED, Withdrawal.CANCELLED])
def test_what_a_newer_revision_takes_over_is_stopped_only_when_it_does_not(reason: Withdrawal) -> None:
    after, _ = on_air().withdraw(reason, START)
    assert (after.stage, after.due_at) == (Stage.STOP, START + HAND_OVER)
    assert after.off_air(START).stage is Stage.DONE


def test_a_halt_hastens_what_waited_to_be_taken_over() -> None:
    waiting, _ = on_air().withdraw(Withdrawal.UPDATED, START)
    halted, changed = waiting.withdraw(Withdrawal.HALTED, START)
    assert (halted.due_at, changed) == (START, [])


def test_a_lift_is_never_itself_stopped() -> None:
    lift = taken(action=Action.STOP).answered(Answer(air=Air.ON, reference="x"), START)
    assert lift.withdraw(Withdrawal.HALTED, START)[0].stage is Stage.DONE


def test_what_wechat_has_sent_is_not_on_the_air() -> None:
    assert not on_air(Channel.WECHAT).on_air
    assert on_air(Channel.APP).on_air


def test_what_a_partner_takes_after_the_withdrawal_is_stopped() -> None:
    withdrawn, _ = taken().claimed(START).withdraw(Withdrawal.CANCELLED, START)
    assert withdrawn.stage is Stage.DONE
    late = withdrawn.answered(Answer(air=Air.ON, reference="x"), START)
    assert (late.stage, late.turn) == (Stage.STOP, withdrawn.turn + 1)


def test_what_is_off_the_air_never_comes_back_on() -> None:
    off = on_air().off_air(START)
    assert off.answered(Answer(air=Air.ON), START).air is Air.OFF


def test_every_taking_over_is_a_new_turn() -> None:
    delivery = taken()
    claimed = delivery.claimed(START)
    withdrawn, _ = claimed.withdraw(Withdrawal.HALTED, START)
    assert delivery.turn < claimed.turn < withdrawn.turn
    assert claimed.claimed_until == START + CLAIM


def test_a_settled_attempt_is_followed_waited_for_or_done() -> None:
    sent = on_air().fold({0: TargetState.SENT, 1: TargetState.SENT})[0]
    asked = sent.settled(2.0, START)
    assert (asked.stage, asked.due_at) == (Stage.FOLLOW, START + timedelta(seconds=2))
    waited = sent.settled(None, START)
    assert (waited.stage, waited.due_at) == (Stage.FOLLOW, sent.request.notice.expires)
    played = sent.fold({0: TargetState.PLAYED, 1: TargetState.PLAYED})[0]
    assert played.settled(None, START).stage is Stage.DONE


def test_a_stopped_delivery_is_off_the_air() -> None:
    stopping, _ = on_air().withdraw(Withdrawal.HALTED, START)
    assert stopping.settled(1.0, START).stage is Stage.STOP
    done = stopping.settled(None, START)
    assert (done.stage, done.air) == (Stage.DONE, Air.OFF)


def test_the_clock_ends_what_is_open_or_on_the_air_and_nothing_else() -> None:
    expires = a_notice().expires
    assert taken().ends_at == expires
    played = on_air().fold(dict.fromkeys(range(2), TargetState.PLAYED))[0]
    assert played.ends_at == expires
    assert played.off_air(START).ends_at is None
    assert taken().withdraw(Withdrawal.HALTED, START)[0].ends_at is None


def test_a_partner_is_taken_at_its_word_only_after_some_time() -> None:
    maybe = taken().claimed(START).answered(Answer(air=Air.MAYBE, reference="x"), START)
    assert not maybe.never_came(START + UNSURE)
    assert maybe.never_came(START + UNSURE + timedelta(seconds=1))
    assert not on_air().never_came(START + timedelta(days=1))


def test_stops_are_tried_until_some_time_after_the_expiry() -> None:
    expires = a_notice().expires
    assert not taken().out_of_time(expires + LAST_STOPS)
    assert taken().out_of_time(expires + LAST_STOPS + timedelta(seconds=1))


def test_stops_and_lifts_come_first_and_questions_after_orders() -> None:
    def of(level: Level, stage: Stage = Stage.SEND, action: Action = Action.START) -> int:
        request = a_request(action=action, notice=a_notice(level=level), revision=2)
        return replace(Delivery.taken(request, START), stage=stage).rank

    assert of(Level.BLUE, Stage.STOP) == of(Level.BLUE, action=Action.STOP) == 0
    assert of(Level.RED) < of(Level.BLUE) < of(Level.RED, Stage.FOLLOW) < of(Level.BLUE, Stage.FOLLOW)


def test_reports_of_a_lift_are_urgent() -> None:
    blue = a_notice(level=Level.BLUE)
    assert model.lane_of_report(a_request(notice=blue)) is Lane.ROUTINE
    assert model.lane_of_report(a_request(notice=blue, action=Action.STOP, revision=2)) is Lane.URGENT


def test_names_are_codes_or_hashes() -> None:
    assert model.names_of(a_request(), b"") == TOWNS


def test_a_breaker_opens_after_some_failures_in_a_row_and_closes_by_one_success() -> None:
    breaker = Breaker()
    for _ in range(FAILURES - 1):
        breaker = breaker.failed(START)
    assert breaker.allows(START)
    assert Breaker() == breaker.succeeded()
    opened = breaker.failed(START)
    assert not opened.allows(START)
    assert opened.allows(START + REST)
    assert opened.succeeded().allows(START)


def test_an_open_breaker_lets_one_attempt_through_after_each_rest() -> None:
    breaker = Breaker()
    for _ in range(FAILURES):
        breaker = breaker.failed(START)
    later = START + REST
    trying = breaker.trying(later)
    assert not trying.allows(later)
    assert trying.allows(later + REST)
    assert Breaker().trying(START) == Breaker()
