"""The approximate cells of villages and towns."""

import csv
import json
from collections.abc import Mapping
from math import cos, pi, sin
from pathlib import Path

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.values import Point, Ring
from services.kit.errors import Invalid
from services.registry import cells

ROOT = Path(__file__).parents[2]
REAL_TOWNS = ROOT.parent / "shared/data/qijiang/towns.geojson"

MEAN_OVERLAP = 0.78
LEAST_OVERLAP = 0.60
"""Intersection over union with the drawn towns; measured: 0.827 in the mean, 0.684 for the worst 扶欢镇."""


def the_villages() -> list[dict[str, str]]:
    with (ROOT / "services/registry/data/villages.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def points() -> dict[str, Point]:
    return {row["code"]: (float(row["lon"]), float(row["lat"])) for row in the_villages()}


@pytest.fixture(scope="module")
def town_of() -> dict[str, str]:
    return {row["code"]: row["town_code"] for row in the_villages()}


@pytest.fixture(scope="module")
def villages(points: dict[str, Point]) -> dict[str, Ring]:
    return cells.village_cells(points)


@pytest.fixture(scope="module")
def towns(villages: dict[str, Ring], town_of: dict[str, str]) -> dict[str, Ring]:
    return cells.town_cells(villages, town_of)


def polygons(rings: Mapping[str, Ring]) -> dict[str, shapely.Polygon]:
    return {code: shapely.Polygon(ring) for code, ring in rings.items()}


def assert_well_formed(rings: Mapping[str, Ring], limit: int) -> None:
    for code, ring in rings.items():
        assert ring[0] == ring[-1], code
        assert 4 <= len(ring) <= limit, code
        assert all(point == (round(point[0], 5), round(point[1], 5)) for point in ring), code
        assert shapely.Polygon(ring).is_valid, code
        assert shapely.LinearRing(ring).is_ccw, code


def overlap(rings: Mapping[str, Ring]) -> float:
    """Square degrees that belong to more than one ring."""
    shapes = list(polygons(rings).values())
    return float(sum(shape.area for shape in shapes) - shapely.union_all(shapes).area)


def test_every_village_and_town_has_a_closed_valid_short_ring(
    villages: dict[str, Ring], towns: dict[str, Ring]
) -> None:
    assert (len(villages), len(towns)) == (381, 21)
    assert_well_formed(villages, 64)
    assert_well_formed(towns, 120)


def test_every_village_lies_in_its_own_cell_and_in_its_own_town(
    points: dict[str, Point], villages: dict[str, Ring], towns: dict[str, Ring], town_of: dict[str, str]
) -> None:
    village_shapes, town_shapes = polygons(villages), polygons(towns)
    for code, point in points.items():
        assert shapely.contains_xy(village_shapes[code], *point)
        assert shapely.contains_xy(town_shapes[town_of[code]], *point)


def test_cells_fit_together_without_overlap_or_gap(villages: dict[str, Ring], towns: dict[str, Ring]) -> None:
    for rings in (villages, towns):
        shapes = list(polygons(rings).values())
        assert overlap(rings) == pytest.approx(0, abs=1e-9)
        assert shapely.coverage_is_valid(shapes)
        assert shapely.union_all(shapes).geom_type == "Polygon"


def test_no_town_of_the_default_registry_is_in_pieces(
    villages: dict[str, Ring], town_of: dict[str, str]
) -> None:
    assert cells.exclaves(villages, town_of) == {}


def test_the_same_points_in_another_order_give_the_same_cells(
    points: dict[str, Point], villages: dict[str, Ring], town_of: dict[str, str], towns: dict[str, Ring]
) -> None:
    again = cells.village_cells(dict(reversed(points.items())))
    assert again == villages
    assert cells.town_cells(dict(reversed(again.items())), town_of) == towns


def test_cells_resemble_the_drawn_towns(towns: dict[str, Ring]) -> None:
    if not REAL_TOWNS.exists():
        pytest.skip("../shared/data/qijiang/towns.geojson is not there to compare with")
    features = json.loads(REAL_TOWNS.read_text("utf-8"))["features"]
    real = {f["properties"]["code"]: shapely.from_geojson(json.dumps(f["geometry"])) for f in features}
    shares = {
        code: shapely.intersection(shape, real[code]).area / shapely.union(shape, real[code]).area
        for code, shape in polygons(towns).items()
    }
    mean, worst = sum(shares.values()) / len(shares), min(shares, key=lambda code: shares[code])
    print(f"towns against the drawn ones: mean overlap {mean:.3f}, least {shares[worst]:.3f} ({worst})")
    assert mean > MEAN_OVERLAP
    assert shares[worst] > LEAST_OVERLAP


def test_no_points_give_no_cells() -> None:
    assert cells.village_cells({}) == {}
    assert cells.town_cells({}, {}) == {}


@pytest.mark.parametrize(
    "points",
    [
        {"a": (106.6, 29.0)},
        {"a": (106.6, 29.0), "b": (106.61, 29.0)},
        {"a": (106.6, 29.0), "b": (106.61, 29.0), "c": (106.62, 29.0)},
    ],
    ids=["one", "two", "three in a row"],
)
def test_few_points_have_cells_too(points: dict[str, Point]) -> None:
    rings = cells.village_cells(points)
    assert_well_formed(rings, 64)
    assert overlap(rings) == pytest.approx(0, abs=1e-9)
    assert len(cells.town_cells(rings, dict.fromkeys(points, "t"))["t"]) <= 120


def test_villages_at_one_place_are_refused_by_name() -> None:
    with pytest.raises(Invalid) as refused:
        cells.village_cells({"a": (106.6, 29.0), "b": (106.7, 29.0), "c": (106.60005, 29.0)})
    assert [(fault.field, fault.why) for fault in refused.value.faults] == [
        ("c.position", "lies where a lies")
    ]


def test_a_village_with_a_hundred_neighbours_still_has_a_short_ring() -> None:
    around = {
        f"n{i:03}": (106.7 + 0.05 * cos(i * pi / 50), 28.9 + 0.05 * sin(i * pi / 50)) for i in range(100)
    }
    rings = cells.village_cells({"middle": (106.7, 28.9), **around})
    assert_well_formed(rings, 64)
    assert shapely.contains_xy(shapely.Polygon(rings["middle"]), 106.7, 28.9)


def test_a_town_in_pieces_keeps_the_largest_and_names_the_rest() -> None:
    points = {"a": (106.5, 29.0), "b": (106.52, 29.0), "far": (107.5, 29.0)}
    rings, town_of = cells.village_cells(points), dict.fromkeys(points, "t")
    town = shapely.Polygon(cells.town_cells(rings, town_of)["t"])
    assert [code for code, point in points.items() if shapely.contains_xy(town, *point)] == ["a", "b"]
    assert cells.exclaves(rings, town_of) == {"t": ("far",)}


SOMEWHERE = st.tuples(
    st.integers(0, 400).map(lambda step: round(106.5 + step / 1000, 5)),
    st.integers(0, 400).map(lambda step: round(28.5 + step / 1000, 5)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(SOMEWHERE, min_size=1, max_size=120, unique=True))
def test_any_villages_get_cells_that_hold_them_and_do_not_overlap(places: list[Point]) -> None:
    points = {f"{i:03}": place for i, place in enumerate(places)}
    rings = cells.village_cells(points)
    assert_well_formed(rings, 64)
    assert all(shapely.contains_xy(shapely.Polygon(rings[code]), *points[code]) for code in points)
    assert overlap(rings) < 1e-7
    assert_well_formed(cells.town_cells(rings, {code: code[-1] for code in rings}), 120)
