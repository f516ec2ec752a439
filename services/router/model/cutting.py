"""Batches: recipients by carrier and wording, sorted by keyed hash, a thousand at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.delivery import MOST_TARGETS
from contracts.values import Channel
from services.router.model.people import Hashes, People, Rendering, Rows

_WORDINGS = len(Rendering)


@dataclass(frozen=True, eq=False)
class Classes:
    """Carriers by operator. Several carriers of one operator share its recipients by their hash.

    A class is a carrier and a wording: its number is the carrier's, times the wordings, plus the wording's.
    """

    routes: tuple[str, ...]
    """All carriers, sorted."""
    table: NDArray[np.int64]
    """The carrier's number, by operator and share."""
    shares: NDArray[np.uint64]
    """How many carriers each operator has."""

    @classmethod
    def of(cls, routes: Sequence[Sequence[str]]) -> "Classes":
        """Return the classes of these carriers, one list for each operator."""
        names = tuple(sorted({name for carriers in routes for name in carriers}))
        table = np.zeros((len(routes), max(map(len, routes), default=1) or 1), np.int64)
        for operator, carriers in enumerate(routes):
            table[operator, : len(carriers)] = [names.index(name) for name in carriers]
        return cls(names, table, np.array([max(1, len(carriers)) for carriers in routes], np.uint64))

    @property
    def size(self) -> int:
        """How many classes there are; one when nobody carries."""
        return max(1, len(self.routes)) * _WORDINGS

    def of_rows(self, hashes: Hashes, operators: Any, renderings: Any) -> NDArray[np.int64]:
        """Return the class of each row. The share is told by the last byte of the hash."""
        share = (hashes & np.uint64(0xFF)) % self.shares[operators]
        found: NDArray[np.int64] = self.table[operators, share.astype(np.int64)] * _WORDINGS + renderings
        return found

    def sums(self, channel: Channel, people: People, rows: Any, raised: Any = None) -> NDArray[np.int64]:
        """Return how many of these rows are of each class."""
        hashes = people.hashes(channel)[rows]
        found = self.of_rows(hashes, people.operators(rows), people.renderings(channel, rows, raised))
        return np.bincount(found, minlength=self.size)

    def named(self, number: int) -> tuple[str, Rendering]:
        """Return the carrier and the wording of a class."""
        carrier, wording = divmod(number, _WORDINGS)
        return self.routes[carrier], Rendering(wording)


@dataclass(frozen=True, eq=False)
class Batch:
    """Up to 1,000 recipients of one wording whom one gateway or account carries, sorted by hash."""

    route: str
    rendering: Rendering
    number: int
    rows: Rows

    @property
    def part(self) -> str:
        """The name of this batch within its channel; the same plan gives the same names."""
        return f"{self.route}/{self.rendering.word}/{self.number}"


def cut(classes: Classes, hashes: Hashes, operators: Any, renderings: Any) -> list[Batch]:
    """Return recipients as batches by carrier and wording."""
    found = classes.of_rows(hashes, operators, renderings).astype(np.uint16)
    order = np.argsort(hashes)
    order = order[np.argsort(found[order], kind="stable")]
    edges = np.searchsorted(found[order], np.arange(classes.size + 1))
    return [
        Batch(*classes.named(number), place, order[start : min(start + MOST_TARGETS, int(edges[number + 1]))])
        for number in range(classes.size)
        for place, start in enumerate(range(int(edges[number]), int(edges[number + 1]), MOST_TARGETS))
    ]
