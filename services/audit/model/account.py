"""Accounts: what became of everyone, per channel; how long it took; the rates that people compare."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from contracts.outcome import Column
from contracts.values import Withdrawal
from contracts.warning import WarningCancelled
from services.audit.model.deliveries import Target
from services.audit.model.rows import Ending, Plan, Revision


@dataclass(frozen=True)
class ChannelAccount:
    """One line of an account. The columns add up to what is targeted, or `adds_up` says that they do not."""

    channel: str
    targeted: int
    columns: Mapping[Column, int]
    deliveries: int
    silent: int
    """Deliveries on which nobody has reported."""

    @property
    def received(self) -> int:
        """How many had it: delivered or confirmed."""
        return self.columns[Column.DELIVERED] + self.columns[Column.CONFIRMED]

    @property
    def adds_up(self) -> bool:
        """True when the columns are exactly those who were targeted."""
        return sum(self.columns.values()) == self.targeted


def lines_of(
    plan: Plan | None, sums: Mapping[str, tuple[Mapping[Column, int], int, int]]
) -> list[ChannelAccount]:
    """Return the lines of a revision: the manifest's counts beside the sums (columns, deliveries, silent)."""
    none = (dict.fromkeys(Column, 0), 0, 0)
    lines = plan.lines if plan else {}
    found = []
    for channel in sorted({*lines, *sums}):
        counts, deliveries, silent = sums.get(channel, none)
        targeted = lines[channel].count if channel in lines else 0
        found.append(ChannelAccount(channel, targeted, counts, deliveries, silent))
    return found


def total(lines: Sequence[ChannelAccount]) -> ChannelAccount:
    """Return the sums over all channels."""
    return ChannelAccount(
        channel="",
        targeted=sum(line.targeted for line in lines),
        columns={column: sum(line.columns[column] for line in lines) for column in Column},
        deliveries=sum(line.deliveries for line in lines),
        silent=sum(line.silent for line in lines),
    )


@dataclass(frozen=True)
class Reach:
    """How many of the targets had the warning, and after how many seconds from the approval."""

    targeted: int
    received: int
    p50_s: float | None
    p95_s: float | None
    max_s: float | None
    early: int = 0
    """How many of them had it before the approval: a clock is wrong, and no percentile counts them."""


def waits_of(moments: Iterable[datetime | None], since: datetime) -> tuple[list[float], int]:
    """Return how long things took since a moment, in order, and how many came before it: by a wrong clock."""
    found = sorted((at - since).total_seconds() for at in moments if at is not None)
    early = sum(wait < 0 for wait in found)
    return found[early:], early


def reach(targets: Iterable[Target], approved_at: datetime) -> Reach:
    """Return the percentiles over the targets that received, by nearest rank."""
    everyone = list(targets)
    waits, early = waits_of((target.received_at for target in everyone), approved_at)
    return Reach(
        targeted=len(everyone),
        received=len(waits) + early,
        p50_s=nearest_rank(waits, 0.50),
        p95_s=nearest_rank(waits, 0.95),
        max_s=waits[-1] if waits else None,
        early=early,
    )


def nearest_rank(waits: Sequence[float], share: float) -> float | None:
    """Return the value below which a share of the sorted values lies, None of nothing."""
    return waits[max(0, math.ceil(share * len(waits)) - 1)] if waits else None


IN_FORCE, RAN_OUT = "in-force", "expired"


def state_of(revision: Revision, ending: Ending | None, now: datetime) -> str:
    """Return what a revision is now: in force, lifted, updated, superseded, halted or expired."""
    if ending is not None:
        return ending.reason
    if revision.verb == WarningCancelled.verb:
        return Withdrawal.CANCELLED.value
    return RAN_OUT if revision.expires_at <= now else IN_FORCE


@dataclass(frozen=True)
class Formulas:
    """The numbers that the rates depend on, with their version."""

    version: int
    received_within: timedelta
    confirmed_within: Mapping[str, timedelta]
    gateway_answered_within: timedelta = timedelta(seconds=300)
    online_states: frozenset[str] = frozenset({"online"})


@dataclass(frozen=True)
class Rate:
    """So many of so many; both are always shown."""

    numerator: int
    denominator: int

    @property
    def percent(self) -> float | None:
        """The share in percent, None of nothing."""
        return round(100 * self.numerator / self.denominator, 2) if self.denominator else None


class Spoken(Protocol):
    """As much of a revision as rates look at."""

    @property
    def verb(self) -> str:
        """Issued, updated or cancelled."""
        ...

    @property
    def level(self) -> str:
        """Its colour."""
        ...

    @property
    def approved_at(self) -> datetime:
        """When the clocks began."""
        ...

    @property
    def expires_at(self) -> datetime:
        """Until when it holds."""
        ...


def reception(pairs: Iterable[tuple[Target, Spoken]], formulas: Formulas) -> Rate:
    """Return the reception rate of targets, each with the revision that it was to receive."""
    everyone = list(pairs)
    return Rate(sum(_in_time(target, revision, formulas) for target, revision in everyone), len(everyone))


def _in_time(target: Target, revision: Spoken, formulas: Formulas) -> bool:
    limit = min(revision.expires_at, revision.approved_at + formulas.received_within)
    return target.received_at is not None and target.received_at <= limit


def confirmation(pairs: Iterable[tuple[Target, Spoken]], formulas: Formulas) -> Rate:
    """Return the confirmation rate of those who must answer."""
    asked = [(target, r) for target, r in pairs if r.level in formulas.confirmed_within and _wants_answer(r)]
    return Rate(sum(_answered(target, r, formulas) for target, r in asked), len(asked))


def _wants_answer(revision: Spoken) -> bool:
    return revision.verb != WarningCancelled.verb


def _answered(target: Target, revision: Spoken, formulas: Formulas) -> bool:
    limit = revision.approved_at + formulas.confirmed_within[revision.level]
    return target.confirmed_at is not None and target.confirmed_at <= limit
