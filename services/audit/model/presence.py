"""Presence: when a station came and went, what the registry said of it, and its minutes online."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.audit.model.entry import plain
from services.audit.model.online import Span, station_online
from services.kit.clock import BEIJING

MINUTE = 60


@dataclass(frozen=True)
class Presence:
    """A station came or went."""

    at: datetime
    position: int
    presence: str
    last_sequence: int = 0
    clock_offset_ms: int | None = None


@dataclass(frozen=True)
class Equipment:
    """What the registry said of a station from a moment on."""

    at: datetime
    sequence: int
    """Of the block, in the stream."""
    maintained_until: str | None
    keys: Sequence[str]
    devices: Sequence[Sequence[str]]
    """Each device: code, kind, state."""


@dataclass(frozen=True)
class Online:
    """So many minutes online of so many; what is left out of both is listed."""

    online: int
    minutes: int
    unheard: int
    """Minutes before the ledger first heard of the station: in neither of the two."""
    maintenance: int
    """Minutes of planned maintenance: in neither of the two."""
    spells: Sequence[Span]
    """The planned maintenance, from when it was said until its last day ended."""

    @property
    def percent(self) -> float | None:
        """The share in percent, None of nothing."""
        return round(100 * self.online / self.minutes, 2) if self.minutes else None


def online(
    presences: Sequence[Presence],
    spells: Sequence[Span],
    first: datetime,
    last: datetime,
    counts: frozenset[str],
    held: Sequence[Span] | None = None,
) -> Online:
    """Return the online minutes of a period; `presences` begin with the last one before it, if any.

    `counts` are the states that count as online, `held` is when the registry had the station.
    """
    found = station_online("", (first, last), held, spells, presences, counts)
    due = round(found.due_s / MINUTE)
    return Online(
        online=min(round(found.online_s / MINUTE), due),
        minutes=due,
        unheard=round(found.unheard_s / MINUTE),
        maintenance=round(found.maintained_s / MINUTE),
        spells=found.spells,
    )


def spells(said: Sequence[Equipment]) -> list[Span]:
    """Return the planned maintenance: until its day ended, or the registry said otherwise."""
    ordered = sorted(said, key=lambda one: (one.at, one.sequence))
    found = []
    for one, after in zip(ordered, [*ordered[1:], None], strict=False):
        end = day_end(one.maintained_until)
        if end is not None:
            found.append((one.at, min(end, after.at) if after else end))
    return [(begin, end) for begin, end in found if begin < end]


def day_end(day: str | None) -> datetime | None:
    """Return the end of a day in Beijing, None for what is no day; the last day of all ends with time."""
    try:
        begun = datetime.strptime(day or "", "%Y-%m-%d").replace(tzinfo=BEIJING)
    except ValueError:
        return None
    try:
        return begun + timedelta(days=1)
    except OverflowError:
        return datetime.max.replace(tzinfo=BEIJING)


def equipment_of(block: Any) -> dict[str, tuple[str | None, list[str], list[list[str]]]]:
    """Return, for each station in a block, its maintenance, keys and devices; what is strange is left out."""
    stations = block.get("stations") if isinstance(block, dict) else None
    found = {}
    for entry in stations if isinstance(stations, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("code"), str):
            until = entry.get("maintained_until")
            keys = sorted(plain(k["key_id"]) for k in _dicts(entry.get("keys"), "key_id"))
            devices = [
                [plain(str(device.get(name, ""))) for name in ("code", "kind", "state")]
                for device in _dicts(entry.get("devices"), "code")
            ]
            day = until if isinstance(until, str) and day_end(until) else None
            found[plain(entry["code"])] = (day, keys, sorted(devices))
    return found


def operators_of(block: Any) -> dict[str, str]:
    """Return whose gateway each is, of those that a block names; what is strange is left out."""
    listed = block.get("gateways") if isinstance(block, dict) else None
    return {
        plain(one["gateway_id"]): plain(one["operator"])
        for one in _dicts(listed, "gateway_id")
        if isinstance(one.get("operator"), str)
    }


def _dicts(entries: Any, key: str) -> list[dict[str, Any]]:
    if not isinstance(entries, list):
        return []
    return [one for one in entries if isinstance(one, dict) and isinstance(one.get(key), str)]
