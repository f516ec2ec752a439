"""Counted: what stays of a warning's delivery detail when it is deleted, as a fact carries it.

Each delivery stays as it was at the end; named targets become counts. The numbers are made of the records
themselves before these are emptied, so that whoever folds the records later comes to the same accounts.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, get_args, get_type_hints

from services.audit.model.account import Reach, reach
from services.audit.model.agreements import Listed
from services.audit.model.books import Books
from services.audit.model.rows import Delivery, Target
from services.kit.clock import from_microseconds, microseconds

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


def counts_of(books: Books) -> list[TargetCount]:
    """Return the counts of all named targets of some books, in order."""
    groups: dict[CountKey, list[Target]] = {}
    for target in books.targets.values():
        groups.setdefault((target.warning_id, target.revision, target.channel), []).append(target)
    return [_count(key, groups[key], books) for key in sorted(groups)]


def _count(key: CountKey, targets: list[Target], books: Books) -> TargetCount:
    planned = [target for target in targets if target.planned]
    states: dict[str, int] = {}
    for target in planned:
        states[target.state] = states.get(target.state, 0) + 1
    revision = books.revisions.get(key[:2])
    spread = reach(planned, revision.approved_at) if revision else Reach(len(planned), 0, None, None, None)
    waits = [round(1000 * w) for w in (spread.p50_s, spread.p95_s, spread.max_s) if w is not None]
    return TargetCount(
        *key,
        planned=len(planned),
        asked=sum(t.delivery_id is not None for t in planned),
        strangers=len(targets) - len(planned),
        states=states,
        received=spread.received,
        waits_ms=waits,
        early=spread.early,
    )


def photograph(delivery: Delivery) -> dict[str, Any]:
    """Return a delivery as a fact carries it."""
    found = asdict(delivery)
    return {
        **found,
        **{name: microseconds(found[name]) if found[name] else None for name in _TIMES},
        "tally": dict(delivery.tally),
    }


def _delivery(said: Mapping[str, Any]) -> Delivery:
    given = {f.name: said[f.name] for f in fields(Delivery) if f.name in said}
    times = {name: from_microseconds(given[name]) for name in _TIMES if given.get(name) is not None}
    return Delivery(**{**given, **times})


def recall(books: Books, listed: Listed) -> None:
    """Fold a list in: deliveries as they were when their records were listed, unless more was said since."""
    for said in listed.deliveries:
        photo = _delivery(said)
        known = books.deliveries.get(photo.key)
        if known is None or photo.report >= known.report:
            books.deliveries.put(photo)


def counts_in(listed: Iterable[Listed]) -> dict[CountKey, TargetCount]:
    """Return the counts that lists carry."""
    found = [TargetCount(**said) for one in listed for said in one.targets]
    return {count.key: count for count in found}


def asked(counts: Iterable[TargetCount]) -> dict[CountKey, int]:
    """Return how many targets a request named, for each revision and channel that is counted."""
    return {count.key: count.asked for count in counts}
