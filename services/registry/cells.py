"""Approximate outlines, computed from the village points alone: nobody's boundary, replaceable by import.

A village's cell is the ground that is nearer to its point than to any other, cut off at the edge of the
district. That edge is our own too: the ground within reach of the points, with the gaps between them closed.
"""

from collections.abc import Mapping, Sequence
from math import cos, radians

import shapely

from contracts.values import Point, Ring
from services.kit.errors import Fault, Invalid

MARGIN_KM = 1.5
"""How far the district reaches beyond its outermost points."""

REACH_KM = 4.0
"""Gaps narrower than twice this between the points belong to the district."""

APART_KM = 0.01
"""Points closer than this are one point: a cell between them could not be told from a rounding error."""

VILLAGE_POINTS = 64
TOWN_POINTS = 120
"""How many points a ring may have: receivers of CAP and area orders take short ones only."""

GRID = 1e-5
"""Degrees, about a metre: the grid on which every corner lies."""

KM_PER_DEGREE = 111.2
FINE, COARSE = 2e-4, 2e-2
"""Degrees: where simplifying begins, and where the border that neighbours share is given up."""

Shapes = Sequence[shapely.Polygon]


def village_cells(points: Mapping[str, Point]) -> dict[str, Ring]:
    """Return the cell of every village: one closed ring around its point, overlapping no other."""
    if not points:
        return {}
    codes = sorted(points)
    scale = _kilometres(points)
    places = shapely.transform(shapely.points([points[code] for code in codes]), lambda at: at * scale)
    _keep_apart(codes, places)
    edge = _district(places)
    ground = shapely.voronoi_polygons(
        shapely.multipoints(places), extend_to=shapely.box(*shapely.bounds(edge)), ordered=True
    )
    cells = [
        _part_with(place, cell)
        for place, cell in zip(places, shapely.intersection(shapely.get_parts(ground), edge), strict=True)
    ]
    degrees = shapely.transform(cells, lambda corners: corners / scale)
    return dict(zip(codes, _rings(_on_grid(degrees), VILLAGE_POINTS), strict=True))


def town_cells(villages: Mapping[str, Ring], town_of: Mapping[str, str]) -> dict[str, Ring]:
    """Return the outline of every town: its villages' cells in one ring, without what `exclaves` names."""
    parts = _town_parts(villages, town_of)
    largest = [max(parts[town], key=shapely.area) for town in parts]
    return dict(zip(parts, _rings(largest, TOWN_POINTS), strict=True))


def exclaves(villages: Mapping[str, Ring], town_of: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return, for each town that is in several pieces, the villages outside its outline."""
    outside: dict[str, tuple[str, ...]] = {}
    for town, parts in _town_parts(villages, town_of).items():
        largest = max(parts, key=shapely.area)
        left = [
            code
            for code in sorted(villages)
            if town_of[code] == town
            and not shapely.contains(largest, shapely.point_on_surface(shapely.Polygon(villages[code])))
        ]
        if left:
            outside[town] = tuple(left)
    return outside


def _kilometres(points: Mapping[str, Point]) -> tuple[float, float]:
    """Return what turns degrees into kilometres here: a flat map is right to 0.1 % over one district."""
    middle = sum(latitude for _, latitude in points.values()) / len(points)
    return KM_PER_DEGREE * cos(radians(middle)), KM_PER_DEGREE


def _keep_apart(codes: Sequence[str], places: Sequence[shapely.Point]) -> None:
    tree = shapely.STRtree(places)
    one, other = tree.query(places, predicate="dwithin", distance=APART_KM)
    faults = [
        Fault(f"{codes[b]}.position", f"lies where {codes[a]} lies", "give each village a point of its own")
        for a, b in zip(one, other, strict=True)
        if a < b
    ]
    if faults:
        raise Invalid.of(faults)


def _district(places: Sequence[shapely.Point]) -> shapely.Geometry:
    """Return the ground within the margin of the points, gaps between them closed, corners kept few."""
    discs = shapely.buffer(shapely.multipoints(places), REACH_KM)
    closed = shapely.simplify(shapely.buffer(discs, MARGIN_KM - REACH_KM), 0.02)
    return shapely.union_all([shapely.Polygon(part.exterior) for part in shapely.get_parts(closed)])


def _part_with(place: shapely.Point, cell: shapely.Geometry) -> shapely.Polygon:
    return next(part for part in shapely.get_parts(cell) if shapely.intersects(part, place))


def _town_parts(villages: Mapping[str, Ring], town_of: Mapping[str, str]) -> dict[str, list[shapely.Polygon]]:
    members: dict[str, list[shapely.Polygon]] = {}
    for code in sorted(villages):
        members.setdefault(town_of[code], []).append(shapely.Polygon(villages[code]))
    return {
        town: list(shapely.get_parts(shapely.union_all(members[town], grid_size=GRID)))
        for town in sorted(members)
    }


def _on_grid(shapes: Shapes) -> Shapes:
    """Return the shapes with their corners on the grid; a sliver that this tears off is left out."""
    snapped = shapely.set_precision(shapes, GRID)
    return [max(shapely.get_parts(shape), key=shapely.area) for shape in snapped]


def _rings(shapes: Shapes, limit: int) -> list[Ring]:
    """Return the outer rings, anticlockwise, none longer than the limit."""
    slim = [_slimmed_alone(shape, limit) for shape in _slimmed_together(shapes, limit)]
    outer = shapely.orient_polygons(shapely.normalize(slim))
    return [
        tuple((round(float(lon), 5), round(float(lat), 5)) for lon, lat in shape.exterior.coords)
        for shape in outer
    ]


def _slimmed_together(shapes: Shapes, limit: int) -> Shapes:
    """Return the shapes simplified as one map: neighbours lose the same corners of their border."""
    slim, tolerance = shapes, FINE
    while any(_corners(shape) > limit for shape in slim) and tolerance < COARSE:
        slim, tolerance = shapely.coverage_simplify(shapes, tolerance), tolerance * 1.5
    return slim


def _slimmed_alone(shape: shapely.Polygon, limit: int) -> shapely.Polygon:
    """Return a shape with more neighbours than its ring may have points, overlapping them a little."""
    tolerance = FINE
    while _corners(shape) > limit:
        shape, tolerance = shapely.simplify(shape, tolerance), tolerance * 1.5
    return shape


def _corners(shape: shapely.Polygon) -> int:
    return len(shape.exterior.coords)
