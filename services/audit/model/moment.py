"""What was open at a moment: computed from the times of events, not from when the ledger heard of them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.outcome import Column, TargetState, columns
from contracts.values import Withdrawal
from contracts.warning import WarningCancelled
from services.audit.model.deliveries import Delivery, Target
from services.audit.model.rows import Ending, Revision
from services.kit.clock import microseconds

LIFTED, IN_FORCE = Withdrawal.CANCELLED.value, "in-force"


def standing(
    revisions: Iterable[Revision], endings: Iterable[Ending], at: datetime
) -> list[tuple[Revision, str]]:
    """Return what stood at a moment, worst first, each in force or lifted.

    A lift is listed on purpose while it is the last word of its warning: people were being told of it.
    """
    over: dict[str, int] = {}
    for ending in endings:
        if ending.at <= at:
            over[ending.warning_id] = max(over.get(ending.warning_id, 0), ending.revision)
    found = [
        (revision, LIFTED if revision.verb == WarningCancelled.verb else IN_FORCE)
        for revision in revisions
        if revision.said_at <= at < revision.expires_at
        and revision.revision > over.get(revision.warning_id, 0)
    ]
    newest: dict[str, int] = {}
    for revision, _ in found:
        newest[revision.warning_id] = max(newest.get(revision.warning_id, 0), revision.revision)
    return [(r, state) for r, state in found if r.revision == newest[r.warning_id]]


@dataclass(frozen=True)
class Stand:
    """How one channel stood at a moment: columns add up to what was targeted."""

    channel: str
    targeted: int
    columns: Mapping[Column, int]
    silent: int
    """Of the open ones, those of whom nobody had said a word."""
    unasked: int
    """Of the open ones, those that nobody had been asked to reach yet."""
    unread: int = 0
    """Of the open ones, those whose reports are too many to be read here."""

    @property
    def answered(self) -> int:
        """How many had confirmed."""
        return self.columns[Column.CONFIRMED]

    @property
    def received(self) -> int:
        """How many had it."""
        return self.columns[Column.CONFIRMED] + self.columns[Column.DELIVERED]


def state_at(target: Target, at_us: int) -> TargetState | None:
    """Return how far a target had come, None when nobody had said a word of it."""
    known = [state for state in TargetState if target.times.get(state, at_us + 1) <= at_us]
    return known[-1] if known else None


def of_targets(channel: str, targets: Sequence[Target], targeted: int, at: datetime) -> Stand:
    """Return how a channel of named targets stood."""
    at_us = microseconds(at)
    states = [state_at(target, at_us) for target in targets]
    counts = columns(Counter(state or TargetState.REQUESTED for state in states))
    beyond = max(0, targeted - len(targets))
    counts[Column.OPEN] += beyond
    silent = sum(state is None for state in states) + beyond
    return Stand(channel, max(targeted, len(targets)), counts, silent, 0)


Tallies = Mapping[str, Mapping[str, int]]
"""For each delivery, what the newest report before the moment counted."""


def of_batches(
    channel: str, deliveries: Sequence[Delivery], targeted: int, at: datetime, told: Tallies, unread: set[str]
) -> Stand:
    """Return how a channel of sealed batches stood; `unread` are deliveries whose reports were not read."""
    counts = dict.fromkeys(Column, 0)
    silent = unasked = left = 0
    for delivery in deliveries:
        tally = told.get(delivery.delivery_id)
        if tally is not None:
            states = {TargetState(state): count for state, count in tally.items()}
            for column, count in columns(states).items():
                counts[column] += count
            continue
        counts[Column.OPEN] += delivery.size
        if delivery.delivery_id in unread:
            left += delivery.size
        elif delivery.requested_at is None or delivery.requested_at > at:
            unasked += delivery.size
        else:
            silent += delivery.size
    beyond = max(0, targeted - sum(counts.values()))
    counts[Column.OPEN] += beyond
    return Stand(channel, sum(counts.values()), counts, silent, unasked + beyond, left)


@dataclass(frozen=True)
class Escalation:
    """One rung that was climbed for a place, or an answer that ended the climbing."""

    position: int
    at: datetime
    kind: str
    place: str
    rung: str | None
    called: int | None
    instead: str | None
    way: str | None
