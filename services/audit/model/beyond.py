"""Beyond reach: who could have been reached by a warning, but was not in the registry when it was planned."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.audit.model.faces import Aim, Face
from services.audit.model.registered import Holding

LATER = timedelta(days=30)
"""Who came into the registry so soon after a warning could have been reached by it."""


@dataclass(frozen=True)
class Village:
    """What a village had from a moment on: of all parts of its block together."""

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
    stations: list[str]
    """Stations that it got within thirty days."""


@dataclass(frozen=True)
class Beyond:
    """Of all villages that a warning was for, those that it could not reach, or not by all ways."""

    villages: Sequence[Unreached]
    asked: int
    """How many villages there were, with those that came within thirty days."""


Stage = tuple[datetime, Village | None]
"""What a village had from a moment on; None: it was not in the registry."""


class Registry:
    """The villages of the registry at all times, ready to be asked about one warning after another."""

    def __init__(self, found: Iterable[Holding]) -> None:
        self._held: dict[str, list[Holding]] = {}
        self._towns: dict[str, set[str]] = {}
        self._stages: dict[str, list[Stage]] = {}
        for one in found:
            self._held.setdefault(one.village, []).append(one)
            self._towns.setdefault(one.town, set()).add(one.village)

    def at(self, moment: datetime) -> dict[str, Village]:
        """Return every village that the registry held at a moment."""
        found = {code: _at(self._of(code), moment) for code in self._held}
        return {code: village for code, village in found.items() if village is not None}

    def beyond(self, towns: Collection[str], moment: datetime, chosen: Collection[str] = ()) -> Beyond:
        """Return the villages of these towns that a plan of a moment could not reach.

        Of a plan for chosen villages only those are asked about, and what was not there to be chosen.
        """
        mine = sorted({code for town in towns for code in self._towns.get(town, ())})
        asked = [(code, _at(self._of(code), moment)) for code in mine]
        found = {code: _beyond(self._of(code), then, moment) for code, then in asked}
        counted = [
            code
            for code, then in asked
            if (then is not None and (not chosen or code in chosen)) or (then is None and found[code])
        ]
        villages = (found[code] for code in counted)
        return Beyond([one for one in villages if one is not None], len(counted))

    def _of(self, code: str) -> list[Stage]:
        """Return what a village had, from each moment on at which that changed."""
        if code not in self._stages:
            self._stages[code] = _stages(code, self._held[code])
        return self._stages[code]


def _stages(code: str, held: Iterable[Holding]) -> list[Stage]:
    blocks: dict[str, Holding] = {}
    found: list[Stage] = []
    for one in sorted(held, key=lambda h: (h.at, h.position)):
        blocks[one.block] = one
        stage = one.at, _village(code, [part for part in blocks.values() if not part.gone])
        if found and found[-1][0] == one.at:
            found.pop()
        found.append(stage)
    return found


def _village(code: str, parts: Sequence[Holding]) -> Village | None:
    if not parts:
        return None
    stations = frozenset(station for part in parts for station in part.stations)
    return Village(code, parts[0].name, parts[0].town, stations, sum(part.recipients for part in parts))


def _at(stages: Sequence[Stage], moment: datetime) -> Village | None:
    return next((village for at, village in reversed(stages) if at <= moment), None)


def _beyond(stages: Sequence[Stage], then: Village | None, moment: datetime) -> Unreached | None:
    """Return what one village lacked, and when more came; None when it had all it ever had."""
    later = [(at, village) for at, village in stages if moment < at <= moment + LATER and village is not None]
    came = [(at, village) for at, village in later if _came(then, village)]
    lacked = then.lacks if then else "village"
    if (then is None and not came) or (lacked is None and not came):
        return None
    known = then or came[0][1]
    had = then.stations if then else frozenset()
    stations = sorted({code for _, village in later for code in village.stations} - had)
    added_at = came[0][0] if came else None
    return Unreached(known.code, known.name, known.town, lacked or "more", added_at, stations)


def _came(before: Village | None, after: Village) -> bool:
    if before is None:
        return True
    return bool(after.stations - before.stations) or after.recipients > before.recipients


def beyond_of(registry: Registry, first: Face, aims: Iterable[Aim]) -> Beyond:
    """Return who could not be reached by a warning's first plan: asked of its towns, else of the notice's."""
    aim = next((a for a in aims if a.revision == first.revision), None)
    if aim is None:
        return registry.beyond(first.towns, first.said_at)
    return registry.beyond(aim.towns, aim.made_at, aim.villages)
