"""Rules about where: polygons, circles, codes and heights."""

import re
from collections.abc import Iterator

from contracts.cap.findings import Finding, found
from contracts.cap.model import CapArea, LatLon, Polygon, turned
from contracts.cap.rules.rings import Crossing, Effort, crossing

_FEWEST_POINTS = 4
_COORDINATES = re.compile(r"[-+]?\d{1,3}\.\d+\s*,\s*[-+]?\d{1,3}\.\d+", re.ASCII)


def area_findings(area: CapArea, path: str, effort: Effort) -> Iterator[Finding]:
    """Yield what is wrong with one area; comparing edges takes from the effort of the whole message."""
    if not (area.polygons or area.circles or area.geocodes):
        yield found("area-nowhere", path, "it has neither polygon nor circle nor geocode")
    for number, polygon in enumerate(area.polygons, 1):
        yield from _polygon(polygon, f"{path}/polygon[{number}]", effort)
    yield from _circles(area, path)
    yield from _geocodes(area, path)
    if area.ceiling is not None and area.altitude is None:
        yield found("ceiling-alone", f"{path}/ceiling", "there is no altitude")
    if area.ceiling is not None and area.altitude is not None and area.ceiling <= area.altitude:
        yield found("ceiling-low", f"{path}/ceiling", "it is not above the altitude")


def _polygon(polygon: Polygon, path: str, effort: Effort) -> Iterator[Finding]:
    if len(polygon) < _FEWEST_POINTS:
        yield found("polygon-short", path, f"it has {len(polygon)} points")
        return
    if polygon[0] != polygon[-1]:
        yield found("polygon-open", path, "its last point is not its first")
    if not all(map(_on_earth, polygon)):
        in_reverse = all(map(_on_earth, turned(polygon)))
        rule = "polygon-turned" if in_reverse else "polygon-range"
        yield found(rule, path, "it has points that are nowhere on earth")
    match crossing(polygon, effort):
        case Crossing.FOUND:
            yield found("polygon-crossing", path, "its edges meet or cross")
        case Crossing.UNKNOWN:
            yield found("polygon-unchecked", path, "its edges were not compared")


def _circles(area: CapArea, path: str) -> Iterator[Finding]:
    for number, circle in enumerate(area.circles, 1):
        if not _on_earth(circle.centre):
            yield found("circle-range", f"{path}/circle[{number}]", "its centre is nowhere on earth")
        if circle.radius_km == 0:
            yield found("circle-point", f"{path}/circle[{number}]", "its radius is zero")
        if circle.radius_km < 0:
            yield found("circle-radius", f"{path}/circle[{number}]", "its radius is below zero")


def _geocodes(area: CapArea, path: str) -> Iterator[Finding]:
    for number, geocode in enumerate(area.geocodes, 1):
        here = f"{path}/geocode[{number}]"
        if not geocode.name:
            yield found("value-name", here, "its value has no name")
        if _COORDINATES.search(geocode.value):
            yield found("geocode-coordinates", here, "it holds coordinates")


def _on_earth(point: LatLon) -> bool:
    latitude, longitude = point
    return abs(latitude) <= 90 and abs(longitude) <= 180
