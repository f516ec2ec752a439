"""Whom an area holds: by code whole, by shape what brute force finds, never Wansheng."""

from itertools import pairwise
from math import cos, hypot, radians

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.values import AreaSelection, Circle, Point, PositionQuality, Ring
from services.kit.errors import Invalid
from services.router.model.registry import Registry
from services.router.model.selection import outline, take
from services.router.model.sphere import KM_PER_DEGREE, kilometres
from tests.router.registry_make import (
    SOUTH,
    STEP,
    TOWNS,
    WANSHENG,
    WEST,
    Block,
    a_district,
    a_registry,
    a_town,
    a_village,
    box,
)

MARGIN = 0.3
SIDE = 6
PART = box(WEST - STEP / 4, SOUTH - STEP / 4, WEST + STEP / 4, SOUTH + STEP / 4)


def a_random_district(positions: list[tuple[float, float, bool]]) -> Registry:
    """Return a registry whose villages lie anywhere in their square, each at a quality of its own."""
    blocks: dict[str, Block] = dict(a_district(0))
    square = box(WEST, SOUTH, WEST + SIDE * STEP, SOUTH + SIDE * STEP)
    for number, (east, north, surveyed) in enumerate(positions):
        town = TOWNS[number % len(TOWNS)]
        quality = PositionQuality.SURVEYED if surveyed else PositionQuality.GENERATED
        position = (WEST + east * STEP, SOUTH + north * STEP)
        code = f"{town}{200 + number}"
        blocks[code] = a_village(
            code, town, 0, 0, [], position=position, position_quality=quality, cell=square
        )
    return a_registry(blocks)


inside_square = st.floats(0.01, SIDE - 0.01)
positions = st.lists(st.tuples(inside_square, inside_square, st.booleans()), min_size=1, max_size=12)


@st.composite
def stars(draw: st.DrawFn) -> Ring:
    """Return a simple polygon: points around a centre, sorted by their angle."""
    east, north = draw(inside_square), draw(inside_square)
    arms = draw(st.lists(st.floats(0.3, 4), min_size=3, max_size=9))
    turn = 360 / len(arms)
    points = [
        (
            WEST + (east + arm * cos(radians(turn * number))) * STEP,
            SOUTH + (north + arm * cos(radians(turn * number - 90))) * STEP,
        )
        for number, arm in enumerate(arms)
    ]
    return (*points, points[0])


def brute_inside(ring: Ring, point: Point) -> bool:
    """Tell by counting crossings whether a point lies inside a ring."""
    x, y = point
    inside = False
    for (x1, y1), (x2, y2) in pairwise(ring):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            inside = not inside
    return inside


def brute_distance(ring: Ring, point: Point, scale: tuple[float, float]) -> float:
    """Return the kilometres from a point to the nearest edge of a ring."""
    x, y = point[0] * scale[0], point[1] * scale[1]
    nearest = float("inf")
    for (lon1, lat1), (lon2, lat2) in pairwise(ring):
        x1, y1, x2, y2 = lon1 * scale[0], lat1 * scale[1], lon2 * scale[0], lat2 * scale[1]
        along = (x2 - x1) ** 2 + (y2 - y1) ** 2
        part = max(0.0, min(1.0, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / along)) if along else 0.0
        nearest = min(nearest, hypot(x - x1 - part * (x2 - x1), y - y1 - part * (y2 - y1)))
    return nearest


def brute(registry: Registry, ring: Ring) -> set[str]:
    """Return the villages that a ring takes, one by one."""
    taken = set()
    for code, village in registry.villages.items():
        inside = brute_inside(ring, village.position)
        edge = brute_distance(ring, village.position, registry.scale)
        assume(edge > 1e-6)
        assume(abs(edge - MARGIN) > 1e-6)
        if inside or (village.position_quality is PositionQuality.GENERATED and edge <= MARGIN):
            taken.add(code)
    return taken


@given(positions, st.lists(stars(), min_size=1, max_size=3))
def test_polygons_take_what_brute_force_takes(
    where: list[tuple[float, float, bool]], rings: list[Ring]
) -> None:
    registry = a_random_district(where)
    parts = [brute(registry, ring) for ring in rings]
    selection = AreaSelection(polygons=tuple(rings))
    if not all(parts):
        with pytest.raises(Invalid):
            take(registry, selection, MARGIN)
        return
    taken = take(registry, selection, MARGIN)
    wanted = set().union(*parts)
    assert taken.villages == tuple(sorted(wanted))
    generated = {c for c in wanted if registry.villages[c].position_quality is PositionQuality.GENERATED}
    assert taken.generated == tuple(sorted(generated))
    inside = {c for c in wanted for r in rings if brute_inside(r, registry.villages[c].position)}
    assert taken.by_margin == wanted - inside


@given(positions, inside_square, inside_square, st.floats(0.5, 5))
def test_circles_take_what_their_radius_reaches(
    where: list[tuple[float, float, bool]], east: float, north: float, radius: float
) -> None:
    registry = a_random_district(where)
    centre = (WEST + east * STEP, SOUTH + north * STEP)
    wanted = set()
    for code, village in registry.villages.items():
        flat = cos(radians((centre[1] + village.position[1]) / 2))
        away = hypot(
            (village.position[0] - centre[0]) * flat * KM_PER_DEGREE,
            (village.position[1] - centre[1]) * KM_PER_DEGREE,
        )
        reach = radius + (MARGIN if village.position_quality is PositionQuality.GENERATED else 0)
        assume(abs(away - reach) > 0.001)
        wanted |= {code} if away <= reach else set()
    assume(wanted)
    selection = AreaSelection(circles=(Circle(centre=centre, radius_km=radius),))
    assert take(registry, selection, MARGIN).villages == tuple(sorted(wanted))


def test_a_circle_is_drawn_at_its_radius() -> None:
    circle = Circle(centre=(106.6, 28.9), radius_km=12)
    ring = outline(circle)
    assert ring[0] == ring[-1]
    assert all(kilometres(circle.centre, *point) == pytest.approx(12, rel=1e-9) for point in ring)


@given(st.sets(st.sampled_from(TOWNS), min_size=1), st.permutations(range(3)))
def test_whole_towns_are_taken_by_code_whatever_the_positions(towns: set[str], order: list[int]) -> None:
    registry = a_registry(a_district())
    alone = next(iter(set(TOWNS) - towns), None)
    villages = tuple(f"{alone}{201 + n}" for n in order[:1]) if alone else ()
    taken = take(registry, AreaSelection(towns=tuple(towns), villages=villages), MARGIN)
    wanted = {code for code, v in registry.villages.items() if v.town_code in towns} | set(villages)
    assert taken.villages == tuple(sorted(wanted))
    assert not taken.generated


def test_wansheng_is_never_taken_even_where_the_registry_holds_it() -> None:
    blocks = a_district()
    blocks[WANSHENG] = a_town(WANSHENG, 1, 3)
    blocks[f"{WANSHENG}201"] = a_village(f"{WANSHENG}201", WANSHENG, 0, 1)
    registry = a_registry(blocks)
    everything = box(WEST - 1, SOUTH - 1, WEST + 1, SOUTH + 1)
    taken = take(registry, AreaSelection(polygons=(everything,)), MARGIN)
    assert len(taken.villages) == 12
    assert not [code for code in taken.villages if code.startswith(WANSHENG)]
    with pytest.raises(Invalid) as refused:
        take(registry, AreaSelection(towns=(TOWNS[0], WANSHENG), villages=(f"{WANSHENG}201",)), MARGIN)
    assert [f.field for f in refused.value.faults] == ["selection.towns[1]", "selection.villages[0]"]
    assert all("Wansheng" in f.why for f in refused.value.faults)


def test_a_shape_says_what_was_cut_off_at_the_edge() -> None:
    registry = a_registry(a_district())
    over = box(WEST - 2 * STEP, SOUTH - STEP / 4, WEST + STEP / 4, SOUTH + STEP / 4)
    (clipped,) = take(registry, AreaSelection(polygons=(over,)), MARGIN).clipped
    assert clipped.field == "selection.polygons[0]"
    assert clipped.kept.bounds[0] == pytest.approx(WEST - STEP / 2)
    assert clipped.cut.area + clipped.kept.area == pytest.approx((2.25 * STEP) * (STEP / 2))
    assert not take(registry, AreaSelection(polygons=(PART,)), MARGIN).clipped


def test_a_village_taken_by_code_needs_no_margin() -> None:
    blocks = a_district()
    code = f"{TOWNS[0]}201"
    blocks[code] = a_village(code, TOWNS[0], 0, 0, position_quality=PositionQuality.GENERATED)
    registry = a_registry(blocks)
    drawn = take(registry, AreaSelection(polygons=(PART,)), MARGIN)
    assert (drawn.villages, drawn.generated, drawn.how(code)) == ((code,), (code,), "shape")
    both = take(registry, AreaSelection(villages=(code,), polygons=(PART,)), MARGIN)
    assert (both.villages, both.generated, both.how(code)) == ((code,), (), "code")


def test_the_margin_takes_generated_positions_and_leaves_surveyed_ones() -> None:
    blocks = a_district()
    near, sure = f"{TOWNS[0]}202", f"{TOWNS[1]}201"
    blocks[near] = a_village(near, TOWNS[0], 1, 0, position_quality=PositionQuality.GENERATED)
    registry = a_registry(blocks)
    edge = 0.8 * STEP
    reaching = box(WEST - STEP / 4, SOUTH - STEP / 4, WEST + edge, SOUTH + edge)
    taken = take(registry, AreaSelection(polygons=(reaching,)), MARGIN)
    assert taken.villages == (f"{TOWNS[0]}201", near)
    assert taken.how(near) == "margin"
    assert sure not in taken.villages


@pytest.mark.parametrize(
    ("selection", "field", "words"),
    [
        (AreaSelection(), "selection", "nothing"),
        (AreaSelection(towns=("500110001", "500110999")), "selection.towns[1]", "not in the registry"),
        (AreaSelection(villages=("500110001999",)), "selection.villages[0]", "not in the registry"),
        (AreaSelection(polygons=(PART[:4],)), "selection.polygons[0]", "not closed"),
        (AreaSelection(polygons=(PART[:2],)), "selection.polygons[0]", "not closed"),
        (AreaSelection(polygons=(PART[:1] * 1001,)), "selection.polygons[0]", "1001 points"),
        (
            AreaSelection(polygons=(PART, (PART[0], PART[2], PART[1], PART[3], PART[0]))),
            "selection.polygons[1]",
            "crosses",
        ),
        (AreaSelection(polygons=((PART[0],) * 4,)), "selection.polygons[0]", "crosses"),
        (AreaSelection(polygons=(box(100, 20, 101, 21),)), "selection.polygons[0]", "wholly outside"),
        (AreaSelection(circles=(Circle(centre=(100, 20), radius_km=3),)), "selection.circles[0]", "outside"),
        (
            AreaSelection(circles=(Circle(centre=(WEST + STEP / 2, SOUTH), radius_km=0.1),)),
            "selection.circles[0]",
            "no village",
        ),
    ],
)
def test_a_selection_that_cannot_be_used_is_refused_by_field(
    selection: AreaSelection, field: str, words: str
) -> None:
    with pytest.raises(Invalid) as refused:
        take(a_registry(a_district()), selection, MARGIN)
    (fault,) = refused.value.faults
    assert fault.field == field
    assert words in fault.why
    assert fault.mend
