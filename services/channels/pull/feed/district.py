"""The district as a drawing: cells of the registry, coloured by what is in force there. No tiles. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import cos, radians

from contracts.values import Action, Level, Point
from services.channels.ground import Ground
from services.channels.pull.feed.model import Entry

WIDTH = 600
_MARGIN = 8


@dataclass(frozen=True)
class Cell:
    """One shape of the drawing."""

    code: str
    name: str
    name_en: str
    points: str
    at: tuple[int, int]
    level: Level | None


@dataclass(frozen=True)
class Drawing:
    """A district: every town, and of towns that are warned in part the villages."""

    height: int
    towns: tuple[Cell, ...]
    villages: tuple[Cell, ...]

    @property
    def warned(self) -> tuple[Cell, ...]:
        """The towns in which something is in force, as a whole or in part."""
        return tuple(town for town in self.towns if town.level is not None)


def drawn(ground: Sequence[Ground], entries: Iterable[Entry]) -> Drawing | None:
    """Return the drawing, None while the registry has told of no town."""
    towns = [place for place in ground if place.is_town and len(place.cell) > 3]
    if not towns:
        return None
    levels = worst(entries)
    put, height = _projection([corner for town in towns for corner in town.cell])
    parts = [p for p in ground if not p.is_town and len(p.cell) > 3 and p.code in levels]
    within: dict[str, list[Level]] = {}
    for part in parts:
        within.setdefault(part.town, []).append(levels[part.code])
    cells = []
    for town in towns:
        found = [levels[town.code]] if town.code in levels else within.get(town.code, [])
        cells.append(_cell(town, put, min(found, key=lambda level: level.rank, default=None)))
    return Drawing(height, tuple(cells), tuple(_cell(part, put, levels[part.code]) for part in parts))


def worst(entries: Iterable[Entry]) -> Mapping[str, Level]:
    """Return the worst colour of each place that a warning in force names; what is lifted has none."""
    found: dict[str, Level] = {}
    for entry in entries:
        if entry.action is Action.STOP:
            continue
        for place in entry.notice.areas:
            code = place.code[:9] if place.code.endswith("000") else place.code
            if code not in found or entry.notice.level.rank < found[code].rank:
                found[code] = entry.notice.level
    return found


class _Put:
    """Degrees to the drawing's own units."""

    def __init__(self, west: float, north: float, across: float, scale: float) -> None:
        self.west, self.north, self.across, self.scale = west, north, across, scale

    def __call__(self, point: Point) -> tuple[int, int]:
        x = (point[0] - self.west) * self.across * self.scale + _MARGIN
        return round(x), round((self.north - point[1]) * self.scale + _MARGIN)


def _projection(corners: Sequence[Point]) -> tuple[_Put, int]:
    """Return what puts a point on the drawing, and how high the drawing is."""
    wests, norths = [c[0] for c in corners], [c[1] for c in corners]
    across = cos(radians(sum(norths) / len(norths)))
    scale = (WIDTH - 2 * _MARGIN) / ((max(wests) - min(wests)) * across)
    height = round((max(norths) - min(norths)) * scale) + 2 * _MARGIN
    return _Put(min(wests), max(norths), across, scale), height


def _cell(place: Ground, put: _Put, level: Level | None) -> Cell:
    points = " ".join(f"{x},{y}" for x, y in map(put, place.cell))
    return Cell(place.code, place.name, place.name_en, points, put(place.at), level)
