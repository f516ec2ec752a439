"""What a selection reaches beyond what was drawn, and what it does not reach at all."""

from collections.abc import Collection
from dataclasses import dataclass

import shapely

from contracts.plan import Manifest
from contracts.values import AreaSelection, Channel
from services.router.model.manifest import BY_TOWN
from services.router.model.registry import Registry
from services.router.model.selection import outlines

TOWN_WIDE = frozenset({*BY_TOWN, Channel.AREA})
"""Channels that speak to whole towns, whatever part of one was chosen."""


@dataclass(frozen=True)
class TownBeyond:
    """A town that is chosen in part and told as a whole by some channels."""

    code: str
    villages: int
    """How many of its villages were not chosen."""
    population: int


@dataclass(frozen=True)
class Beyond:
    """The spill-over of a selection, and its gaps."""

    towns: tuple[TownBeyond, ...]
    channels: tuple[Channel, ...]
    """Those that spill over."""
    cells_km2: float
    """How much ground of the chosen villages lies outside the drawn shapes."""
    wayless: tuple[str, ...]
    """Villages that have neither a station nor anybody on a list."""


def beyond(registry: Registry, selection: AreaSelection, manifest: Manifest) -> Beyond:
    """Return what lies beyond a selection."""
    taken = frozenset(manifest.villages)
    spilling = tuple(c.channel for c in manifest.channels if c.channel in TOWN_WIDE)
    towns = tuple(one for town in manifest.towns if (one := _of_town(registry, town, taken)).villages)
    return Beyond(
        towns=towns if spilling else (),
        channels=spilling if towns else (),
        cells_km2=_outside(registry, selection, taken),
        wayless=tuple(code for code in manifest.villages if not _has_a_way(registry, code)),
    )


def _of_town(registry: Registry, town: str, taken: Collection[str]) -> TownBeyond:
    members = registry.members[town]
    left = [code for code in members if code not in taken]
    return TownBeyond(town, len(left), round(registry.towns[town].population * len(left) / len(members)))


def _outside(registry: Registry, selection: AreaSelection, taken: Collection[str]) -> float:
    """Return the square kilometres of chosen cells that no shape covers; codes choose whole cells."""
    drawn = outlines(selection)
    by_code = {v for town in selection.towns for v in registry.members.get(town, ())} | {*selection.villages}
    if not drawn:
        return 0.0
    cells = [registry.cells[code] for code in taken if code not in by_code]
    outside = shapely.union_all(cells).difference(shapely.union_all(drawn))
    return round(float(registry.flat(outside).area), 1)


def _has_a_way(registry: Registry, code: str) -> bool:
    return bool(registry.villages[code].stations) or code in registry.peopled
