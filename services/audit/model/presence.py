"""Online minutes: how long a station was there, planned maintenance left out (digest: online rate)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.audit.model.entry import plain
from services.kit.clock import BEIJING

Span = tuple[datetime, datetime]

MINUTE = timedelta(minutes=1)


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
    presences: Iterable[Presence],
    spells: Iterable[Span],
    first: datetime,
    last: datetime,
    counts: frozenset[str],
) -> Online:
    """Return the online minutes of a period; `presences` begin with the last one before it, if any.

    `counts` are the states that count as online.
    """
    known = sorted(presences, key=lambda one: (one.at, one.position))
    if last <= first:
        return Online(0, 0, 0, 0, ())
    begun = min(max(known[0].at, first), last) if known else last
    away = [(max(a, begun), min(b, last)) for a, b in _merged(spells) if min(b, last) > max(a, begun)]
    there: list[Span] = []
    for one, until in zip(known, [*(p.at for p in known[1:]), last], strict=False):
        if one.presence in counts and min(until, last) > max(one.at, begun):
            there.append((max(one.at, begun), min(until, last)))
    planned = _length(away)
    at_work = _length(there) - _length(_both(there, away))
    minutes = (last - begun - planned) // MINUTE
    return Online(
        online=min(at_work // MINUTE, minutes),
        minutes=minutes,
        unheard=(begun - first) // MINUTE,
        maintenance=planned // MINUTE,
        spells=away,
    )


def _length(spans: Iterable[Span]) -> timedelta:
    return sum((end - begin for begin, end in spans), timedelta())


def _merged(spans: Iterable[Span]) -> list[Span]:
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        elif end > begin:
            found.append((begin, end))
    return found


def _both(one: Sequence[Span], other: Sequence[Span]) -> list[Span]:
    """Return where two ordered lists of spans overlap."""
    found, i, j = [], 0, 0
    while i < len(one) and j < len(other):
        begin, end = max(one[i][0], other[j][0]), min(one[i][1], other[j][1])
        if begin < end:
            found.append((begin, end))
        if one[i][1] <= other[j][1]:
            i += 1
        else:
            j += 1
    return found


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
