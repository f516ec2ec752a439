"""Orders to a head-end: what is shown, how, where, and how long. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from contracts.delivery import DeliveryRequested
from contracts.values import Action, Level, Mode
from contracts.warning import Notice
from services.kit.clock import beijing
from services.kit.errors import Refused

_STOPS = "。！？；"
_PAUSES = "，、"
_LEAST = timedelta(minutes=1)
_LONGEST_NAME = 40


class Display(StrEnum):
    """What viewers see: a line that runs, a window, or the whole screen taken over."""

    CRAWL = "CRAWL"
    WINDOW = "WINDOW"
    FULL = "FULL"


@dataclass(frozen=True)
class Limits:
    """What one head-end can show, in characters, and how often it shows it."""

    title: int = 20
    text: Mapping[Display, int] = field(
        default_factory=lambda: {Display.CRAWL: 120, Display.WINDOW: 200, Display.FULL: 200}
    )
    repeats: int = 3
    interval_s: int = 60


@dataclass(frozen=True)
class Words:
    """What is shown, before it is fitted."""

    title: str
    text: str


def display(notice: Notice, action: Action) -> Display:
    """Return how a warning is shown: screens are taken over only for red, and only with a named approver."""
    if notice.level is Level.RED and notice.approved_by and action is not Action.STOP:
        return Display.FULL
    return Display.WINDOW if notice.level in (Level.RED, Level.ORANGE) else Display.CRAWL


def order(
    request: DeliveryRequested,
    words: Words,
    limits: Limits,
    *,
    order_id: str,
    related: str | None,
    at: datetime,
) -> dict[str, Any]:
    """Return an order; `related` is the one that it replaces or stops, and `at` the moment it was first made.

    The replacement of nothing is a first order; a stop names what it stops.
    """
    if request.action is Action.STOP and related is None:
        raise Refused("a stop names the order that it stops")
    notice = request.notice
    how = display(notice, request.action)
    end = notice.expires if request.action is not Action.STOP else max(notice.expires, at + _LEAST)
    said: dict[str, Any] = {
        "order_id": order_id,
        "action": request.action if related else Action.START,
        "drill": request.mode is Mode.DRILL,
        "severity": notice.level,
        "event_type": notice.hazard,
        "area": list(request.targets),
        "display_mode": how,
        "title": fitted(words.title, limits.title),
        "text": fitted(words.text, limits.text[how]),
        "repeat_count": limits.repeats,
        "interval_s": limits.interval_s,
        "start": beijing(at),
        "end": beijing(end),
        "expires": beijing(end),
    }
    if related:
        said["related_order_id"] = related
    if notice.approved_by:
        said["approver"] = notice.approved_by[-1][:_LONGEST_NAME]
    return said


def fitted(text: str, longest: int) -> str:
    """Return the text as one plain paragraph that fits, cut after a whole sentence, else after a clause."""
    plain = "".join(character for character in text if character.isprintable()).strip()
    if not plain:
        raise Refused("the rendered text is empty", mend="write the text first")
    if len(plain) <= longest:
        return plain
    head = plain[:longest]
    for marks in (_STOPS, _PAUSES):
        cut = max(head.rfind(mark) for mark in marks)
        if cut >= longest // 2:
            return head[:cut].rstrip(_STOPS + _PAUSES) + "。"
    return head[:-1] + "…"
