"""A person: what became of one phone in a delivery, out of reports that name only exceptions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.delivery import DeliveryReported
from contracts.outcome import Outcome, TargetState
from contracts.sparing import DeliverySpared


@dataclass(frozen=True, slots=True)
class Said:
    """A message with the position of its record."""

    position: int
    message: DeliveryReported | DeliverySpared


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was said of this person by name."""

    state: str
    at: datetime
    by: str | None
    detail: str | None
    position: int


@dataclass(frozen=True)
class Fate:
    """What became of one person in one delivery."""

    states: Sequence[str]
    """One; or several, when the reports leave open which of them it is."""
    named: bool
    """True when a report names the person; else it is what the delivery's counts leave."""
    steps: Sequence[Step]
    """What was said by name, the earliest first."""
    position: int | None
    """The record that says so: the last that names the person, or the newest count."""
    spared_at: datetime | None = None
    """When it was said that this person need not be called any more."""


def fate(target: str, reports: Iterable[Said], spared: Iterable[Said] = ()) -> Fate:
    """Return what became of a person, by the keyed hash in hex, from all reports of a delivery."""
    told = sorted((s for s in reports if isinstance(s.message, DeliveryReported)), key=lambda s: s.position)
    steps = [_step(one, outcome) for one in told for outcome in _outcomes(one) if outcome.target == target]
    idle = [
        s.message.at for s in spared if isinstance(s.message, DeliverySpared) and target in s.message.targets
    ]
    at = min(idle, default=None)
    if steps:
        furthest = max(steps, key=lambda step: TargetState(step.state).rank)
        ordered = sorted(steps, key=lambda step: (step.at, step.position))
        return Fate([furthest.state], True, ordered, furthest.position, at)
    newest = max(told, key=_number, default=None)
    if newest is None:
        return Fate([TargetState.REQUESTED.value], False, [], None, at)
    return Fate(_left(newest, told), False, [], newest.position, at)


def _step(said: Said, outcome: Outcome) -> Step:
    return Step(outcome.state.value, outcome.at, outcome.by, outcome.detail, said.position)


def _outcomes(said: Said) -> Sequence[Outcome]:
    return said.message.outcomes if isinstance(said.message, DeliveryReported) else ()


def _number(said: Said) -> int:
    return said.message.report if isinstance(said.message, DeliveryReported) else 0


def _left(newest: Said, told: Sequence[Said]) -> list[str]:
    """Return the states that the newest counts leave for whom nobody named, the furthest first."""
    assert isinstance(newest.message, DeliveryReported)
    left = dict(newest.message.tally)
    named: dict[str, TargetState] = {}
    for one in told:
        for outcome in _outcomes(one):
            named[outcome.target] = named.get(outcome.target, outcome.state).fold(outcome.state)
    for state in named.values():
        left[state] = left.get(state, 0) - 1
    found = [state for state, count in left.items() if count > 0] or [TargetState.REQUESTED]
    return [state.value for state in sorted(found, key=lambda state: -state.rank)]
