"""The towns, villages and stations of the district as the desk shows them, and names turned into codes."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property

SUGGESTED = 3
TOWN_DIGITS = 9
VILLAGE_DIGITS = 12
_SEPARATORS = re.compile(r"[\s,;、，；。/|]+")
_SUFFIXES = ("街道", "社区", "镇", "乡", "村")
_EVERYWHERE = {"全区", "全境", "綦江区", "綦江"}


@dataclass(frozen=True)
class Town:
    """A town or street."""

    code: str
    name: str
    name_en: str = ""
    population: int = 0


@dataclass(frozen=True)
class Village:
    """A village or community."""

    code: str
    name: str

    @property
    def town(self) -> str:
        """The code of its town."""
        return self.code[:TOWN_DIGITS]


@dataclass(frozen=True)
class Station:
    """A warning station: the code of its village, what it has, whether it answers."""

    code: str
    name: str
    station_class: str = "terminal"
    presence: str = "unknown"
    duty_name: str | None = None
    duty_phone: str = ""
    """Masked; empty when the registry does not say."""
    village: str = ""
    """Where it stands; empty for one that is named by its village."""

    @property
    def unreachable(self) -> bool:
        """True when it has a device, and that has fallen silent."""
        return self.station_class != "person" and self.presence == "offline"


@dataclass(frozen=True)
class Group:
    """Hazard points that are chosen together: the villages that must hear of them."""

    name: str
    kind: str
    villages: tuple[str, ...]
    points: int
    invented: bool = False


@dataclass(frozen=True)
class Audience:
    """A group of people by which a warning can be aimed."""

    code: str
    name: str


@dataclass(frozen=True)
class Named:
    """What a list of names and codes means."""

    towns: tuple[str, ...] = ()
    villages: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    nearest: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For unknown words the names that are most like them."""
    several: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names that more than one place has, with the places."""


@dataclass(frozen=True)
class Gazetteer:
    """Every place that can be chosen; empty while nobody knows them."""

    towns: tuple[Town, ...] = ()
    villages: tuple[Village, ...] = ()
    stations: tuple[Station, ...] = ()
    groups: tuple[Group, ...] = ()
    audiences: tuple[Audience, ...] = ()

    @cached_property
    def names(self) -> dict[str, str]:
        """The name of every town and village by its code."""
        towns = {town.code: town.name for town in self.towns}
        return towns | {village.code: village.name for village in self.villages}

    @cached_property
    def station_of(self) -> dict[str, Station]:
        """The stations by the code of their village."""
        return {station.code: station for station in self.stations}

    def audience(self, code: str) -> str:
        """Return the name of a group of people, its code when the registry does not say."""
        return next((one.name for one in self.audiences if one.code == code), code)

    def full_name(self, code: str) -> str:
        """Return the name of a village with its town's in front, the name of a town, or the bare code."""
        short = code[:TOWN_DIGITS] if code.endswith("000") else code
        name, town = self.names.get(short), self.names.get(code[:TOWN_DIGITS], "")
        if name is None:
            return code
        return name if len(short) == TOWN_DIGITS else f"{town}{name}"

    def by_town(self, villages: Iterable[str]) -> list[tuple[str, int, int]]:
        """Return the towns of these villages: name, how many are taken, how many there are."""
        taken, every = (Counter(code[:TOWN_DIGITS] for code in codes) for codes in (villages, self._codes))
        return [(self.full_name(town), taken[town], every[town]) for town in sorted(taken)]

    @cached_property
    def _codes(self) -> tuple[str, ...]:
        return tuple(village.code for village in self.villages)

    def unreachable(self, villages: Iterable[str]) -> list[Station]:
        """Return the stations of these villages that cannot be reached now."""
        within = frozenset(villages)
        return [s for s in self.stations if (s.village or s.code) in within and s.unreachable]

    def read(self, text: str) -> Named:
        """Return the places that a pasted list of names or codes means."""
        towns: dict[str, None] = {}
        villages: dict[str, None] = {}
        unknown, several = [], {}
        for word in filter(None, _SEPARATORS.split(unicodedata.normalize("NFKC", text))):
            found = self._meant(word)
            group = self._group_of.get(word)
            if group is not None:
                villages |= dict.fromkeys(group.villages)
            elif not found:
                unknown.append(word)
            elif len(found) > 1 and word not in _EVERYWHERE:
                several[word] = tuple(self.full_name(code) for code in found)
            else:
                for code in found:
                    (towns if len(code) == TOWN_DIGITS else villages)[code] = None
        nearest = {word: near for word in unknown if (near := self.like(word))}
        return Named(tuple(towns), tuple(villages), tuple(unknown), nearest, several)

    def like(self, word: str) -> tuple[str, ...]:
        """Return the places whose names or codes are most like a word, the likeliest first."""
        if word.isascii() and word.isdigit():
            same = [
                code for code in self.names if code.startswith(word[:TOWN_DIGITS]) or word.startswith(code)
            ]
            return tuple(self.full_name(code) for code in same[:SUGGESTED])
        found = get_close_matches(word, self._index, SUGGESTED, cutoff=0.5)
        codes = dict.fromkeys(code for name in found for code in self._index[name])
        return tuple(self.full_name(code) for code in codes)[:SUGGESTED]

    def _meant(self, word: str) -> Sequence[str]:
        if word in _EVERYWHERE:
            return [town.code for town in self.towns]
        if word.isascii() and word.isdigit():
            code = word[:TOWN_DIGITS] if len(word) == VILLAGE_DIGITS and word.endswith("000") else word
            trusted = not self.names and len(code) in (TOWN_DIGITS, VILLAGE_DIGITS)
            return [code] if code in self.names or trusted else []
        return self._index.get(word, ()) or self._index.get(_bare(word), ())

    @cached_property
    def _group_of(self) -> dict[str, Group]:
        return {group.name: group for group in self.groups}

    @cached_property
    def _index(self) -> dict[str, list[str]]:
        """Codes by everything that a place is called; towns come before villages of the same name."""
        found: dict[str, list[str]] = {}
        for place in self.towns:
            _add(found, {place.name, _bare(place.name)}, place.code)
        taken = set(found)
        for village in self.villages:
            called = {village.name, _bare(village.name)} - taken
            town = self.names.get(village.town, "")
            _add(found, called | {t + n for t in (town, _bare(town)) for n in called}, village.code)
        return found


def _add(index: dict[str, list[str]], called: Iterable[str], code: str) -> None:
    for name in called:
        index.setdefault(name, []).append(code)


def _bare(name: str) -> str:
    """Return a name without what kind of place it is, as people say it."""
    for suffix in _SUFFIXES:
        if name.endswith(suffix) and len(name) > len(suffix) + 1:
            return name.removesuffix(suffix)
    return name
