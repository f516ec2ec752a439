"""A grid over the points finds exactly what measuring every point finds."""

from math import cos, radians, sin

import numpy as np
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from contracts.registry import RecipientEntry
from contracts.values import Circle, Point, Ring
from services.router.model.grid import SIDE, Grid
from services.router.model.people import PER_DEGREE, People
from services.router.model.sphere import kilometres
from tests.router.registry_make import SOUTH, WEST, a_person, box, fake_hash

WIDE = 0.5
"""Degrees from one side of the crowd to the other."""

degrees = st.integers(0, int(WIDE * 1e5)).map(lambda n: round(n / 1e5, 5))
points = st.lists(st.none() | st.tuples(degrees, degrees), max_size=60)


def a_grid(homes: list[Point | None]) -> tuple[Grid, list[RecipientEntry]]:
    """Return people at these places, in degrees from the corner; None has no place of his own."""
    crowd = [
        a_person(0, "5" * 12, position=home and (round(WEST + home[0], 5), round(SOUTH + home[1], 5)))
        for home in homes
    ]
    return Grid.of(People.of(crowd, fake_hash)), crowd


@st.composite
def stars(draw: st.DrawFn) -> Ring:
    """Return a simple polygon: points around a centre, sorted by their angle."""
    east, north = WEST + draw(degrees), SOUTH + draw(degrees)
    arms = draw(st.lists(st.floats(0.001, 0.6), min_size=3, max_size=9))
    angles = [radians(360 * n / len(arms)) for n in range(len(arms))]
    corners = [(east + a * cos(t), north + a * sin(t)) for a, t in zip(arms, angles, strict=True)]
    return (*corners, corners[0])


@given(points, st.lists(stars(), max_size=3))
def test_polygons_hold_whom_brute_force_finds(homes: list[Point | None], rings: list[Ring]) -> None:
    outlines = [shapely.Polygon(ring) for ring in rings]
    assume(all(outline.is_valid for outline in outlines))
    grid, crowd = a_grid(homes)
    wanted = [
        person.position is not None and any(o.intersects(shapely.Point(person.position)) for o in outlines)
        for person in crowd
    ]
    assert grid.within(outlines, ()).tolist() == wanted


@given(points, st.tuples(degrees, degrees), st.floats(0.01, 60))
def test_circles_hold_whom_their_radius_reaches(
    homes: list[Point | None], centre: Point, radius: float
) -> None:
    grid, crowd = a_grid(homes)
    middle = (WEST + centre[0], SOUTH + centre[1])
    far = [float(kilometres(middle, *person.position)) if person.position else 1e9 for person in crowd]
    assume(all(abs(km - radius) > 1e-6 for km in far))
    found = grid.within((), [Circle(centre=middle, radius_km=radius)])
    assert found.tolist() == [km < radius for km in far]


def test_a_polygon_far_larger_than_the_grid_holds_everybody() -> None:
    grid, crowd = a_grid([(n / 100, n / 100) for n in range(50)])
    assert grid.within([shapely.Polygon(box(-180, -90, 180, 90))], ()).all()
    assert len(crowd) == len(grid.order)


def test_thousands_of_points_are_found_as_one_pass_over_all_of_them_finds_them() -> None:
    chance = np.random.default_rng(7)
    count = 20_000
    places = {
        "lons": np.round(chance.uniform(106.5, 107.0, count) * PER_DEGREE).astype(np.int32),
        "lats": np.round(chance.uniform(28.5, 29.2, count) * PER_DEGREE).astype(np.int32),
    }
    empty = np.zeros(count, np.uint64)
    kinds = {"traits": empty.astype(np.uint8), "kinds": empty.astype(np.uint16)}
    grid = Grid.of(People((), empty, empty, **kinds, **places))
    outline = shapely.Point(106.7, 28.8).buffer(0.15).difference(shapely.box(106.7, 28.7, 107, 28.8))
    wanted = shapely.intersects_xy(outline, places["lons"] / PER_DEGREE, places["lats"] / PER_DEGREE)
    assert (grid.within([outline], ()) == wanted).all()
    assert 0 < np.count_nonzero(wanted) < count
    assert len(grid.starts) == SIDE * SIDE + 1
