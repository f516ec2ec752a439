"""What subscribers chose to be told, and whether a warning is among it."""

from collections.abc import Collection
from datetime import datetime, time
from typing import NamedTuple

from contracts import registry
from contracts.values import HazardCode, Lane, Level
from services.kit.clock import BEIJING


class Wish(NamedTuple):
    """What a subscriber wants; what is empty is open. Plain words, so that kinds can be sorted."""

    towns: tuple[str, ...] = ()
    hazards: tuple[str, ...] = ()
    lowest: str = ""
    quiet: str = ""

    def wants(self, hazard: HazardCode | None, level: Level | None, towns: Collection[str]) -> bool:
        """Tell whether a warning is among what was chosen; of what is not known of it, everything is."""
        if self.hazards and hazard is not None and hazard not in self.hazards:
            return False
        if self.lowest and level is not None and level.rank > Level(self.lowest).rank:
            return False
        return not self.towns or not set(self.towns).isdisjoint(towns)

    def sleeps(self, at: datetime) -> bool:
        """Tell whether a moment lies in the quiet hours; they may pass midnight."""
        if not self.quiet:
            return False
        begin, end = (time.fromisoformat(part) for part in self.quiet.split("-"))
        now = at.astimezone(BEIJING).time()
        return begin <= now < end if begin < end else now >= begin or now < end


ALL = Wish()
"""Of whoever chose nothing, and of whoever answers for something."""


def wish_of(entry: registry.Wish | None) -> Wish:
    """Return a wish as it is held in memory."""
    if entry is None:
        return ALL
    return Wish(
        tuple(sorted(set(entry.towns))),
        tuple(sorted(set(entry.hazards))),
        entry.lowest or "",
        entry.quiet or "",
    )


def may_wait(level: Level | None, lanes: Collection[Lane | None]) -> bool:
    """Tell whether quiet hours are kept: never for red and orange, nor where a rule says urgent."""
    return level is not None and level.lane is Lane.ROUTINE and Lane.URGENT not in lanes
