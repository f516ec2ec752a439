"""What a gateway carried: sums of deliveries by day and revision, and how long they took.

Waits are kept as counts in buckets, each 5 % wider than the one before, so that the percentiles of a month
come from the sum of its days. What is shown is the upper edge of a bucket: at most 5 % too long, never too
short.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from contracts.outcome import Column
from services.audit.model.deliveries import Delivery
from services.kit.clock import BEIJING

SHORTEST_S = 0.1
GROWTH = 1.05
"""Never changed: the buckets that are kept were counted with them."""

WAITS = ("leased", "answered", "closed")
"""From the request until it was handed out, until the first answer, until nobody was open."""

SUMS = ("batches", "recipients", *(column.value for column in Column), *WAITS)
ALL_SUMS = (*SUMS, "attempts", "repeated", "ran_out", "reports")

CarriedKey = tuple[str, str, str, int, str]
"""Day, route, warning, revision, channel."""

Spans = Mapping[str, Mapping[str, int]]
"""For each wait, how many deliveries in which bucket."""


def bucket(seconds: float) -> int:
    """Return the bucket of a wait."""
    if seconds <= SHORTEST_S:
        return 0
    return math.ceil(math.log(seconds / SHORTEST_S) / math.log(GROWTH) - 1e-9)


def edge(number: int) -> float:
    """Return the longest wait that a bucket holds, in seconds."""
    return SHORTEST_S * GROWTH**number


def day_of(at: datetime) -> str:
    """Return the day of a moment in Beijing."""
    return at.astimezone(BEIJING).date().isoformat()


def key_of(delivery: Delivery) -> CarriedKey | None:
    """Return where a delivery is counted, None while nobody carries it."""
    if delivery.route is None or delivery.requested_at is None:
        return None
    return (
        day_of(delivery.requested_at),
        delivery.route,
        delivery.warning_id,
        delivery.revision,
        delivery.channel,
    )


def counted(delivery: Delivery) -> Counter[str]:
    """Return what one delivery adds to its sums; waits are counted as `wait:bucket`."""
    found = Counter({"batches": 1, "recipients": delivery.requested or 0})
    found.update({column.value: getattr(delivery, column.value) for column in Column})
    attempts = delivery.attempts or 0
    found.update(
        reports=delivery.report,
        attempts=attempts,
        repeated=int(attempts > 1),
        ran_out=max(0, _before_answer(delivery)),
    )
    for name, seconds in _waits(delivery):
        found.update({name: 1, f"{name}:{bucket(seconds)}": 1})
    return found


def _before_answer(delivery: Delivery) -> int:
    """How often it was handed out for nothing before anybody answered."""
    if delivery.first_attempt is not None:
        return delivery.first_attempt - 1
    return delivery.attempts or 0 if delivery.closed_at is not None else 0


def _waits(delivery: Delivery) -> Iterator[tuple[str, float]]:
    begun = delivery.requested_at
    for name in WAITS:
        at = getattr(delivery, f"{name}_at")
        if at is not None and begun is not None:
            yield name, max(0.0, (at - begun).total_seconds())


def changes(pairs: Iterable[tuple[Delivery | None, Delivery]]) -> dict[CarriedKey, tuple[str, Counter[str]]]:
    """Return by how much sums change when deliveries do (before, after), with the mode of each sum."""
    found: dict[CarriedKey, tuple[str, Counter[str]]] = {}
    for before, after in pairs:
        key = key_of(after)
        if key is None:
            continue
        change = found.setdefault(key, (after.mode or "live", Counter()))[1]
        change.update(counted(after))
        if before is not None and key_of(before) == key:
            change.subtract(counted(before))
    return found


@dataclass(frozen=True)
class Sum:
    """Sums of deliveries: of one revision, of a channel, of all."""

    counts: Mapping[str, int] = field(default_factory=dict)
    spans: Spans = field(default_factory=dict)

    def count(self, name: str) -> int:
        """Return one of the counts, 0 for none."""
        return self.counts.get(name, 0)

    def plus(self, other: "Sum") -> "Sum":
        """Return both together."""
        counts = Counter(self.counts)
        counts.update(other.counts)
        spans = {}
        for name in WAITS:
            together = Counter(self.spans.get(name, {}))
            together.update(other.spans.get(name, {}))
            spans[name] = together
        return Sum(counts, spans)

    def changed(self, change: Mapping[str, int]) -> "Sum":
        """Return the sums after a change; a bucket that is empty is left out."""
        counts = {name: self.count(name) + change.get(name, 0) for name in ALL_SUMS}
        spans = {name: dict(self.spans.get(name, {})) for name in WAITS}
        for name, by in change.items():
            wait, _, number = name.partition(":")
            if number:
                spans[wait][number] = spans[wait].get(number, 0) + by
        return Sum(counts, {name: {n: c for n, c in span.items() if c} for name, span in spans.items()})

    def at_rank(self, wait: str, share: float) -> float | None:
        """Return the wait that this share of deliveries did not exceed, by nearest rank."""
        span = sorted((int(number), count) for number, count in self.spans.get(wait, {}).items())
        rank = max(1, math.ceil(share * sum(count for _, count in span)))
        seen = 0
        for number, count in span:
            seen += count
            if seen >= rank:
                return round(edge(number), 1)
        return None

    def within(self, wait: str, seconds: float) -> int:
        """Return how many deliveries waited no longer, as far as the buckets tell."""
        last = bucket(seconds)
        return sum(count for number, count in self.spans.get(wait, {}).items() if int(number) <= last)


def total(sums: Iterable[Sum]) -> Sum:
    """Return everything together, quickly."""
    counts: Counter[str] = Counter()
    spans: dict[str, Counter[str]] = {name: Counter() for name in WAITS}
    for one in sums:
        counts.update(one.counts)
        for name in WAITS:
            spans[name].update(one.spans.get(name, {}))
    return Sum(counts, spans)
