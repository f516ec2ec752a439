"""What the registry held, as far as reports ask: the stations of each village, and when they served."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.registry import BlockChanged
from services.audit.model.entry import plain
from services.audit.model.online import Span
from services.audit.model.presence import day_end


@dataclass(frozen=True)
class Contents:
    """What a village's block holds, by its address. Nobody's name and nobody's number."""

    sha256: str
    village: str
    town: str
    name: str
    stations: Mapping[str, str | None]
    """Each station, and the day until which it is out of service as planned."""
    recipients: int


def contents(said: BlockChanged, block: Any) -> Contents | None:
    """Return what a village's block holds; None for other blocks."""
    match block:
        case {"kind": "village", "code": str(code), "name": str(name), "town_code": str(town)}:
            stations = {
                plain(str(s["code"])): _day(s.get("maintained_until"))
                for s in block.get("stations") or ()
                if isinstance(s, dict) and "code" in s
            }
            people = sum(1 for person in block.get("recipients") or () if isinstance(person, dict))
            names = plain(code, 12), f"{plain(town, 9)}000", plain(name)
            return Contents(said.sha256, *names, stations, people)
    return None


@dataclass(frozen=True)
class Holding:
    """A village's block, or a part of one, from a moment on."""

    position: int
    at: datetime
    block: str
    village: str
    town: str
    name: str
    gone: bool
    stations: Mapping[str, str | None]
    recipients: int


def _day(given: Any) -> str | None:
    return plain(str(given), 10) if given else None


def in_service(found: Iterable[Holding], last: datetime) -> dict[str, list[Span]]:
    """Return when each station stood in the registry, until a moment."""
    spans: dict[str, list[Span]] = {}
    for station, begin, end, _ in _stretches(found, last):
        if begin < end:
            spans.setdefault(station, []).append((begin, end))
    return spans


def maintained(found: Iterable[Holding], period: Span) -> dict[str, list[Span]]:
    """Return when each station was out of service as planned, within a period."""
    spans: dict[str, list[Span]] = {}
    for station, begin, end, until in _stretches(found, period[1]):
        day = day_end(until)
        if day is not None:
            _add(spans, station, (begin, min(end, day)), period)
    return spans


def _stretches(found: Iterable[Holding], last: datetime) -> list[tuple[str, datetime, datetime, str | None]]:
    """Return, for each version of each block, its stations and from when to when it counted."""
    blocks: dict[str, list[Holding]] = {}
    for one in sorted(found, key=lambda h: (h.at, h.position)):
        blocks.setdefault(one.block, []).append(one)
    stretches = []
    for versions in blocks.values():
        ends = [*(v.at for v in versions[1:]), last]
        for version, end in zip(versions, ends, strict=True):
            stretches += [(code, version.at, end, until) for code, until in version.stations.items()]
    return stretches


def _add(spans: dict[str, list[Span]], station: str, span: Span, period: Span) -> None:
    begin, end = max(span[0], period[0]), min(span[1], period[1])
    if begin < end:
        spans.setdefault(station, []).append((begin, end))
