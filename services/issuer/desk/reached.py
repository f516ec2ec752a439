"""Who will be reached, as the panel of the desk shows it: what the router counted, put in order."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import Field

from contracts.plan import Manifest
from contracts.values import Channel, Value
from services.issuer.desk.places import Gazetteer, Station
from services.issuer.reach import Reached


class TownReach(Value):
    """How much of a town is taken."""

    code: str
    name: str
    villages: int
    of_villages: int

    @property
    def whole(self) -> bool:
        """True when every village of it is taken."""
        return self.villages == self.of_villages


class Share(Value):
    """What one carrier is given."""

    operator: str | None = None
    rendering: str = "public"
    count: int


class Grouped(Value):
    """How many people of one operator are in a group, or have a role and are in none."""

    group: str = ""
    operator: str = ""
    count: int


class Sealed(Value):
    """People on lists."""

    count: int = 0
    shares: tuple[Share, ...] = ()
    uncarried: int = 0
    groups: tuple[Grouped, ...] = ()

    @property
    def operators(self) -> tuple[str, ...]:
        """The operators of whom there is anybody, those that nobody noted last."""
        return tuple(sorted({one.operator for one in self.groups}, key=lambda name: (not name, name)))

    @property
    def by_group_and_operator(self) -> list[tuple[str, tuple[int, ...]]]:
        """People by group, the largest first; for each group the operators in their order."""
        counted = {(one.group, one.operator): one.count for one in self.groups}
        rows = {
            group: tuple(counted.get((group, operator), 0) for operator in self.operators)
            for group, _ in counted
        }
        return sorted(rows.items(), key=lambda row: (-sum(row[1]), row[0]))

    @property
    def in_several(self) -> bool:
        """True when the groups together have more people than there are."""
        return sum(one.count for one in self.groups) > self.count

    @property
    def by_group(self) -> dict[str, int]:
        """People by how they are addressed: the public, those on duty, persons who confirm."""
        counted: Counter[str] = Counter()
        for share in self.shares:
            counted[share.rendering] += share.count
        return dict(sorted(counted.items()))


class TownBeyond(Value):
    """A town that is chosen in part and told as a whole by some channels."""

    name: str
    villages: int
    population: int = 0


class Beyond(Value):
    """What is reached beyond what was drawn, and what is not reached at all."""

    towns: tuple[TownBeyond, ...] = ()
    channels: tuple[Channel, ...] = ()
    cells_km2: float = 0
    villages_without_a_way: tuple[str, ...] = ()

    @property
    def population(self) -> int:
        """How many people hear it without being meant."""
        return sum(town.population for town in self.towns)


class Clipped(Value):
    """A shape that crosses the district's edge; only what lies within counts."""

    field: str
    cut: dict[str, Any]


class Left(Value):
    """People in the area whom a way does not reach, and why."""

    why: str
    count: int
    rule: str | None = None


class Way(Value):
    """One way: by which rules it reaches how many, or why nobody."""

    channel: Channel
    count: int
    rules: tuple[str, ...] = ()
    why_not: str | None = None
    left: tuple[Left, ...] = ()


class Why(Value):
    """What the routing rules decided."""

    rules_version: str
    lane: str | None = None
    ways: tuple[Way, ...] = ()
    faults: tuple[dict[str, Any], ...] = ()
    """Of the file that should have replaced these rules."""


class Answer(Value):
    """What the router says beside the manifest."""

    population: int = 0
    margin_km: float = 0
    towns: tuple[TownReach, ...] = ()
    clipped: tuple[Clipped, ...] = ()
    beyond: Beyond = Beyond()
    sms: Sealed | None = Field(None)
    wechat: Sealed | None = Field(None)
    why: Why | None = None


@dataclass(frozen=True)
class Panel:
    """Everything that the panel shows."""

    manifest: Manifest
    answer: Answer
    unreachable: tuple[Station, ...]
    """Stations that have fallen silent: told by whatever else reaches their village."""

    @property
    def counts(self) -> Mapping[Channel, int]:
        """How many targets each channel has."""
        return {channel.channel: channel.count for channel in self.manifest.channels}

    def billed(self, segments: Mapping[str, int]) -> int:
        """Return how many SMS segments are billed; `segments` has the length of each wording, "" of any."""
        sms = self.answer.sms
        by_group = sms.by_group if sms else {}
        return sum(count * segments.get(group, segments.get("", 0)) for group, count in by_group.items())

    def regions(self, channel: Channel) -> tuple[str, ...]:
        """Return the towns in which a channel speaks."""
        found = self.manifest.targets(channel)
        return tuple(target[:9] for target in found.targets) if found else ()

    @property
    def stations(self) -> int:
        """How many stations are told."""
        return self.counts.get(Channel.STATION, 0)


def panel(reached: Reached, gazetteer: Gazetteer) -> Panel:
    """Return the panel of an answer."""
    unreachable = gazetteer.unreachable(reached.manifest.villages)
    return Panel(reached.manifest, Answer.model_validate(reached.answer), tuple(unreachable))
