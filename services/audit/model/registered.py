"""What the registry held, as far as reports ask: the stations of each village, and how many people."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from contracts.registry import BlockChanged
from services.audit.model.entry import plain
from services.audit.model.online import Span
from services.audit.model.presence import day_end

LATER = timedelta(days=30)
"""Who came into the registry so soon after a warning could have been reached by it."""


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


@dataclass(frozen=True)
class Village:
    """What a village had at a moment: of all parts of its block together."""

    code: str
    name: str
    town: str
    stations: frozenset[str]
    recipients: int

    @property
    def lacks(self) -> str | None:
        """Say what it lacks: `station`, `recipients`, `both`; None when it has some of each."""
        if not self.stations:
            return "station" if self.recipients else "both"
        return None if self.recipients else "recipients"


def villages_at(found: Iterable[Holding], moment: datetime) -> dict[str, Village]:
    """Return every village that the registry held at a moment."""
    blocks: dict[str, Holding] = {}
    for one in sorted(found, key=lambda h: (h.at, h.position)):
        if one.at <= moment:
            blocks[one.block] = one
    parts: dict[str, list[Holding]] = {}
    for one in blocks.values():
        if not one.gone:
            parts.setdefault(one.village, []).append(one)
    return {code: _village(code, some) for code, some in parts.items()}


def _village(code: str, parts: Sequence[Holding]) -> Village:
    stations = frozenset(station for part in parts for station in part.stations)
    return Village(code, parts[0].name, parts[0].town, stations, sum(part.recipients for part in parts))


@dataclass(frozen=True)
class Unreached:
    """A village of a warning's towns in which there was nobody or nothing to reach, and what came later."""

    code: str
    name: str
    town: str
    lacked: str
    """`station`, `recipients`, `both`; `village`: it was not there at all, `more`: more came later."""
    added_at: datetime | None
    """When the registry got what was lacking, within thirty days."""


def beyond_reach(found: Iterable[Holding], towns: Collection[str], moment: datetime) -> list[Unreached]:
    """Return the villages of these towns that a plan of a moment could not reach, or not by all ways."""
    by_village: dict[str, list[Holding]] = {}
    for one in found:
        by_village.setdefault(one.village, []).append(one)
    mine = (some for some in by_village.values() if any(one.town in towns for one in some))
    lacking = (_beyond(some, moment) for some in mine)
    return sorted((one for one in lacking if one is not None), key=lambda one: one.code)


def _beyond(some: Sequence[Holding], moment: datetime) -> Unreached | None:
    """Return what one village lacked, and when more came; None when it had all it ever had."""
    code, changes = some[0].village, sorted({h.at for h in some if moment < h.at <= moment + LATER})
    then = villages_at(some, moment).get(code)
    added = next((at for at in changes if _came(then, villages_at(some, at).get(code))), None)
    lacked = then.lacks if then else "village"
    if (then is None and added is None) or (lacked is None and added is None):
        return None
    known = then or next(iter(villages_at(some, added or moment).values()))
    return Unreached(code, known.name, known.town, lacked or "more", added)


def _came(before: Village | None, after: Village | None) -> bool:
    if after is None:
        return False
    if before is None:
        return True
    return bool(after.stations - before.stations) or after.recipients > before.recipients


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
