"""What the issuer decides: states, approvals, limits, accounts."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from contracts.values import Action, AreaSelection, Circle, Mode
from services.channels.pull.gateways.text import render_sms
from services.issuer.model import MOVES, Content, Kind, Person, State, WrongPassword, faults, next_step, sms
from services.issuer.model.content import DESCRIPTION, HEADLINE, INSTRUCTION
from services.issuer.model.people import ABSOLUTE, IDLE, MOST_FAILURES, REST, Account, Session
from services.kit.errors import Forbidden, Refused
from tests.issuer.issuer_make import CHEN, LI, NOW, SIGNATURE, WANG, a_content, a_text, a_warning
from tests.issuer.reach_make import SQUARE, a_manifest
from tests.issuer.wording_make import a_request

_ACTIONS = {Kind.ALERT: Action.START, Kind.UPDATE: Action.REPLACE, Kind.CANCEL: Action.STOP}
ORANGE_STEPS = (frozenset({"signer"}),)
RED_STEPS = (frozenset({"checker", "signer"}), frozenset({"signer"}))


@pytest.mark.parametrize(("old", "new"), list(product(State, State)))
def test_only_the_listed_moves_are_made(old: State, new: State) -> None:
    warning = a_warning(state=old)
    if new in MOVES[old]:
        moved = warning.to(new, NOW)
        assert (moved.state, moved.version) == (new, warning.version + 1)
    else:
        with pytest.raises(Refused):
            warning.to(new, NOW)


def test_every_state_has_its_row() -> None:
    assert set(MOVES) == set(State)


def in_review(**changes: Any) -> Any:
    return a_warning(**changes).submitted(a_manifest(), "zhang", NOW)


def hashes(warning: Any) -> tuple[str, str]:
    return warning.content_sha256, warning.manifest.sha256


def approved(warning: Any, people: Sequence[Person], steps: Any) -> Any:
    for person in people:
        warning = warning.approved(person, hashes(warning), steps, NOW)
    return warning


def test_whoever_drafted_a_warning_cannot_approve_it() -> None:
    both = Person("zhang", "张敏", frozenset({"drafter", "signer"}))
    with pytest.raises(Refused, match="wrote"):
        approved(in_review(), [both], ORANGE_STEPS)


def test_whoever_edited_a_draft_cannot_approve_it() -> None:
    edited = a_warning().edited(a_content(observed="已出现大雨"), "wang", NOW)
    with pytest.raises(Refused, match="wrote"):
        approved(edited.submitted(a_manifest(), "zhang", NOW), [WANG], ORANGE_STEPS)


def test_orange_needs_a_signer() -> None:
    with pytest.raises(Forbidden):
        approved(in_review(), [LI], ORANGE_STEPS)
    assert next_step(ORANGE_STEPS, approved(in_review(), [WANG], ORANGE_STEPS).approvals) is None


def test_red_needs_two_more_accounts_and_the_second_is_a_signer() -> None:
    once = approved(in_review(), [LI], RED_STEPS)
    assert next_step(RED_STEPS, once.approvals) == {"signer"}
    assert next_step(RED_STEPS, approved(once, [WANG], RED_STEPS).approvals) is None
    assert next_step(RED_STEPS, approved(in_review(), [WANG, CHEN], RED_STEPS).approvals) is None
    with pytest.raises(Forbidden):
        approved(in_review(), [WANG, LI], RED_STEPS)


def test_one_account_never_approves_twice() -> None:
    with pytest.raises(Refused, match="already"):
        approved(in_review(), [WANG, WANG], RED_STEPS)


@pytest.mark.parametrize("place", [0, 1])
def test_an_approval_of_another_text_or_target_list_is_refused(place: int) -> None:
    warning = in_review()
    other = list(hashes(warning))
    other[place] = "f" * 64
    with pytest.raises(Refused, match="you saw"):
        warning.approved(WANG, (other[0], other[1]), ORANGE_STEPS, NOW)


def test_what_is_in_review_cannot_be_edited() -> None:
    with pytest.raises(Refused):
        in_review().edited(a_content(), "zhang", NOW)


def test_returning_voids_approvals_and_the_target_list() -> None:
    returned = approved(in_review(), [LI], RED_STEPS).returned("wrong window", NOW)
    assert (returned.state, returned.approvals, returned.manifest) == (State.DRAFT, (), None)
    assert returned.reason == "wrong window"


def test_a_halt_is_to_be_looked_at() -> None:
    halted = a_warning(state=State.ISSUED).halted("wrong area", NOW, timedelta(hours=24))
    assert halted.review_due == NOW + timedelta(hours=24)


def test_a_halted_revision_can_still_be_lifted_or_corrected() -> None:
    halted = a_warning(state=State.HALTED)
    assert halted.ended_by(Kind.CANCEL, NOW).state is State.CANCELLED
    assert halted.ended_by(Kind.UPDATE, NOW).state is State.SUPERSEDED


def test_a_revision_does_not_expire_before_its_time() -> None:
    warning = a_warning(state=State.ISSUED)
    with pytest.raises(Refused):
        warning.expired(NOW)
    assert warning.expired(warning.content.expires).state is State.EXPIRED


def test_a_warning_that_nobody_would_hear_is_not_submitted() -> None:
    nobody = a_manifest().model_copy(update={"count": 0})
    with pytest.raises(Refused, match="nobody"):
        a_warning().submitted(nobody, "zhang", NOW)


def test_the_hash_follows_every_field() -> None:
    content = a_content()
    changed = {
        "observed": "已出现大雨",
        "expires": NOW + timedelta(hours=7),
        "text": a_text(headline="另一个标题"),
        "mode": Mode.DRILL,
        "kind": Kind.UPDATE,
    }
    seen = {content.sha256, *(content.model_copy(update={k: v}).sha256 for k, v in changed.items())}
    assert len(seen) == len(changed) + 1
    assert Content.model_validate_json(content.model_dump_json()).sha256 == content.sha256


def fields_at_fault(**changes: Any) -> set[str]:
    return {fault.field for fault in faults(a_content(**changes), NOW, SIGNATURE)}


def test_a_good_content_has_no_fault() -> None:
    assert fields_at_fault() == set()


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"text": a_text(headline="长" * (HEADLINE + 1))}, "text.headline"),
        ({"text": a_text(description="长" * (DESCRIPTION + 1))}, "text.description"),
        ({"text": a_text(instruction="长" * (INSTRUCTION + 1))}, "text.instruction"),
        ({"text": a_text(short="长" * 261)}, "text.short"),
        ({"text": a_text(short="【预警】快跑")}, "text.short"),
        ({"text": a_text(short="")}, "text.short"),
        ({"text": a_text(headline=" ")}, "text.headline"),
        ({"text": a_text(headline="标题\x00")}, "text.headline"),
        ({"text_en": a_text(short="x" * 601)}, "text_en.short"),
        ({"observed": "长" * 201}, "observed"),
        ({"expires": NOW}, "expires"),
        ({"expires": NOW - HOUR}, "expires"),
        ({"expires": NOW + 73 * HOUR}, "expires"),
        ({"effective": NOW + 7 * HOUR}, "expires"),
        ({"effective": NOW + 73 * HOUR, "expires": NOW + 74 * HOUR}, "effective"),
        ({"onset": NOW + 6 * HOUR}, "expires"),
        ({"selection": AreaSelection()}, "selection"),
        ({"selection": AreaSelection(polygons=(SQUARE[:4],))}, "selection.polygons[0]"),
        ({"selection": AreaSelection(polygons=(SQUARE, SQUARE[:3]))}, "selection.polygons[1]"),
        ({"selection": AreaSelection(polygons=(SQUARE * 1001,))}, "selection.polygons"),
        (
            {"selection": AreaSelection(circles=(Circle(centre=(106.6, 28.7), radius_km=1),) * 51)},
            "selection",
        ),
        ({"supersedes": (a_warning().warning_id,) * 2}, "supersedes"),
    ],
)
def test_every_limit_names_its_field(changes: dict[str, Any], field: str) -> None:
    assert field in fields_at_fault(**changes)


def test_the_short_text_may_fill_four_segments_together_with_what_stands_before_it() -> None:
    room = 268 - len(sms(a_content(text=a_text(short="")), SIGNATURE))
    assert fields_at_fault(text=a_text(short="长" * room)) == set()
    assert fields_at_fault(text=a_text(short="长" * (room + 1))) == {"text.short"}
    assert fields_at_fault(text=a_text(short="长" * room), mode=Mode.DRILL) == {"text.short"}


def test_an_incomplete_content_may_lack_an_area_and_a_future() -> None:
    content = a_content(selection=AreaSelection(), expires=NOW - HOUR)
    assert faults(content, NOW, SIGNATURE, complete=False) == []


AN_ACCOUNT = Account("zhang", "张敏", "", frozenset({"drafter"}))


def test_the_fifth_failure_lets_an_account_rest_for_a_quarter_of_an_hour() -> None:
    account = AN_ACCOUNT
    for _ in range(MOST_FAILURES):
        account = account.attempt(NOW)
    with pytest.raises(WrongPassword):
        account.attempt(NOW + REST - timedelta(seconds=1))
    again = account.attempt(NOW + REST)
    assert (again.failed, again.locked_until) == (1, None)


def test_a_right_password_forgets_the_failures() -> None:
    account = AN_ACCOUNT.attempt(NOW).attempt(NOW).opened()
    assert (account.failed, account.locked_until) == (0, None)


def test_a_session_ends_when_idle_or_after_half_a_day_or_when_revoked() -> None:
    session = Session("zhang", NOW, NOW)
    assert session.stands(NOW + IDLE - timedelta(seconds=1))
    assert not session.stands(NOW + IDLE)
    used = replace(session, used_at=NOW + ABSOLUTE - timedelta(minutes=1))
    assert used.stands(NOW + ABSOLUTE - timedelta(seconds=1))
    assert not used.stands(NOW + ABSOLUTE)
    assert not replace(session, revoked_at=NOW).stands(NOW)


@pytest.mark.parametrize(("mode", "kind"), list(product(Mode, Kind)))
def test_the_sms_that_is_counted_is_the_one_that_a_gateway_is_given(mode: Mode, kind: Kind) -> None:
    content = a_content(mode=mode, kind=kind)
    request = a_request(content, _ACTIONS[kind])
    assert render_sms(request, "public", "https://example.org/c/").text == sms(content, SIGNATURE)
