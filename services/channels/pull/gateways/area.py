"""Area orders: what an operator is told of the place, as town codes and as polygons of few points."""

from collections.abc import Sequence
from typing import Any

from shapely.geometry import Polygon

from contracts.values import Place, Ring
from services.kit.errors import Reject

MOST_POINTS = 60
"""Operators' systems take a polygon of so many points."""

_FINEST = 0.0001
"""Degrees, some ten metres: the first tolerance that is tried."""


def gateway_of(targets: Sequence[str]) -> str:
    """Return the one gateway of targets such as `cmcc:500110001000`; raise Reject when there are several."""
    gateways = {target.partition(":")[0] for target in targets}
    if len(gateways) != 1 or not all(target.partition(":")[2] for target in targets):
        raise Reject("the targets of an area order name one gateway and its towns")
    return gateways.pop()


def order(targets: Sequence[str], areas: Sequence[Place]) -> dict[str, Any]:
    """Return the area of an order: the town codes, and the outline of each town that has one."""
    codes = [target.partition(":")[2] for target in targets]
    outlines = {place.code: place.outline for place in areas if place.outline}
    return {"codes": codes, "polygons": [few_points(outlines[code]) for code in codes if code in outlines]}


def few_points(ring: Ring) -> list[list[float]]:
    """Return a ring with at most `MOST_POINTS` points, as coarse as that needs, that leaves nobody out."""
    shape, tolerance = Polygon(ring), _FINEST
    while len(shape.exterior.coords) > MOST_POINTS:
        wider = Polygon(ring).buffer(tolerance, join_style="mitre")
        shape = Polygon(wider.exterior).simplify(tolerance)
        tolerance *= 2
    return [[round(lon, 6), round(lat, 6)] for lon, lat in shape.exterior.coords]
