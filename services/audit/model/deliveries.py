"""What the books hold of deliveries: one value for each delivery, and for each named target."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TypeVar

from contracts.delivery import DeliveryReported
from contracts.outcome import Column, Outcome, TargetState, columns
from services.kit.clock import from_microseconds, microseconds

TargetKey = tuple[str, int, str, str]
"""Warning, revision, channel, target."""

_ANSWERS = frozenset(TargetState) - {
    *(TargetState.REQUESTED, TargetState.QUEUED, TargetState.WITHDRAWN, TargetState.EXPIRED)
}
"""What only whoever carries a delivery can tell; the rest we know ourselves."""

L = TypeVar("L", datetime, int)


def _least(one: L | None, other: L | None) -> L | None:
    """Return the lesser of two that may be missing."""
    return min((value for value in (one, other) if value is not None), default=None)


@dataclass(frozen=True)
class Delivery:
    """One delivery: what was planned, what was asked for, what the newest photograph shows."""

    delivery_id: str
    warning_id: str
    revision: int
    channel: str
    planned: int | None = None
    requested: int | None = None
    requested_at: datetime | None = None
    route: str | None = None
    """Who carries it, for sealed batches."""
    report: int = 0
    reported_at: datetime | None = None
    tally: Mapping[str, int] = field(default_factory=dict)
    confirmed: int = 0
    delivered: int = 0
    failed: int = 0
    withdrawn: int = 0
    expired: int = 0
    open: int = 0
    heard_at: datetime | None = None
    """When the ledger first heard of it."""
    mode: str | None = None
    leased_at: datetime | None = None
    """When it was first handed out, as far as reports tell."""
    answered_at: datetime | None = None
    """When anything but waiting was first reported."""
    closed_at: datetime | None = None
    """When nobody was left open."""
    attempts: int | None = None
    """How often it was handed out."""
    first_attempt: int | None = None
    """The handing out that brought the first answer: every one before it brought nothing."""

    @property
    def key(self) -> str:
        """The delivery's id."""
        return self.delivery_id

    @property
    def size(self) -> int:
        """How many targets it accounts for: as planned, else as asked for, else as reported."""
        if self.planned is not None:
            return self.planned
        return self.requested if self.requested is not None else sum(self.tally.values())

    def timed(self, message: DeliveryReported) -> "Delivery":
        """Fold the times of a report in, whichever of them was heard first."""
        states = {state for state, count in message.tally.items() if count}
        answers = bool(states & _ANSWERS)
        closes = bool(states) and all(state.column is not Column.OPEN for state in states)
        return replace(
            self,
            leased_at=_least(self.leased_at, message.leased_at),
            answered_at=_least(self.answered_at, message.at if answers else None),
            closed_at=_least(self.closed_at, message.at if closes else None),
            attempts=max(filter(None, (self.attempts, message.attempts)), default=None),
            first_attempt=_least(self.first_attempt, message.attempts if answers else None),
        )

    def counted(self) -> "Delivery":
        """Return it with its columns; what nobody has spoken of yet is open."""
        if not self.report:
            return replace(self, open=self.size)
        counts = columns({TargetState(state): count for state, count in self.tally.items()})
        return replace(
            self,
            confirmed=counts[Column.CONFIRMED],
            delivered=counts[Column.DELIVERED],
            failed=counts[Column.FAILED],
            withdrawn=counts[Column.WITHDRAWN],
            expired=counts[Column.EXPIRED],
            open=counts[Column.OPEN],
        )


_HAD = (Column.DELIVERED, Column.CONFIRMED)
_STATES: Mapping[tuple[Column, ...], frozenset[str]] = {
    wanted: frozenset(state.value for state in TargetState if state.column in wanted)
    for wanted in (_HAD, (Column.CONFIRMED,))
}
"""The states that each question looks for, so that a month need not ask of each state anew."""


@dataclass(frozen=True)
class Target:
    """One named target of a revision: how far it has come, and when it came to each state."""

    warning_id: str
    revision: int
    channel: str
    target: str
    planned: bool = False
    delivery_id: str | None = None
    state: str = TargetState.REQUESTED.value
    times: Mapping[str, int] = field(default_factory=dict)
    """For each state, the earliest moment of which anybody spoke (UTC microseconds)."""
    confirmed_by: str | None = None

    @property
    def key(self) -> TargetKey:
        """Warning, revision, channel and target."""
        return self.warning_id, self.revision, self.channel, self.target

    @property
    def column(self) -> Column:
        """The column in which it is counted."""
        return TargetState(self.state).column

    def told(self, outcome: Outcome, by: str | None) -> "Target":
        """Fold an outcome in, whichever was heard first."""
        at, state = microseconds(outcome.at), outcome.state
        earliest = min(at, self.times.get(state, at))
        return replace(
            self,
            state=TargetState(self.state).fold(state).value,
            times={**self.times, state.value: earliest},
            confirmed_by=self.confirmed_by or (by if state.column is Column.CONFIRMED else None),
        )

    def first(self, *wanted: Column) -> datetime | None:
        """Return when it first came to a state of these columns."""
        states = _STATES[wanted]
        found = [at for state, at in self.times.items() if state in states]
        return from_microseconds(min(found)) if found else None

    @cached_property
    def received_at(self) -> datetime | None:
        """When it had the warning; who confirms has received."""
        return self.first(*_HAD)

    @cached_property
    def confirmed_at(self) -> datetime | None:
        """When a person answered."""
        return self.first(Column.CONFIRMED)
