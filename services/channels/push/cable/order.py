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
    """What viewers see: a line that runs, a window, the whole screen taken over, or another programme."""

    CRAWL = "CRAWL"
    WINDOW = "WINDOW"
    FULL = "FULL"
    SWITCH = "SWITCH"

    @property
    def forced(self) -> bool:
        """True when nobody can look at anything else."""
        return self in (Display.FULL, Display.SWITCH)


MAY_FORCE = frozenset({Level.RED, Level.ORANGE})
"""The colours for which a screen may be taken over at all."""


@dataclass(frozen=True)
class Limits:
    """What one head-end can show, in characters, and how often it shows it."""

    title: int = 20
    text: Mapping[Display, int] = field(
        default_factory=lambda: {
            Display.CRAWL: 120,
            Display.WINDOW: 200,
            Display.FULL: 200,
            Display.SWITCH: 200,
        }
    )
    display: Mapping[Level, Display] = field(
        default_factory=lambda: {
            Level.RED: Display.FULL,
            Level.ORANGE: Display.WINDOW,
            Level.YELLOW: Display.CRAWL,
            Level.BLUE: Display.CRAWL,
        }
    )
    """How each colour is shown, when a named person approved it."""
    program: int = 1
    """The number of the programme that SWITCH turns to."""
    contact_s: int = 180
    """A forced display ends by itself when the head-end has not heard of us for so long."""
    repeats: int = 3
    interval_s: int = 60


@dataclass(frozen=True)
class Words:
    """What is shown, before it is fitted."""

    title: str
    text: str


def display(notice: Notice, action: Action, limits: Limits | None = None) -> Display:
    """Return how a warning is shown: screens are taken over only for red and orange, by a named approver."""
    how = (limits or Limits()).display[notice.level]
    may = notice.level in MAY_FORCE and notice.approved_by and action is not Action.STOP
    return Display.WINDOW if how.forced and not may else how


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
    how = display(notice, request.action, limits)
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
    if how.forced:
        said["contact_s"] = limits.contact_s
    if how is Display.SWITCH:
        said["program_number"] = limits.program
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
