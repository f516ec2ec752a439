"""Entries: what a message of the stream says, as far as the ledger wants to know it.

Nothing that arrives is too strange to be kept. What cannot be read, or would not fit a column, is kept as
`unknown`; its bytes are in the ledger all the same.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts import message_class
from contracts.amendment import PlanAmended
from contracts.back import StationTold
from contracts.delivery import DeliveryMessage, DeliveryReported, DeliveryRequested, PlanMade, StationSeen
from contracts.fact import DeadLetter, Fact
from contracts.message import LanedMessage, Message
from contracts.registry import BlockChanged
from contracts.values import Channel, Mode
from contracts.warning import WarningMessage, WarningPublished
from services.kit.clock import from_microseconds

UNKNOWN = "unknown"

NAMED = frozenset(
    {
        *(Channel.STATION, Channel.AREA, Channel.BROADCAST, Channel.CABLE, Channel.APP, Channel.FEED),
        *(Channel.WEB, Channel.MEDIA, Channel.WEIBO, Channel.UPPER),
    }
)
"""Channels whose targets have public names. Those of the others are people, and only counted."""

LONGEST_NAME = 100
_MOST = 2**31 - 1
_PLAIN_ID = re.compile(r"[!-~]{1,64}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as it lies in the stream."""

    sequence: int
    at_us: int
    """The stream's own time of record."""
    message_id: str
    subject: str
    payload: bytes

    @property
    def at(self) -> datetime:
        """The time of record."""
        return from_microseconds(self.at_us)


@dataclass(frozen=True, slots=True)
class Entry:
    """What a message is about: the columns by which it can be found."""

    kind: str
    mode: str | None = None
    warning_id: str | None = None
    revision: int | None = None
    channel: str | None = None
    about: str | None = None
    actor: str | None = None
    event_at: datetime | None = None
    message: Message | None = None
    """None when it could not be read."""


def id_of(given: str | None, epoch: int, sequence: int) -> str:
    """Return the id of a message as the ledger keeps it; one without a usable id is named by its place."""
    if not given:
        return f"none-{epoch}-{sequence}"
    if _PLAIN_ID.fullmatch(given):
        return given
    return f"sha256-{hashlib.sha256(given.encode(errors='surrogatepass')).hexdigest()}"


def plain(text: str, longest: int = LONGEST_NAME) -> str:
    """Return a text that any column takes: no control characters, no lone surrogates, not too long."""
    return _CONTROL.sub("\N{REPLACEMENT CHARACTER}", text.encode(errors="replace").decode())[:longest]


def read(subject: str, payload: bytes) -> Entry:
    """Return what a message says."""
    try:
        message = message_class(subject).from_bytes(payload)
        if not _fits(message):
            return _unknown(subject)
    except (KeyError, ValueError, OverflowError, RecursionError):
        return _unknown(subject)
    return _entry(message)


def _unknown(subject: str) -> Entry:
    mode = (*subject.split("."), "", "")[1]
    return Entry(UNKNOWN, mode=mode if mode in list(Mode) else None)


def _fits(message: Message) -> bool:
    """Tell whether the numbers and names that are counted by fit the columns they are kept in."""
    numbers: list[int] = [getattr(message, "revision", 1)]
    names: list[str] = []
    match message:
        case DeliveryReported():
            numbers += [message.report, message.attempts or 1, *message.tally.values()]
            names = [outcome.target for outcome in message.outcomes]
        case DeliveryRequested():
            names = list(message.targets)
        case PlanMade():
            numbers += [message.manifest.count, *(d.size for d in message.deliveries)]
            named = (c for c in message.manifest.channels if c.channel in NAMED)
            names = [target for entry in named for target in entry.targets]
        case PlanAmended():
            numbers += [
                message.number,
                *(c.count for c in message.channels),
                *(d.size for d in message.deliveries),
            ]
            names = [t for entry in message.channels if entry.channel in NAMED for t in entry.targets]
        case WarningPublished():
            numbers += [predecessor.revision for predecessor in message.supersedes]
    return all(0 <= n <= _MOST for n in numbers) and all(n == plain(n) for n in names)


def _entry(message: Message) -> Entry:
    at = getattr(message, "at", None)
    common: dict[str, Any] = {
        "kind": _kind(message),
        "mode": message.mode.value if isinstance(message, LanedMessage) else None,
        "about": _about(message),
        "event_at": at if isinstance(at, datetime) else None,
        "message": message,
    }
    match message:
        case WarningMessage() | PlanMade() | PlanAmended() | StationTold():
            return Entry(**common, warning_id=str(message.warning_id), revision=message.revision)
        case DeliveryMessage():
            common |= {"warning_id": str(message.warning_id), "revision": message.revision}
            return Entry(**common, channel=message.channel.value)
        case Fact():
            warning_id = plain(message.warning_id, 36) if message.warning_id else None
            actor = plain(message.actor) if message.actor else None
            return Entry(**common, warning_id=warning_id, actor=actor)
    return Entry(**common)


def _kind(message: Message) -> str:
    """Return the name by which it is asked for: `delivery.reported`, or a fact's own kind."""
    return plain(message.kind) if isinstance(message, Fact) else f"{message.noun}.{message.verb}"


def _about(message: Message) -> str | None:
    """Return the one thing that a message is about: a station, a gateway, an account, a block."""
    found: str | None = None
    match message:
        case StationSeen() | StationTold():
            found = message.station
        case BlockChanged():
            found = message.block
        case Fact():
            found = message.about
        case DeadLetter():
            found = message.consumer
        case DeliveryRequested() if message.batch is not None:
            found = message.batch.route
        case DeliveryRequested() | DeliveryReported():
            found = _only_target(message)
    return plain(found) if found else None


def _only_target(message: DeliveryRequested | DeliveryReported) -> str | None:
    if message.channel not in NAMED:
        return None
    if isinstance(message, DeliveryReported):
        targets = {outcome.target for outcome in message.outcomes}
    else:
        targets = set(message.targets)
    return targets.pop() if len(targets) == 1 else None
