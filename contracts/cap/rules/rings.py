"""Whether a ring crosses itself, found in bounded time."""

from dataclasses import dataclass
from enum import Enum

from contracts.cap.model import LatLon, Polygon

MOST_COMPARISONS = 1_000_000
"""A frontier of 40,000 points needs a third of this; a polygon made to keep us busy needs any amount."""

Edge = tuple[LatLon, LatLon]


class Crossing(Enum):
    """What is known of a ring."""

    NONE = "none"
    FOUND = "found"
    UNKNOWN = "unknown"


@dataclass
class Effort:
    """How many comparisons of two edges are still allowed."""

    left: int = MOST_COMPARISONS


def crossing(ring: Polygon, effort: Effort) -> Crossing:
    """Return whether two edges of a ring meet anywhere but at the corner that they share.

    Edges are taken from south to north and compared only with those that reach as far north.
    """
    edges = _edges(ring)
    spans = sorted((min(a[0], b[0]), place) for place, (a, b) in enumerate(edges))
    reaching: list[int] = []
    for south, place in spans:
        reaching = [other for other in reaching if max(edges[other][0][0], edges[other][1][0]) >= south]
        effort.left -= len(reaching)
        if effort.left < 0:
            return Crossing.UNKNOWN
        if any(_meet(edges, place, other) for other in reaching):
            return Crossing.FOUND
        reaching.append(place)
    return Crossing.NONE


def _edges(ring: Polygon) -> list[Edge]:
    """Return the edges of the closed ring, without those of no length."""
    return [(a, b) for a, b in zip(ring, (*ring[1:], ring[0]), strict=True) if a != b]


def _meet(edges: list[Edge], one: int, other: int) -> bool:
    (a, b), (c, d) = edges[one], edges[other]
    if max(a[1], b[1]) < min(c[1], d[1]) or max(c[1], d[1]) < min(a[1], b[1]):
        return False
    if (one + 1) % len(edges) == other:
        return _folds_back(a, b, d)
    if (other + 1) % len(edges) == one:
        return _folds_back(c, d, b)
    return _touch(a, b, c, d)


def _folds_back(a: LatLon, b: LatLon, c: LatLon) -> bool:
    """Return whether the way from a to b to c returns over itself."""
    along = (a[0] - b[0]) * (c[0] - b[0]) + (a[1] - b[1]) * (c[1] - b[1])
    return _side(a, b, c) == 0 and along > 0


def _touch(a: LatLon, b: LatLon, c: LatLon, d: LatLon) -> bool:
    sides = _side(a, b, c), _side(a, b, d), _side(c, d, a), _side(c, d, b)
    if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
        return True
    ends = ((a, b, c), (a, b, d), (c, d, a), (c, d, b))
    return any(side == 0 and _between(*end) for side, end in zip(sides, ends, strict=True))


def _side(a: LatLon, b: LatLon, c: LatLon) -> int:
    """Return on which side of the line from a to b the point c lies: 1, -1, or 0 on it."""
    product = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
    return (product > 0) - (product < 0)


def _between(a: LatLon, b: LatLon, c: LatLon) -> bool:
    return min(a[0], b[0]) <= c[0] <= max(a[0], b[0]) and min(a[1], b[1]) <= c[1] <= max(a[1], b[1])
