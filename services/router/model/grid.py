"""Points in a grid: whole squares are in or out of an area, and only points along its edge are measured."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from contracts.values import Circle
from services.router.model.people import NOWHERE, PER_DEGREE, Mask, People
from services.router.model.sphere import KM_PER_DEGREE, TOUCH_KM, kilometres

SIDE = 128
"""Squares along each side of the grid."""

REACH = 0.71
"""From the middle of a square to its corner, in sides, and a little more."""

_ROWS, _COLUMNS = (axis.ravel() for axis in np.indices((SIDE, SIDE)))
_AROUND = tuple((east, north) for east in (-1, 0, 1) for north in (-1, 0, 1))


@dataclass(frozen=True, eq=False)
class Grid:
    """The rows of everybody who has a position of his own, square by square."""

    people: People
    corner: tuple[float, float]
    """Of the grid, in the south-west."""
    size: tuple[float, float]
    """Of one square, in degrees."""
    order: NDArray[np.int32]
    """The rows, sorted by square."""
    starts: NDArray[np.int32]
    """Where each square begins in that order, and the end of the last."""

    @classmethod
    def of(cls, people: People) -> "Grid":
        """Return the grid over these people."""
        located = np.flatnonzero(people.lons != NOWHERE).astype(np.int32)
        lons, lats = people.lons[located] / PER_DEGREE, people.lats[located] / PER_DEGREE
        west, width = _span(lons)
        south, height = _span(lats)
        squares = _number(lats, south, height) * np.uint16(SIDE) + _number(lons, west, width)
        starts = np.concatenate(([0], np.cumsum(np.bincount(squares, minlength=SIDE * SIDE))))
        order = located[np.argsort(squares, kind="stable")]
        return cls(people, (west, south), (width, height), order, starts.astype(np.int32))

    def within(self, outlines: Iterable[Any], circles: Iterable[Circle]) -> Mask:
        """Return which rows lie inside a polygon or circle, its edge included."""
        inside = np.zeros(len(self.people), bool)
        for outline in outlines:
            self._mark_polygon(inside, outline)
        for circle in circles:
            self._mark_circle(inside, circle)
        return inside

    def _mark_polygon(self, inside: Mask, outline: Any) -> None:
        shapely.prepare(outline)
        edge = self._touched(outline)
        inside[self._rows_in(shapely.intersects_xy(outline, *self._middles()) & ~edge)] = True
        near = self._rows_in(edge)
        inside[near[shapely.intersects_xy(outline, *positions(self.people, near))]] = True

    def _mark_circle(self, inside: Mask, circle: Circle) -> None:
        """Measure whoever is in a square that may reach into the circle."""
        slack = KM_PER_DEGREE * sum(self.size)
        near = self._rows_in(kilometres(circle.centre, *self._middles()) <= circle.radius_km + slack)
        far = kilometres(circle.centre, *positions(self.people, near)) > circle.radius_km + TOUCH_KM
        inside[near[~far]] = True

    def _middles(self) -> tuple[Any, Any]:
        (west, south), (width, height) = self.corner, self.size
        return west + (_COLUMNS + 0.5) * width, south + (_ROWS + 0.5) * height

    def _touched(self, outline: Any) -> Mask:
        """Return the squares that the edge of an outline may touch: those around points along it."""
        corners = (shapely.get_coordinates(outline.exterior) - self.corner) / self.size
        edge = shapely.clip_by_rect(shapely.linestrings(corners), -2, -2, SIDE + 2, SIDE + 2)
        points = np.floor(shapely.get_coordinates(shapely.segmentize(edge, 0.5))).astype(np.int64)
        touched = np.zeros(SIDE * SIDE, bool)
        for step in _AROUND:
            at = points + step
            kept = at[((at >= 0) & (at < SIDE)).all(axis=1)]
            touched[kept[:, 1] * SIDE + kept[:, 0]] = True
        around = np.flatnonzero(touched)
        middles = shapely.points(_COLUMNS[around] + 0.5, _ROWS[around] + 0.5)
        touched[around] = shapely.dwithin(edge, middles, REACH)
        return touched

    def _rows_in(self, squares: Mask) -> NDArray[np.int32]:
        """Return the rows in these squares; neighbours lie one after the other."""
        steps = np.diff(np.concatenate(([0], squares.view(np.int8), [0])))
        begins, ends = self.starts[np.flatnonzero(steps == 1)], self.starts[np.flatnonzero(steps == -1)]
        runs = [self.order[begin:end] for begin, end in zip(begins, ends, strict=True)]
        return np.concatenate(runs) if runs else self.order[:0]


def positions(people: People, rows: Any) -> tuple[Any, Any]:
    """Return longitudes and latitudes in degrees."""
    return people.lons[rows] / PER_DEGREE, people.lats[rows] / PER_DEGREE


def _span(degrees: Any) -> tuple[float, float]:
    """Return where the grid begins, and how long one square is."""
    if not len(degrees):
        return 0.0, 1.0
    first, last = float(degrees.min()), float(degrees.max())
    return first, max((last - first) / SIDE, 1 / PER_DEGREE)


def _number(degrees: Any, first: float, length: float) -> NDArray[np.uint16]:
    found: NDArray[np.uint16] = np.minimum((degrees - first) / length, SIDE - 1).astype(np.uint16)
    return found
