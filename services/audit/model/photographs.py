"""Photographs: deliveries and counts of targets as the fact carries them that lists what is deleted."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, get_args, get_type_hints

from pydantic import TypeAdapter, ValidationError

from contracts.outcome import TargetState
from contracts.values import Channel, Mode
from services.audit.model.account import Reach
from services.audit.model.deliveries import Delivery
from services.audit.model.fields import FIRST_US, LAST_US, is_count, number
from services.kit.clock import from_microseconds, microseconds
from services.kit.errors import Reject

CountKey = tuple[str, int, str]
"""Warning, revision, channel."""

_TIMES = tuple(name for name, kind in get_type_hints(Delivery).items() if datetime in (kind, *get_args(kind)))
"""The moments of a delivery: a fact carries them as numbers."""


@dataclass(frozen=True)
class TargetCount:
    """What stays of the named targets of a revision on one channel."""

    warning_id: str
    revision: int
    channel: str
    planned: int
    asked: int
    """Targets of the manifest that a request named."""
    strangers: int
    """Targets that stood in no manifest."""
    states: Mapping[str, int] = field(default_factory=dict)
    """How many targets of the manifest came how far."""
    received: int = 0
    waits_ms: list[int] = field(default_factory=list)
    """p50, p95 and the longest wait since the approval; empty when nobody received by a right clock."""
    early: int = 0
    """How many had it before the approval, by a clock that is wrong."""

    @property
    def key(self) -> CountKey:
        """Warning, revision and channel."""
        return self.warning_id, self.revision, self.channel

    @property
    def reach(self) -> Reach:
        """How many had the warning, and after how long."""
        p50, p95, longest = (w / 1000 for w in self.waits_ms) if self.waits_ms else (None, None, None)
        return Reach(self.planned, self.received, p50, p95, longest, self.early)


def photograph(delivery: Delivery) -> dict[str, Any]:
    """Return a delivery as a fact carries it."""
    found = asdict(delivery)
    return {
        **found,
        **{name: microseconds(found[name]) if found[name] else None for name in _TIMES},
        "tally": dict(delivery.tally),
    }


_FIELDS: dict[type[Any], dict[str, TypeAdapter[Any]]] = {
    kind: {name: TypeAdapter(hint) for name, hint in get_type_hints(kind).items()}
    for kind in (Delivery, TargetCount)
}


def delivery(said: Any, warning_id: str | None) -> Delivery:
    """Return the delivery that a fact about a warning carries; raise Reject when it is none."""
    given = _given(said, Delivery)
    given |= {name: _moment(given[name]) for name in _TIMES if given.get(name) is not None}
    found: Delivery = _made(Delivery, given)
    if found.mode is not None and found.mode not in list(Mode):
        raise Reject("this is no delivery as it was listed")
    _fits(found, warning_id, found.tally)
    return found


def count(said: Any, warning_id: str | None) -> TargetCount:
    """Return the count of targets that a fact about a warning carries; raise Reject when it is none."""
    found: TargetCount = _made(TargetCount, _given(said, TargetCount))
    if len(found.waits_ms) not in (0, 3) or not all(abs(wait) <= LAST_US for wait in found.waits_ms):
        raise Reject("these are no waits as they were listed")
    _fits(found, warning_id, found.states)
    return found


def _given(said: Any, kind: type[Any]) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise Reject("this is nothing that was listed")
    return {f.name: said[f.name] for f in fields(kind) if f.name in said}


def _moment(value: Any) -> datetime:
    return from_microseconds(number(value, FIRST_US, LAST_US))


def _made(kind: type[Any], given: dict[str, Any]) -> Any:
    try:
        for name, value in given.items():
            _FIELDS[kind][name].validate_python(value, strict=True)
        return kind(**given)
    except (ValidationError, TypeError):
        raise Reject("this is nothing that was listed") from None


def _fits(found: Delivery | TargetCount, warning_id: str | None, states: Mapping[str, int]) -> None:
    """Raise Reject unless it is of its warning, on a channel of ours, and its numbers can be counted with."""
    numbers = [value for value in vars(found).values() if isinstance(value, int)]
    if found.warning_id != warning_id or found.channel not in list(Channel):
        raise Reject("this is of another warning or channel than it is listed for")
    if not all(is_count(one) for one in (*numbers, *states.values())):
        raise Reject("these numbers are none of ours")
    if not {*states} <= {state.value for state in TargetState}:
        raise Reject("these are no states of targets")
