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
    count: int


class Sealed(Value):
    """People on lists."""

    count: int = 0
    shares: tuple[Share, ...] = ()
    uncarried: int = 0

    @property
    def by_operator(self) -> dict[str, int]:
        """People by the operator of their telephone."""
        counted: Counter[str] = Counter()
        for share in self.shares:
            counted[share.operator or ""] += share.count
        return dict(sorted(counted.items()))


class Clipped(Value):
    """A shape that crosses the district's edge; only what lies within counts."""

    field: str
    cut: dict[str, Any]


class Answer(Value):
    """What the router says beside the manifest."""

    population: int = 0
    margin_km: float = 0
    towns: tuple[TownReach, ...] = ()
    clipped: tuple[Clipped, ...] = ()
    sms: Sealed | None = Field(None)
    wechat: Sealed | None = Field(None)


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

    @property
    def stations(self) -> int:
        """How many stations are told."""
        return self.counts.get(Channel.STATION, 0)


def panel(reached: Reached, gazetteer: Gazetteer) -> Panel:
    """Return the panel of an answer."""
    unreachable = gazetteer.unreachable(reached.manifest.villages)
    return Panel(reached.manifest, Answer.model_validate(reached.answer), tuple(unreachable))
