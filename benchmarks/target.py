"""Targeting: previews and a plan over many recipients, beside one bare pass of shapely over as many points.

The registry is the default one, with invented recipients packed as the router holds them.
"""

import argparse
import csv
import random
import tracemalloc
from importlib.resources import files

import numpy as np
import shapely

from benchmarks import figures
from contracts.registry import GatewayEntry, TownBlock, VillageBlock
from contracts.values import AreaSelection, Channel, Mode, PositionQuality
from services.router.model.manifest import draw
from services.router.model.people import ENTRY, OPERATORS, People, cut, pick
from services.router.model.registry import OpenedVillage, Registry

CELL = 0.01
"""Degrees from the middle of a village's square to its edge: the benchmark needs no real outline."""

MARGIN_KM = 1.0
CHANNELS = (Channel.STATION, Channel.SMS)


def options(parser: argparse.ArgumentParser) -> None:
    """Declare what may be asked."""
    parser.add_argument("--recipients", type=int, default=1_000_000)


def run(arguments: argparse.Namespace) -> None:
    """Print every figure as a ratio to the bare pass."""
    rows = _rows("villages")
    each = max(1, arguments.recipients // len(rows))
    registry, held = _registry(rows, each)
    count = each * len(rows)
    print(f"{count:,} recipients in {len(rows)} villages; {held / count:.1f} bytes held for each")
    ring = _ring(registry)
    floor = _bare_pass(registry, ring, count)
    print(f"{'bare contains_xy pass':44} {floor * 1000:10.1f} ms   the floor")
    polygon = AreaSelection(polygons=(ring,))
    towns = AreaSelection(towns=tuple(sorted(registry.towns))[:12])
    for name, selection, goal in (
        ("preview of a polygon", polygon, 0.5),
        ("preview of 12 towns", towns, 0.2),
    ):
        figures.ratio(name, figures.seconds(lambda s=selection: _preview(registry, s), 3), floor, goal)
    lists = [registry.people[key].phones for key in sorted(registry.people)]
    routes = registry.routes(Channel.SMS)
    taken = figures.seconds(lambda: cut(pick(lists, drill=False), routes), 1)
    figures.rate("batches cut, before they are sealed", count, taken, 200_000)


def _preview(registry: Registry, selection: AreaSelection) -> int:
    return draw(registry, selection, Mode.LIVE, CHANNELS, MARGIN_KM).manifest.count


def _bare_pass(registry: Registry, ring: tuple[tuple[float, float], ...], count: int) -> float:
    chance = np.random.default_rng(1)
    west, south, east, north = registry.ground.bounds
    x, y = chance.uniform(west, east, count), chance.uniform(south, north, count)
    shape = shapely.Polygon(ring)
    shapely.prepare(shape)
    return figures.seconds(lambda: shapely.contains_xy(shape, x, y))


def _ring(registry: Registry) -> tuple[tuple[float, float], ...]:
    """Return a hand-drawn kind of polygon over the middle of the district."""
    middle = registry.ground.centroid
    ring = shapely.Point(middle.x, middle.y).buffer(0.15, quad_segs=8).exterior.coords
    return tuple((round(x, 5), round(y, 5)) for x, y in ring)


def _registry(rows: list[dict[str, str]], each: int) -> tuple[Registry, int]:
    chance = random.Random(1)
    opened = {}
    tracemalloc.start()
    for row in rows:
        packed = bytearray(chance.randbytes(each * ENTRY))
        for place in range(ENTRY - 1, len(packed), ENTRY):
            packed[place] = (1 + place % (len(OPERATORS) - 1)) << 2
        opened[row["code"]] = OpenedVillage(_village(row), People(phones=bytes(packed), count=each))
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    villages = {code: one.village for code, one in opened.items()}
    blocks = {code: code for code in villages}
    towns = {code: _town(code, villages) for code in {v.town_code for v in villages.values()}}
    registry = Registry(
        blocks=blocks,
        version="0" * 64,
        towns=towns,
        villages=villages,
        people={code: one.people for code, one in opened.items()},
        gateways=tuple(GatewayEntry(gateway_id=o, name=o, operator=o) for o in OPERATORS if o),
        members={t: tuple(sorted(c for c, v in villages.items() if v.town_code == t)) for t in towns},
        parts={code: (code,) for code in villages},
    )
    return registry, held


def _village(row: dict[str, str]) -> VillageBlock:
    lon, lat = float(row["lon"]), float(row["lat"])
    return VillageBlock(
        code=row["code"],
        name=row["name"],
        town_code=row["town_code"],
        is_community=False,
        position=(lon, lat),
        position_quality=PositionQuality.GENERATED,
        cell=_square(lon, lat),
        stations=(),
        recipients=(),
    )


def _town(code: str, villages: dict[str, VillageBlock]) -> TownBlock:
    lon, lat = next(v.position for v in villages.values() if v.town_code == code)
    return TownBlock(
        code=code, name=code, is_street=False, seat=(lon, lat), population=10_000, cell=_square(lon, lat)
    )


def _square(lon: float, lat: float) -> tuple[tuple[float, float], ...]:
    corners = ((-CELL, -CELL), (CELL, -CELL), (CELL, CELL), (-CELL, CELL), (-CELL, -CELL))
    return tuple((round(lon + x, 5), round(lat + y, 5)) for x, y in corners)


def _rows(kind: str) -> list[dict[str, str]]:
    content = (files("services.registry") / "data" / f"{kind}.csv").read_text(encoding="utf-8-sig")
    return list(csv.DictReader(content.splitlines()))
