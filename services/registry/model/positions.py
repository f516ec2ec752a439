"""Positions: WGS 84 in degrees; what looks swapped, foreign, or shifted as Chinese web maps shift it."""

from math import asin, cos, hypot, pi, radians, sin, sqrt
from typing import Annotated, Self

from pydantic import Field, model_validator

from services.registry.model.row import Optional, Row

WEST, SOUTH, EAST, NORTH = 105.0, 27.0, 109.0, 31.0
"""Degrees: wherever the district's things can be."""

NEAR_M = 60.0
FAR_M = 300.0
"""A point is suspected this near to where GCJ-02 would put the known one, and this far from that."""

Degrees = Annotated[float, Field(ge=-180, le=180)]
Position = tuple[float, float]
"""(longitude, latitude)."""

_AXIS, _ECCENTRICITY = 6_378_245.0, 0.006_693_421_622_965_943
"""Of the ellipsoid that GCJ-02 computes with (Krasovsky 1940)."""


def inside(lon: float, lat: float) -> bool:
    """Tell whether a position lies near the district."""
    return WEST < lon < EAST and SOUTH < lat < NORTH


def refuse_misplaced(lon: float, lat: float) -> None:
    """Raise ValueError for a position that is swapped or far away."""
    if inside(lon, lat):
        return
    if inside(lat, lon):
        raise ValueError("latitude and longitude look swapped")
    raise ValueError("the position does not lie near Qijiang; is it WGS 84 in degrees?")


class Placed(Row):
    """A row with a position that it must have."""

    lat: Degrees
    lon: Degrees

    @model_validator(mode="after")
    def _near(self) -> Self:
        refuse_misplaced(self.lon, self.lat)
        return self


class PerhapsPlaced(Row):
    """A row that may have a position: both of its numbers, or neither."""

    lat: Annotated[Degrees | None, Optional] = None
    lon: Annotated[Degrees | None, Optional] = None

    @model_validator(mode="after")
    def _near(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("a position needs both lat and lon")
        if self.lat is not None and self.lon is not None:
            refuse_misplaced(self.lon, self.lat)
        return self


def to_gcj02(lon: float, lat: float) -> Position:
    """Return where Chinese web maps draw a WGS 84 position."""
    x, y = lon - 105.0, lat - 35.0
    waves = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + waves
    north += (20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    north += (160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + waves
    east += (20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    flat = 1 - _ECCENTRICITY * sin(radians(lat)) ** 2
    north = north * 180 / (_AXIS * (1 - _ECCENTRICITY) / (flat * sqrt(flat)) * pi)
    east = east * 180 / (_AXIS / sqrt(flat) * cos(radians(lat)) * pi)
    return lon + east, lat + north


def from_gcj02(lon: float, lat: float) -> Position:
    """Return the WGS 84 position of a point on a Chinese web map, right to a centimetre."""
    found = (lon, lat)
    for _ in range(4):
        drawn = to_gcj02(*found)
        found = (found[0] + lon - drawn[0], found[1] + lat - drawn[1])
    return round(found[0], 6), round(found[1], 6)


def metres(one: Position, other: Position) -> float:
    """Return the distance of two positions."""
    half = sin(radians(one[1] - other[1]) / 2) ** 2
    half += cos(radians(one[1])) * cos(radians(other[1])) * sin(radians(one[0] - other[0]) / 2) ** 2
    return 2 * 6_371_000 * asin(sqrt(half))


def looks_shifted(known: Position, given: Position) -> bool:
    """Tell whether a position looks like the known one in GCJ-02."""
    if hypot(known[0] - given[0], known[1] - given[1]) > 0.05:
        return False
    return metres(known, given) > FAR_M and metres(to_gcj02(*known), given) < NEAR_M
