"""Orders to a head-end: what is shown how, how long it may be, what stays the same in each attempt."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.values import Action, Channel, Level, Mode
from sandbox.cable import Order
from services.channels.push.cable.adapter import Slip
from services.channels.push.cable.order import Display, Limits, Words, display, fitted, order
from services.kit.errors import Refused
from tests.channels.push.push_make import START, a_notice, a_request

WORDS = Words("暴雨红色预警", "未来三小时有暴雨。请避险。")


def an_order(
    level: Level = Level.ORANGE, action: Action = Action.START, words: Words = WORDS, **how: Any
) -> dict[str, Any]:
    revision = 1 if action is Action.START else 2
    notice = a_notice(level=level, **{k: how.pop(k) for k in ("approved_by", "expires") if k in how})
    request = a_request(Channel.CABLE, action=action, revision=revision, notice=notice, **how)
    related = None if action is Action.START else "the-earlier-order"
    return order(request, words, Limits(), order_id="the-order", related=related, at=START)


@pytest.mark.parametrize(
    ("level", "approved", "shown"),
    [
        (Level.RED, ("王芳", "陈涛"), Display.FULL),
        (Level.RED, (), Display.WINDOW),
        (Level.ORANGE, ("王芳",), Display.WINDOW),
        (Level.YELLOW, ("王芳",), Display.CRAWL),
        (Level.BLUE, ("王芳",), Display.CRAWL),
    ],
)
def test_screens_are_taken_over_only_for_red_with_a_named_approver(
    level: Level, approved: tuple[str, ...], shown: Display
) -> None:
    said = an_order(level, approved_by=approved)
    assert said["display_mode"] == shown
    assert said.get("approver") == (approved[-1] if approved else None)


def test_a_lift_never_takes_the_screen_over() -> None:
    assert display(a_notice(level=Level.RED), Action.STOP) is Display.WINDOW


@pytest.mark.parametrize("forced", [Display.FULL, Display.SWITCH])
@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("approved", [("王芳",), ()])
def test_whatever_a_head_end_is_set_to_only_red_and_orange_with_a_name_are_forced(
    forced: Display, level: Level, approved: tuple[str, ...]
) -> None:
    limits = Limits(display=dict.fromkeys(Level, forced), program=7)
    request = a_request(Channel.CABLE, notice=a_notice(level=level, approved_by=approved))
    said = order(request, WORDS, limits, order_id="the-order", related=None, at=START)
    taken = Order.model_validate(said)
    may = level in (Level.RED, Level.ORANGE) and bool(approved)
    assert taken.display_mode == (forced if may else Display.WINDOW)
    assert (taken.contact_s is not None) is may
    assert taken.program_number == (7 if may and forced is Display.SWITCH else None)


@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("mode", Mode)
def test_every_order_is_one_that_a_head_end_takes(level: Level, action: Action, mode: Mode) -> None:
    said = an_order(level, action, mode=mode)
    taken = Order.model_validate(said)
    assert taken.end <= taken.expires
    assert taken.start < taken.end
    assert taken.drill is (mode is Mode.DRILL)
    assert (taken.related_order_id is None) is (action is Action.START)


def test_a_stop_after_the_expiry_still_has_a_time_to_be_done_in() -> None:
    said = Order.model_validate(an_order(action=Action.STOP, expires=START - timedelta(hours=1)))
    assert said.start < said.end == said.expires


def test_a_replacement_of_nothing_is_a_first_order_and_a_stop_of_nothing_is_refused() -> None:
    def without_related(action: Action) -> dict[str, Any]:
        request = a_request(Channel.CABLE, action=action, revision=2)
        return order(request, WORDS, Limits(), order_id="x", related=None, at=START)

    assert without_related(Action.REPLACE)["action"] == "START"
    with pytest.raises(Refused, match="names"):
        without_related(Action.STOP)


@given(st.text(st.characters(codec="utf-8"), max_size=400), st.integers(2, 200))
def test_what_is_fitted_is_plain_and_never_too_long(text: str, longest: int) -> None:
    try:
        shown = fitted(text, longest)
    except Refused:
        assert not "".join(c for c in text if c.isprintable()).strip()
        return
    assert 0 < len(shown) <= longest
    assert shown.isprintable()


def test_a_long_text_ends_after_a_whole_sentence_else_after_a_clause() -> None:
    assert fitted("一二三四五。六七八九十。零零零零", 13) == "一二三四五。六七八九十。"
    assert fitted("一二三四五，六七八九十零零零零零零", 10) == "一二三四五。"
    assert fitted("一二三四五六七八九十", 6) == "一二三四五…"
    assert fitted("一。二三四五六七八九十零零", 10) == "一。二三四五六七八…"


def test_a_slip_is_read_as_it_was_written() -> None:
    for slip in (Slip("an-order", None, START), Slip("an-order", "another", START)):
        assert Slip.of(slip.memo("order"), "order") == slip
    assert Slip.of({}, "order") is None
