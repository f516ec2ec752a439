"""Emptied records of a transcript: each must stand in a list that two people's agreement covers."""

import hashlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field

from contracts import message_class
from contracts.fact import Fact
from services.audit.data import retention
from services.audit.model import merkle
from services.audit.model.agreements import DELETION, Agreement, Agreements, Listed
from services.audit.model.retention import DELIVERY, Retention
from services.audit.proof.transcript import TombstoneLine

Key = tuple[str, int]
"""The agreement and the number of the list that a tombstone names."""

Place = tuple[int, int]
"""The position and the line of a record."""


@dataclass(frozen=True)
class Wrong:
    """An emptied record that nobody had agreed to delete."""

    position: int
    line: int
    why: str


@dataclass
class _Named:
    """The tombstones that name one list: runs of positions, and what else is looked at in the end."""

    runs: list[list[int]] = field(default_factory=list)
    """First and last position, and the line of the first."""
    count: int = 0
    times: "array[int]" = field(default_factory=lambda: array("q"))
    """When each of the records was recorded (UTC microseconds)."""
    subjects: dict[str, Place] = field(default_factory=dict)
    digest: "hashlib._Hash" = field(default_factory=hashlib.sha256)

    def add(self, found: TombstoneLine, line: int) -> None:
        place = (found.position, line)
        last = self.runs[-1] if self.runs else None
        if last and found.position == last[1] + 1 and line == last[2] + found.position - last[0]:
            last[1] = found.position
        else:
            self.runs.append([found.position, found.position, line])
        self.count += 1
        self.times.append(found.leaf.recorded_at_us)
        self.subjects.setdefault(found.leaf.subject, place)
        self.digest.update(merkle.leaf_hash(found.leaf_bytes))

    def places(self) -> Iterator[Place]:
        for first, last, line in self.runs:
            for position in range(first, last + 1):
                yield position, line + position - first


@dataclass
class Emptied:
    """Every tombstone, by the list that it names."""

    named: dict[Key, _Named] = field(default_factory=dict)

    def note(self, found: TombstoneLine, line: int) -> None:
        """Keep what must be known of a tombstone once all agreements have been read."""
        self.named.setdefault((found.agreement, found.number), _Named()).add(found, line)


def without_agreement(found: Emptied, known: Agreements, rules: Retention | None = None) -> Iterator[Wrong]:
    """Yield emptied records that no valid agreement covers, the first of each list."""
    rules = rules or retention.load()
    wrong = (_wrong(key, one, known, rules) for key, one in found.named.items())
    yield from sorted((one for one in wrong if one is not None), key=lambda one: one.line)


def _wrong(key: Key, named: _Named, known: Agreements, rules: Retention) -> Wrong | None:
    place = next(named.places())
    agreed, listed = known.agreed.get(key[0]), known.lists.get(key)
    if agreed is None or agreed.what != DELETION:
        return Wrong(*place, "the payload is gone, and no two people had agreed to delete it")
    if listed is None:
        return Wrong(*place, "the payload is gone, and stands in no list of what was to be deleted")
    meant = set(listed.positions)
    for other in named.places():
        if other[0] not in meant:
            return Wrong(*other, "the payload is gone, and the list that it names does not hold it")
    if named.count == listed.count and named.digest.hexdigest() != listed.sha256:
        return Wrong(*place, "the records that are gone are not those that were listed")
    return _not_meant(named, agreed, listed, rules)


def _not_meant(named: _Named, agreed: Agreement, listed: Listed, rules: Retention) -> Wrong | None:
    for place, at in zip(named.places(), named.times, strict=True):
        if at >= agreed.before_us:
            return Wrong(*place, "the payload is gone, and the record is younger than was agreed")
        if any(hold.stops(agreed.about, listed.warning_id, at) for hold in listed.holds):
            return Wrong(*place, "the payload is gone, although a hold stood over the record")
    for subject, where in named.subjects.items():
        if not rules.may_empty(agreed.about, subject):
            return Wrong(*where, "the payload is gone, and the record is of another class than was agreed")
        if agreed.about == DELIVERY and listed.warning_id is None and _of_a_warning(subject):
            return Wrong(*where, "the payload is gone, and its list does not say of which warning it was")
    return None


def _of_a_warning(subject: str) -> bool:
    """Tell whether a message with this subject always is about a warning; holds are over warnings, too."""
    said = message_class(subject)
    return said is not Fact and "warning_id" in said.model_fields
