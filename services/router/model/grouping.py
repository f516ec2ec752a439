"""How many recipients are in which group, for a preview."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from services.router.model.crowd import Picked
from services.router.model.people import DRILL_GROUP, OPERATORS, Kind, People


@dataclass(frozen=True)
class Grouped:
    """How many recipients of one operator are in a group; who is in several groups counts in each."""

    group: str
    """Empty: in no group, and without a role."""
    operator: str
    count: int


def grouped(people: People, picked: Picked) -> tuple[Grouped, ...]:
    """Return how many of those picked are in each group, by operator."""
    rows = np.flatnonzero(picked.rows)
    numbers = people.kinds[rows].astype(np.int64) * len(OPERATORS) + people.operators(rows)
    sums: Counter[tuple[str, str]] = Counter()
    for number, count in enumerate(np.bincount(numbers).tolist()):
        kind, operator = divmod(number, len(OPERATORS))
        if count:
            sums.update({(group, OPERATORS[operator]): count for group in groups_of(people.table[kind])})
    return tuple(Grouped(group, operator, count) for (group, operator), count in sorted(sums.items()))


def groups_of(kind: Kind) -> tuple[str, ...]:
    """Return the groups that recipients are counted in: those of the registry, or else their role.

    Agreeing to be called in drills is no group of people.
    """
    return tuple(group for group in kind.groups if group != DRILL_GROUP) or (kind.role,)
