"""What became of a target: the states, their order, and how counts are folded.

Every service that counts (issuer, router, audit) folds by these rules, so that all get one sum:
targets = confirmed + delivered + failed + withdrawn + expired + open, always.
"""

from collections.abc import Mapping
from enum import StrEnum

from contracts.values import Instant, Value


class TargetState(StrEnum):
    """How far a target has come, least first. A state never goes back; proof of reception beats failure."""

    REQUESTED = "requested"
    QUEUED = "queued"
    SENT = "sent"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    FAILED = "failed"
    RECEIVED = "received"
    VERIFIED = "verified"
    PLAYED = "played"
    CONFIRMED = "confirmed"
    ACTED = "acted"

    @property
    def rank(self) -> int:
        """The place in the order, 0 for the least."""
        return _ORDER[self]

    @property
    def column(self) -> "Column":
        """The column of the account in which this state is counted."""
        return _COLUMNS[self]

    def fold(self, other: "TargetState") -> "TargetState":
        """Return the further of two states, whichever was heard first."""
        return self if self.rank >= other.rank else other


class Column(StrEnum):
    """The columns of the account of a warning."""

    CONFIRMED = "confirmed"
    DELIVERED = "delivered"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    OPEN = "open"


_ORDER = {state: rank for rank, state in enumerate(TargetState)}
_COLUMNS = {
    TargetState.REQUESTED: Column.OPEN,
    TargetState.QUEUED: Column.OPEN,
    TargetState.SENT: Column.OPEN,
    TargetState.WITHDRAWN: Column.WITHDRAWN,
    TargetState.EXPIRED: Column.EXPIRED,
    TargetState.FAILED: Column.FAILED,
    TargetState.RECEIVED: Column.DELIVERED,
    TargetState.VERIFIED: Column.DELIVERED,
    TargetState.PLAYED: Column.DELIVERED,
    TargetState.CONFIRMED: Column.CONFIRMED,
    TargetState.ACTED: Column.CONFIRMED,
}

Tally = Mapping[TargetState, int]
"""How many targets of a delivery are in each state; the sum is the size of the delivery."""


class Outcome(Value):
    """One thing that happened to one target, at the time it happened (not when it was heard)."""

    target: str
    state: TargetState
    at: Instant
    by: str | None = None
    """The named person, for a confirmation."""
    detail: str | None = None


def columns(tally: Tally) -> dict[Column, int]:
    """Return the tally summed by column, every column present."""
    account = dict.fromkeys(Column, 0)
    for state, count in tally.items():
        account[state.column] += count
    return account


def count_states(states: Mapping[str, TargetState]) -> dict[TargetState, int]:
    """Return how many targets are in each state that occurs."""
    tally: dict[TargetState, int] = {}
    for state in states.values():
        tally[state] = tally.get(state, 0) + 1
    return tally
