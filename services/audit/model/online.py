"""Online: how many of its minutes a station was there, out of what was said of its presence in any order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.audit.model.account import Rate

Span = tuple[datetime, datetime]

THERE = "online"
"""`suspect` is not there: three beats were missed."""


@dataclass(frozen=True)
class Seen:
    """A station's presence changed."""

    position: int
    mode: str
    station: str
    at: datetime
    presence: str


@dataclass(frozen=True)
class StationOnline:
    """Of one station: its minutes, those of planned maintenance, and those in which it was there."""

    station: str
    due_s: float
    """Seconds in service, without those of planned maintenance."""
    maintained_s: float
    online_s: float


def spans_online(seen: Iterable[Seen], end: datetime) -> list[Span]:
    """Return when one station was there; before the first word it was not."""
    changes = sorted(seen, key=lambda s: (s.at, s.position))
    ends = [*(s.at for s in changes[1:]), end]
    return union(
        (s.at, upto) for s, upto in zip(changes, ends, strict=True) if s.presence == THERE and s.at < upto
    )


def union(spans: Iterable[Span]) -> list[Span]:
    """Return spans without overlaps, in order."""
    joined: list[Span] = []
    for begin, end in sorted(span for span in spans if span[0] < span[1]):
        if joined and begin <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((begin, end))
    return joined


def both(some: Sequence[Span], others: Sequence[Span]) -> list[Span]:
    """Return where two lists of spans overlap."""
    found, i, j = [], 0, 0
    while i < len(some) and j < len(others):
        begin, end = max(some[i][0], others[j][0]), min(some[i][1], others[j][1])
        if begin < end:
            found.append((begin, end))
        if some[i][1] <= others[j][1]:
            i += 1
        else:
            j += 1
    return found


def seconds(spans: Iterable[Span]) -> float:
    """Return how long spans are together."""
    return sum((end - begin).total_seconds() for begin, end in spans)


def station_online(
    station: str, service: Sequence[Span], maintenance: Sequence[Span], there: Sequence[Span]
) -> StationOnline:
    """Return the minutes of one station: maintenance counts neither above nor below the line."""
    serving, resting = union(service), both(union(service), union(maintenance))
    present = both(serving, union(there))
    rested = seconds(resting)
    return StationOnline(
        station=station,
        due_s=seconds(serving) - rested,
        maintained_s=rested,
        online_s=seconds(present) - seconds(both(present, resting)),
    )


def online_rate(stations: Iterable[StationOnline]) -> Rate:
    """Return online minutes of all minutes due, in whole minutes."""
    some = list(stations)
    return Rate(round(sum(s.online_s for s in some) / 60), round(sum(s.due_s for s in some) / 60))


def online_of(
    period: Span,
    service: Mapping[str, Sequence[Span]],
    maintenance: Mapping[str, Sequence[Span]],
    seen: Mapping[str, Sequence[Seen]],
) -> list[StationOnline]:
    """Return the minutes of every station; one that no registry named is due from its first word on."""
    found = []
    for station in sorted({*service, *seen}):
        heard = seen.get(station, ())
        due = service.get(station)
        if due is None:
            first = min((s.at for s in heard), default=period[1])
            due = [(max(first, period[0]), period[1])]
        there = both(spans_online(heard, period[1]), [period])
        found.append(station_online(station, due, maintenance.get(station, ()), there))
    return found
