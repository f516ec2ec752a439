"""Distances on the ground, on a sphere of 6,371 km."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from contracts.values import Point

KM_PER_DEGREE = 111.195
"""Of latitude."""

TOUCH_KM = 1e-9
"""Whatever is nearer than this to a shape lies on its edge, which counts as inside."""


def kilometres(one: Point, lons: Any, lats: Any) -> NDArray[np.float64]:
    """Return the distance of each of some points from one."""
    lon, lat = np.radians(one[0]), np.radians(one[1])
    east, north = np.radians(lons), np.radians(lats)
    half = np.sin((north - lat) / 2) ** 2 + np.cos(lat) * np.cos(north) * np.sin((east - lon) / 2) ** 2
    found: NDArray[np.float64] = 2 * np.degrees(np.arcsin(np.minimum(1.0, np.sqrt(half)))) * KM_PER_DEGREE
    return found
