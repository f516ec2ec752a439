"""What a forecaster chose, turned into villages: whole towns by code, parts of the district by shape.

A shape takes a village whose position lies inside it. A position that nobody surveyed may be wrong, so a
village at a generated one is also taken when the shape passes within a margin of it.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import asin, atan2, cos, degrees, radians, sin
from typing import Any, Literal

import numpy as np
import shapely

from contracts.values import AreaSelection, Circle, Ring
from contracts.wansheng import WANSHENG
from services.kit.errors import Fault, Invalid
from services.router.model.people import NOWHERE, Mask
from services.router.model.registry import TOWN_DIGITS, Registry
from services.router.model.sphere import KM_PER_DEGREE, TOUCH_KM, kilometres

MOST_POINTS = 1000
"""Of one ring."""

CIRCLE_POINTS = 72
EDGE_KM2 = 0.01
"""Less than this beyond the district's edge is rounding, not an area that crosses it."""


@dataclass(frozen=True)
class Clipped:
    """A shape that crosses the district's edge: what counts of it, and what was cut off."""

    field: str
    outline: Any
    cut: Any

    @property
    def kept(self) -> Any:
        """What of the shape lies in the district."""
        return self.outline.difference(self.cut)


@dataclass(frozen=True)
class Taken:
    """The villages that were chosen, and how."""

    villages: tuple[str, ...]
    generated: tuple[str, ...]
    """Taken by a shape alone, at a position that nobody surveyed."""
    by_margin: frozenset[str]
    """Those of them that lie outside every shape, but within the margin."""
    by_shape: frozenset[str]
    """Those that a shape took and no code."""
    clipped: tuple[Clipped, ...]

    def how(self, code: str) -> Literal["code", "shape", "margin"]:
        """Return by what a village was taken."""
        if code not in self.by_shape:
            return "code"
        return "margin" if code in self.by_margin else "shape"


@dataclass(frozen=True)
class Shape:
    """A polygon or circle as it was sent: where in the request, and its outline in degrees."""

    field: str
    outline: Any
    circle: Circle | None = None

    def distances(self, registry: Registry) -> Any:
        """Return how far each village of the registry lies outside this shape, in kilometres."""
        if self.circle is None:
            return shapely.distance(registry.flat(self.outline), registry.places)
        centre, radius = self.circle.centre, self.circle.radius_km
        return np.maximum(0.0, kilometres(centre, *registry.degrees) - radius)


def take(registry: Registry, selection: AreaSelection, margin_km: float) -> Taken:
    """Return the villages of a selection; raise Invalid that names everything wrong with it."""
    if selection.empty:
        raise Invalid("selection", "chooses nothing", "choose towns or villages, or draw an area")
    faults = [
        *_code_faults(registry, selection),
        *_group_faults(registry, selection),
        *_ring_faults(selection),
    ]
    if faults:
        raise Invalid.of(faults)
    shapes = [*_polygons(selection), *_circles(selection)]
    whole = _by_code(registry, selection)
    inside, near = _by_shape(registry, shapes, margin_km)
    drawn = (inside | near) - whole
    unsure = {code for code, generated in zip(registry.codes, registry.generated, strict=True) if generated}
    generated = drawn & unsure
    return Taken(
        villages=tuple(sorted(whole | drawn)),
        generated=tuple(sorted(generated)),
        by_margin=frozenset(drawn - inside),
        by_shape=frozenset(drawn),
        clipped=tuple(c for shape in shapes if (c := _clip(registry, shape))),
    )


def rows_of(registry: Registry, selection: AreaSelection, taken: Taken, *, inside: bool) -> Mask:
    """Return which recipients go with the chosen villages; with `inside`, shapes choose people one by one.

    Who has no position of his own goes with his village either way, and so does whoever was chosen by code.
    """
    crowd = registry.crowd
    with_village = crowd.rows_of(_keys(registry, taken.villages))
    if not inside or not (selection.polygons or selection.circles):
        return with_village
    polygons = [shape.outline for shape in _polygons(selection)]
    in_shape = crowd.grid.within(polygons, selection.circles)
    with_village = with_village & (crowd.people.lons == NOWHERE)
    in_shape |= with_village
    return in_shape | crowd.rows_of(_keys(registry, _by_code(registry, selection)))


def _keys(registry: Registry, villages: Iterable[str]) -> Iterator[str]:
    return (key for code in villages for key in registry.parts[code])


def outlines(selection: AreaSelection) -> list[Any]:
    """Return the outlines of the shapes of a selection, in degrees."""
    return [shape.outline for shape in (*_polygons(selection), *_circles(selection))]


def outline(circle: Circle) -> Ring:
    """Return the closed ring of points at the radius of a circle."""
    lon, lat = map(radians, circle.centre)
    angle = radians(circle.radius_km / KM_PER_DEGREE)
    ring = []
    for step in range(CIRCLE_POINTS):
        bearing = radians(360 * step / CIRCLE_POINTS)
        north = asin(sin(lat) * cos(angle) + cos(lat) * sin(angle) * cos(bearing))
        east = atan2(sin(bearing) * sin(angle) * cos(lat), cos(angle) - sin(lat) * sin(north))
        ring.append((degrees(lon + east), degrees(north)))
    return (*ring, ring[0])


def _code_faults(registry: Registry, selection: AreaSelection) -> Iterator[Fault]:
    for kind, sent, known in (
        ("towns", selection.towns, registry.towns),
        ("villages", selection.villages, registry.villages),
    ):
        for number, code in enumerate(sent):
            name = f"selection.{kind}[{number}]"
            if code[:TOWN_DIGITS] in WANSHENG:
                why = "belongs to Wansheng, which warns its own people"
                yield Fault(name, why, "leave it out; tell the Wansheng weather station")
            elif code not in known:
                yield Fault(
                    name, "is not in the registry", "choose from GET /api/v1/registry/towns and /villages"
                )
            elif kind == "towns" and code not in registry.members:
                yield Fault(name, "has no village in the registry", "import its villages first")


def _group_faults(registry: Registry, selection: AreaSelection) -> Iterator[Fault]:
    for number, group in enumerate(selection.groups):
        if not registry.crowd.people.in_group(group).any():
            name = f"selection.groups[{number}]"
            yield Fault(name, "has nobody in it", "choose a group of the registry, or leave it out")


def _ring_faults(selection: AreaSelection) -> Iterator[Fault]:
    for number, ring in enumerate(selection.polygons):
        name = f"selection.polygons[{number}]"
        if len(ring) > MOST_POINTS:
            yield Fault(name, f"has {len(ring)} points", f"draw it with at most {MOST_POINTS}")
        elif len(ring) < 4 or ring[0] != ring[-1]:
            yield Fault(name, "is not closed", "send at least four points, the last equal to the first")
        elif not shapely.Polygon(ring).is_valid:
            yield Fault(name, "crosses or touches itself", "draw one simple outline")


def _polygons(selection: AreaSelection) -> list[Shape]:
    return [
        Shape(f"selection.polygons[{number}]", shapely.Polygon(ring))
        for number, ring in enumerate(selection.polygons)
    ]


def _circles(selection: AreaSelection) -> list[Shape]:
    return [
        Shape(f"selection.circles[{number}]", shapely.Polygon(outline(circle)), circle)
        for number, circle in enumerate(selection.circles)
    ]


def _by_code(registry: Registry, selection: AreaSelection) -> set[str]:
    whole = {village for town in selection.towns for village in registry.members[town]}
    return whole | set(selection.villages)


def _by_shape(registry: Registry, shapes: Sequence[Shape], margin_km: float) -> tuple[set[str], set[str]]:
    """Return the villages inside a shape, and those that only its margin reaches."""
    inside: set[str] = set()
    near: set[str] = set()
    faults = []
    for shape in shapes:
        if not registry.ground.intersects(shape.outline):
            faults.append(Fault(shape.field, "lies wholly outside the district", "draw it inside"))
            continue
        distances = shape.distances(registry)
        held = distances <= TOUCH_KM
        close = (distances <= margin_km + TOUCH_KM) & registry.generated
        if not (held | close).any():
            faults.append(Fault(shape.field, "holds no village", "draw it larger, or choose by code"))
        inside |= _codes(registry, held)
        near |= _codes(registry, close)
    if faults:
        raise Invalid.of(faults)
    return inside, near - inside


def _codes(registry: Registry, which: Mask) -> set[str]:
    return {registry.codes[number] for number in np.flatnonzero(which)}


def _clip(registry: Registry, shape: Shape) -> Clipped | None:
    if registry.ground.covers(shape.outline):
        return None
    cut = shape.outline.difference(registry.ground)
    if registry.flat(cut).area < EDGE_KM2:
        return None
    return Clipped(shape.field, shape.outline, cut)
