"""Online: in how many of its minutes a station was there, out of what was said of its presence in any order.

The one formula of the rate, for a station's year and for everybody's month; `data/rates.yaml` words it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.audit.model.account import Rate

Span = tuple[datetime, datetime]


class Word(Protocol):
    """As much of a change of presence as the rate looks at."""

    @property
    def at(self) -> datetime:
        """When it changed."""
        ...

    @property
    def position(self) -> int:
        """Of the record."""
        ...

    @property
    def presence(self) -> str:
        """What it is from then on."""
        ...


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
    """Of one station: its minutes, those in which it was there, and those that count neither way."""

    station: str
    due_s: float
    """Seconds since it was first heard of, without those of planned maintenance."""
    online_s: float
    maintained_s: float
    unheard_s: float
    """Seconds in which the registry had it, before the ledger first heard of it."""
    spells: Sequence[Span] = ()
    """The planned maintenance that was left out."""


def spans_online(seen: Iterable[Word], end: datetime, counts: Collection[str]) -> list[Span]:
    """Return when one station was in a state that counts; before the first word it was not."""
    changes = sorted(seen, key=lambda s: (s.at, s.position))
    ends = [*(s.at for s in changes), end][1:]
    return union(
        (s.at, upto) for s, upto in zip(changes, ends, strict=True) if s.presence in counts and s.at < upto
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
    station: str,
    period: Span,
    held: Sequence[Span] | None,
    maintenance: Sequence[Span],
    seen: Sequence[Word],
    counts: Collection[str],
) -> StationOnline:
    """Return the minutes of one station in a period, given how it was when the period began.

    `held` is when the registry had it; a station that was taken away is not due. None: it never named it.
    """
    heard = min((one.at for one in seen), default=None)
    serving = _serving([period] if held is None else union(held), heard)
    listening = both(both(serving, [period]), [(heard, period[1])] if heard else [])
    resting = both(listening, union(maintenance))
    there = both(listening, spans_online(seen, period[1], counts))
    return StationOnline(
        station=station,
        due_s=seconds(listening) - seconds(resting),
        online_s=seconds(there) - seconds(both(there, resting)),
        maintained_s=seconds(resting),
        unheard_s=seconds(both(serving, [period])) - seconds(listening),
        spells=resting,
    )


def _serving(held: Sequence[Span], heard: datetime | None) -> list[Span]:
    """Return when a station served: one that was heard before we knew the registry served already."""
    if held and heard and heard < held[0][0]:
        return [(heard, held[0][1]), *held[1:]]
    return list(held)


def online_rate(stations: Iterable[StationOnline]) -> Rate:
    """Return online minutes of all minutes due, in whole minutes."""
    some = list(stations)
    return Rate(round(sum(s.online_s for s in some) / 60), round(sum(s.due_s for s in some) / 60))


def online_of(
    period: Span,
    held: Mapping[str, Sequence[Span]],
    maintenance: Mapping[str, Sequence[Span]],
    seen: Mapping[str, Sequence[Seen]],
    counts: Collection[str],
) -> list[StationOnline]:
    """Return the minutes of every station that the registry named or the ledger heard of."""
    return [
        station_online(code, period, held.get(code), maintenance.get(code, ()), seen.get(code, ()), counts)
        for code in sorted({*held, *seen})
    ]
