"""How stations behave, and which share of them misbehaves."""

import random
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from contracts.values import Mode, StationClass
from sandbox.faults import FaultKind, Faults


@dataclass(frozen=True)
class Profile:
    """How quick and how reliable devices and people are."""

    modes: tuple[Mode, ...] = (Mode.LIVE, Mode.DRILL)
    """A device keeps a connection for each, so that it hears drills as well."""
    confirm_share: float = 0.9
    """So many stations have somebody who confirms."""
    link_share: float = 1.0
    """So many of those who have only a phone press the button; nobody else can answer for their place."""
    confirm_delay_s: tuple[float, float] = (1.0, 5.0)
    play_s: tuple[float, float] = (0.1, 0.5)
    heartbeat_s: float = 60.0
    poll_wait_s: int = 25
    retry_s: tuple[float, float] = (0.2, 5.0)
    """Shortest and longest pause before a lost connection is tried again; jittered, growing."""
    seed: int = 2026

    def luck(self, *of: object) -> random.Random:
        """Return the dice of one station: the same run after run."""
        return random.Random(f"{self.seed}/{of}")


@dataclass(frozen=True)
class Identity:
    """One station in one mode."""

    code: str
    name: str
    station_class: StationClass
    mode: Mode
    key: str
    duty_name: str


@dataclass
class StationFaults:
    """The fault switches of all stations: one for each, turned for a share of them at once."""

    _each: dict[str, Faults] = field(default_factory=dict)

    def of(self, code: str) -> Faults:
        """Return the switch of one station."""
        return self._each.setdefault(code, Faults())

    def set(self, kind: FaultKind | str, *, share: float = 1.0, codes: Iterable[str] = (), **how: Any) -> int:
        """Switch a fault on for these stations, or else for a share of all; return for how many.

        A share always takes the same stations: of 5 %, all are among those of 10 %.
        """
        chosen = list(codes) or [code for code in self._each if _place(code) < share]
        for code in chosen:
            self.of(code).set(kind, **how)
        return len(chosen)

    def clear(self, kind: FaultKind | str | None = None) -> None:
        """Switch one kind of fault off everywhere, or all of them."""
        for faults in self._each.values():
            faults.clear(kind)

    def view(self) -> dict[str, int]:
        """Return how many stations have each fault."""
        counts: dict[str, int] = {}
        for faults in self._each.values():
            for kind in faults.active:
                counts[kind] = counts.get(kind, 0) + 1
        return counts


def _place(code: str) -> float:
    return zlib.crc32(code.encode()) / 2**32
