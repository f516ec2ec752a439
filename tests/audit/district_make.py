"""The district as the registry begins with it: towns and villages, and the cells of its map."""

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from contracts.plan import ChannelTargets, Manifest
from contracts.values import AreaSelection, Channel, Level, Mode, Place
from contracts.warning import WarningText
from services.registry.cells import town_cells, village_cells

DATA = Path(__file__).parents[2] / "services/registry/data"
PHONES = 1000
"""How many phones a warning for everybody is sent to."""
WORDS = {
    Level.RED: ("红色", 100),
    Level.ORANGE: ("橙色", 50),
    Level.YELLOW: ("黄色", 50),
    Level.BLUE: ("蓝色", 50),
}


def rows(name: str) -> list[dict[str, str]]:
    """Return a table of the places that the registry begins with."""
    with (DATA / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@dataclass
class District:
    """The district's towns and villages."""

    towns: list[dict[str, str]] = field(default_factory=lambda: rows("towns"))
    villages: list[dict[str, str]] = field(default_factory=lambda: rows("villages"))

    @property
    def home(self) -> str:
        """Return a village where a person answers every time."""
        return self.villages[4]["code"]

    def codes(self, towns: int | None = None) -> tuple[str, ...]:
        """Return the villages of the first so many towns."""
        some = {town["code"] for town in self.towns[:towns]}
        return tuple(v["code"] for v in self.villages if v["town_code"] in some)

    def manifest(self, mode: Mode, towns: int | None = None, count: int = PHONES) -> Manifest:
        """Return whom a warning for the first so many towns reaches."""
        stations, some = self.codes(towns), self.towns[:towns]
        codes = tuple(f"{town['code']}000" for town in some)
        return Manifest.pinned(
            mode=mode,
            registry_version="0" * 64,
            selection=AreaSelection(towns=tuple(town["code"] for town in some)),
            towns=tuple(town["code"] for town in some),
            villages=stations,
            generated=(),
            areas=tuple(Place(code=f"{town['code']}000", name=town["name"]) for town in some),
            channels=(
                ChannelTargets.named(Channel.STATION, stations),
                ChannelTargets.named(Channel.BROADCAST, codes),
                ChannelTargets.sealed(Channel.SMS, (f"{stations[0]}/{'0' * 64}/{count}",), bytes(count)),
            ),
        )

    def map(self) -> dict[str, dict[str, Any]]:
        """Return the cells as the registry computes them."""
        cells = village_cells({v["code"]: (float(v["lat"]), float(v["lon"])) for v in self.villages})
        town_of = {v["code"]: v["town_code"] for v in self.villages}
        return {
            "villages": _features(self.villages, cells),
            "towns": _features(self.towns, town_cells(cells, town_of)),
        }


def _features(places: Iterable[dict[str, str]], cells: Mapping[str, Any]) -> dict[str, Any]:
    found = [
        {
            "type": "Feature",
            "properties": {"code": p["code"], "name": p["name"], "point": [float(p["lon"]), float(p["lat"])]},
            "geometry": {"type": "Polygon", "coordinates": [[(lon, lat) for lat, lon in cells[p["code"]]]]},
        }
        for p in places
    ]
    return {"type": "FeatureCollection", "features": found}


def with_map(app: FastAPI, district: District) -> None:
    """Let the registry's map be answered beside the audit."""
    cells = district.map()
    app.add_api_route("/api/v1/registry/map.geojson", lambda kind: cells[kind])


def a_village(village: dict[str, str], n: int, more: int = 0) -> dict[str, Any]:
    """Return a village's block: one station, some people; a few have nobody."""
    station = {
        "code": village["code"],
        "name": f"{village['name']}预警工作站",
        "keys": [{"key_id": f"live-{n:03d}"}],
        "devices": [{"code": f"D-{n}", "kind": "loudspeaker", "state": "working"}],
    }
    return {
        "kind": "village",
        "code": village["code"],
        "name": village["name"],
        "town_code": village["town_code"],
        "stations": [station],
        "recipients": [{"recipient_id": f"{n}-{m}"} for m in range(3 + more)] if n % 40 != 13 else [],
    }


def a_text(level: Level) -> WarningText:
    """Return the words of a rainstorm."""
    colour, amount = WORDS[level]
    return WarningText(
        headline=f"綦江区气象台发布暴雨{colour}预警信号",
        description=f"预计未来3小时全区大部地区降雨量将达{amount}毫米以上，请注意防范山洪、滑坡和城乡积涝。",
        instruction="停止户外活动，低洼地带和危岩下方的人员立即转移。",
        short=f"暴雨{colour}预警，请立即防范。",
    )
