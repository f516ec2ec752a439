"""A browser that wants to be warned, and what it wants to be told. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

from contracts.values import HazardCode, Level, Mode
from contracts.warning import Notice


@dataclass(frozen=True)
class Address:
    """Where a browser takes messages, and with which keys they are closed; a secret of its owner's."""

    endpoint: str
    p256dh: str
    auth: str

    def __repr__(self) -> str:
        """Say nothing of it."""
        return "Address(...)"


@dataclass(frozen=True)
class Wishes:
    """What somebody chose."""

    towns: frozenset[str]
    hazards: frozenset[HazardCode] = frozenset()
    """None: all of them."""
    lowest: Level = Level.BLUE
    language: str = "zh"
    drills: bool = False

    def want(self, notice: Notice, mode: Mode, offered: Collection[HazardCode]) -> bool:
        """Tell whether a warning is wanted; red always is, and so is a hazard that nobody could choose."""
        if mode is Mode.DRILL and not self.drills:
            return False
        if notice.level is Level.RED:
            return True
        hazard = not self.hazards or notice.hazard in self.hazards or notice.hazard not in offered
        return hazard and notice.level.rank <= self.lowest.rank


@dataclass(frozen=True)
class Browser:
    """A browser that wants to be warned."""

    browser_id: str
    address: Address
    key_id: str
    """Of our key for which it was subscribed."""
    wishes: Wishes
    told: bool = False
    """Whether it was told of the warning in question before, or may have been."""
