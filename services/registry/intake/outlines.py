"""GeoJSON polygons become outlines of towns and villages, or a list of every fault."""

from typing import Any

from contracts.values import Ring
from services.kit.errors import Fault, Invalid
from services.registry.intake.sheets import features_of
from services.registry.model.positions import inside

MOST_FAULTS = 1000
MOST_POINTS = 5_000
"""Of one ring: its block must fit into a message, and maps draw it."""


def outlines_of(content: bytes) -> dict[str, Ring]:
    """Return the outlines of a GeoJSON FeatureCollection by `properties.code` (9 or 12 digits).

    Raises Invalid for anything that is not a closed ring of WGS 84 positions near the district.
    """
    faults: list[Fault] = []
    found: dict[str, Ring] = {}
    for number, feature in enumerate(features_of(content)):
        try:
            code, ring = _outline(feature)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            faults.append(Fault(f"features[{number}]", str(error) or "is not a polygon", "mend this feature"))
        else:
            found[code] = ring
    if faults:
        raise Invalid.of(faults[:MOST_FAULTS])
    return found


def _outline(feature: dict[str, Any]) -> tuple[str, Ring]:
    code = str(feature["properties"]["code"])
    if len(code) not in (9, 12) or not code.isdigit():
        raise ValueError("properties.code is not a code of 9 or 12 digits")
    geometry = feature["geometry"]
    rings = geometry["coordinates"]
    if geometry["type"] == "MultiPolygon":
        rings = max(rings, key=lambda part: len(part[0]))
    elif geometry["type"] != "Polygon":
        raise ValueError("is not a Polygon")
    ring = tuple((float(lon), float(lat)) for lon, lat, *_ in rings[0])
    if len(ring) > MOST_POINTS:
        raise ValueError(f"{code} has {len(ring)} points, more than {MOST_POINTS}; simplify its outline")
    if len(ring) < 4 or ring[0] != ring[-1]:
        raise ValueError("is not a closed ring of at least four points")
    if all(inside(lat, lon) for lon, lat in ring):
        raise ValueError("has latitude and longitude swapped")
    if not all(inside(lon, lat) for lon, lat in ring):
        raise ValueError("does not lie near Qijiang; is it WGS 84 in degrees?")
    return code, ring
