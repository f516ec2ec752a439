"""A read-out: the longest wording that fits the time, whole sentences always; how newsrooms stand. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from contracts.delivery import DeliveryRequested
from contracts.outcome import Column, TargetState
from contracts.values import Level, Withdrawal

SILENT = timedelta(minutes=5)
"""A newsroom that has not asked for so long is silent."""


@dataclass(frozen=True)
class Pace:
    """How fast one reads, how long a read-out may take, and how often it is repeated."""

    characters_per_minute: int
    seconds: Mapping[Level, int]
    times: Mapping[Level, int]

    def takes_s(self, text: str) -> int:
        """Return how long a text takes to read; spaces are not read."""
        read = sum(not character.isspace() for character in text)
        return -(-read * 60 // self.characters_per_minute)


@dataclass(frozen=True)
class ReadOut:
    """What a newsreader says."""

    text: str
    seconds: int
    limit_s: int
    times: int
    full: str
    """Everything, for who has the time."""

    @property
    def fits(self) -> bool:
        """Tell whether it can be read in the time that is agreed."""
        return self.seconds <= self.limit_s


def read_out(wordings: Sequence[str], level: Level, pace: Pace) -> ReadOut:
    """Return the longest wording that fits, the shortest when none does: nothing is cut in a sentence."""
    limit = pace.seconds[level]
    longest_first = sorted(wordings, key=len, reverse=True)
    fitting = (text for text in longest_first if pace.takes_s(text) <= limit)
    text = next(fitting, longest_first[-1])
    return ReadOut(text, pace.takes_s(text), limit, pace.times[level], longest_first[0])


@dataclass(frozen=True)
class Item:
    """How far one revision has come at one newsroom."""

    newsroom: str
    state: TargetState
    at: datetime
    by: str | None = None
    programme: str | None = None
    aired_at: datetime | None = None

    def to(self, state: TargetState, at: datetime) -> "Item":
        """Return the item in the further of both states."""
        return self if self.state.fold(state) is self.state else replace(self, state=state, at=at)

    def aired(self, at: datetime, by: str, programme: str) -> "Item":
        """Return the item as it was on the air; the first time it was stays."""
        if self.aired_at is not None and self.aired_at <= at:
            return self
        state = self.state.fold(TargetState.PLAYED)
        return replace(self, state=state, at=at, by=by, programme=programme, aired_at=at)


@dataclass(frozen=True)
class Delivery:
    """One revision for newsrooms, and how far it has come at each."""

    request: DeliveryRequested
    items: tuple[Item, ...]
    report: int = 0
    ended: bool = False

    @classmethod
    def taken(cls, request: DeliveryRequested, now: datetime, ended: Withdrawal | None) -> "Delivery":
        """Return a request as it is first stored; one that is over already only adds up."""
        state = TargetState.QUEUED if ended is None else closed(ended)
        items = tuple(Item(newsroom, state, now) for newsroom in request.targets)
        return cls(request, items, ended=ended is not None)

    @property
    def tally(self) -> dict[TargetState, int]:
        """How many newsrooms are in each state."""
        found: dict[TargetState, int] = {}
        for item in self.items:
            found[item.state] = found.get(item.state, 0) + 1
        return found

    def at(self, newsroom: str) -> Item | None:
        """Return how far it has come at a newsroom, None when it is not for it."""
        return next((item for item in self.items if item.newsroom == newsroom), None)

    def with_item(self, item: Item) -> "Delivery":
        """Return the delivery with one item changed."""
        items = tuple(item if known.newsroom == item.newsroom else known for known in self.items)
        return replace(self, items=items)

    def end(self, reason: Withdrawal, now: datetime) -> "Delivery":
        """Return the delivery as it is over: who had not fetched it never will."""
        open_items = (item.state.column is Column.OPEN for item in self.items)
        items = tuple(
            item.to(closed(reason), now) if is_open else item
            for item, is_open in zip(self.items, open_items, strict=True)
        )
        return replace(self, items=items, ended=True)


def closed(reason: Withdrawal) -> TargetState:
    """Return the state in which an end leaves what is open."""
    return TargetState.EXPIRED if reason is Withdrawal.EXPIRED else TargetState.WITHDRAWN


class Presence(StrEnum):
    """Whether a newsroom can be relied upon now."""

    NEVER = "never"
    """It has never asked for anything."""
    SILENT = "silent"
    HERE = "here"


@dataclass(frozen=True)
class Newsroom:
    """A newsroom, and when it last asked."""

    newsroom_id: str
    name: str
    seen_at: datetime | None = None
    keys: tuple[str, ...] = ()

    def presence(self, now: datetime) -> Presence:
        """Tell whether it asks."""
        if self.seen_at is None:
            return Presence.NEVER
        return Presence.SILENT if now - self.seen_at > SILENT else Presence.HERE


@dataclass(frozen=True)
class Waiting:
    """A revision in force that a newsroom has not aired."""

    warning_id: UUID
    revision: int
    headline: str
    level: Level
    newsroom: str
    state: TargetState


def not_aired(deliveries: Iterable[Delivery]) -> list[Waiting]:
    """Return what is in force and was not on the air, the worst first."""
    found = [
        Waiting(r.warning_id, r.revision, r.notice.text.headline, r.notice.level, item.newsroom, item.state)
        for r, items in ((delivery.request, delivery.items) for delivery in deliveries)
        for item in items
        if item.aired_at is None
    ]
    return sorted(found, key=lambda one: (one.level.rank, one.newsroom))
