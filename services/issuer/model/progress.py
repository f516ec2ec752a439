"""How far a warning has come: reports folded in any order, counted by channel, timed from the approval."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from contracts.outcome import Column, TargetState, columns
from contracts.values import Channel

NAMED = frozenset(
    {
        *(Channel.STATION, Channel.AREA, Channel.BROADCAST, Channel.CABLE, Channel.APP, Channel.FEED),
        *(Channel.WEB, Channel.MEDIA, Channel.WEIBO, Channel.UPPER),
    }
)
"""Channels whose targets have public names; those of the others are sealed and only counted."""

MOST_GAINS = 200

Gain = tuple[datetime, int]
"""At a moment, so many more targets were known to be reached."""


@dataclass(frozen=True)
class Delivery:
    """What is known of one delivery: its newest photograph, and when it gained targets."""

    delivery_id: UUID
    channel: Channel
    tally: Mapping[TargetState, int]
    report: int = 0
    """0 while only the plan speaks of it."""
    first_at: datetime | None = None
    """When somebody first said that he has it."""
    gains: tuple[Gain, ...] = ()

    @property
    def size(self) -> int:
        """How many targets it accounts for."""
        return sum(self.tally.values())

    @property
    def reached(self) -> int:
        """How many targets have it: delivered or confirmed."""
        return reached(self.tally)

    def fold(self, report: int, tally: Mapping[TargetState, int], at: datetime) -> "Delivery":
        """Take a photograph in; one that is older than what is known moves only the beginning."""
        first = at if self.first_at is None else min(self.first_at, at)
        if report <= self.report:
            return replace(self, first_at=first)
        gained = reached(tally) - self.reached
        gains = thinned((*self.gains, (at, gained))) if gained > 0 else self.gains
        return replace(self, report=report, tally=dict(tally), first_at=first, gains=gains)


def reached(tally: Mapping[TargetState, int]) -> int:
    """Return how many targets of a tally are delivered or confirmed."""
    account = columns(tally)
    return account[Column.DELIVERED] + account[Column.CONFIRMED]


def thinned(gains: tuple[Gain, ...]) -> tuple[Gain, ...]:
    """Keep the list short: pairs become one, at the later of their moments."""
    if len(gains) <= MOST_GAINS:
        return gains
    pairs = [gains[place : place + 2] for place in range(0, len(gains), 2)]
    return tuple((max(at for at, _ in pair), sum(count for _, count in pair)) for pair in pairs)


@dataclass(frozen=True)
class Latency:
    """Seconds from the approval until targets had it."""

    p50: float
    p95: float
    longest: float
    first: float


@dataclass(frozen=True)
class ChannelProgress:
    """One channel's line: the columns add up to what is targeted, always."""

    channel: Channel
    targeted: int
    columns: Mapping[Column, int]
    deliveries: int
    unheard: int
    """Deliveries that nobody has said a word about."""
    first_report_s: float | None
    latency: Latency | None

    @property
    def received(self) -> int:
        """How many have it: delivered or confirmed."""
        return self.columns[Column.DELIVERED] + self.columns[Column.CONFIRMED]


@dataclass(frozen=True)
class Photograph:
    """The progress of one revision at a moment."""

    warning_id: UUID
    revision: int
    approved_at: datetime
    planned_at: datetime | None
    manifest_count: int
    channels: tuple[ChannelProgress, ...] = field(default=())

    @property
    def targeted(self) -> int:
        """The sum over the channels; equals the manifest once the plan is known."""
        return sum(channel.targeted for channel in self.channels)

    @property
    def columns(self) -> dict[Column, int]:
        """The sums over the channels."""
        return {name: sum(channel.columns[name] for channel in self.channels) for name in Column}


def channel_progress(
    channel: Channel, accounts: Sequence[Delivery], receptions: Sequence[datetime], approved_at: datetime
) -> ChannelProgress:
    """Return one channel's line, from its deliveries and the moments at which named targets had it."""
    tally: dict[TargetState, int] = {}
    for account in accounts:
        for state, count in account.tally.items():
            tally[state] = tally.get(state, 0) + count
    gains = [(at, 1) for at in receptions] or [gain for account in accounts for gain in account.gains]
    firsts = [account.first_at for account in accounts if account.first_at]
    return ChannelProgress(
        channel=channel,
        targeted=sum(tally.values()),
        columns=columns(tally),
        deliveries=len(accounts),
        unheard=sum(account.report == 0 for account in accounts),
        first_report_s=(min(firsts) - approved_at).total_seconds() if firsts else None,
        latency=latency(gains, approved_at),
    )


def latency(gains: Iterable[Gain], since: datetime) -> Latency | None:
    """Return the percentiles over all targets that were reached, None when none was."""
    waits = sorted(((at - since).total_seconds(), count) for at, count in gains)
    total = sum(count for _, count in waits)
    if not total:
        return None
    return Latency(_at_rank(waits, 0.50 * total), _at_rank(waits, 0.95 * total), waits[-1][0], waits[0][0])


def _at_rank(waits: Sequence[tuple[float, int]], rank: float) -> float:
    """Return the wait of the target that stands at a rank (nearest rank, the first is 1)."""
    passed = 0
    for wait, count in waits:
        passed += count
        if passed >= math.ceil(rank):
            return wait
    return waits[-1][0]
