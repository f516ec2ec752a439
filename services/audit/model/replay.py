"""Replay: what each place had come to at any moment, as a list of changes. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from contracts.outcome import TargetState
from services.audit.model.deliveries import Target
from services.kit.clock import microseconds


class Shown(StrEnum):
    """What a map shows of a place."""

    ABSENT = "absent"
    """Not among the targets."""
    WAITING = "waiting"
    SILENT = "silent"
    """Nothing was heard of it in the time in which stations have a warning."""
    RECEIVED = "received"
    PLAYED = "played"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    WITHDRAWN = "withdrawn"
    """Taken back, or run out."""


_OF = {
    TargetState.REQUESTED: Shown.WAITING,
    TargetState.QUEUED: Shown.WAITING,
    TargetState.SENT: Shown.WAITING,
    TargetState.WITHDRAWN: Shown.WITHDRAWN,
    TargetState.EXPIRED: Shown.WITHDRAWN,
    TargetState.FAILED: Shown.FAILED,
    TargetState.RECEIVED: Shown.RECEIVED,
    TargetState.VERIFIED: Shown.RECEIVED,
    TargetState.PLAYED: Shown.PLAYED,
    TargetState.CONFIRMED: Shown.CONFIRMED,
    TargetState.ACTED: Shown.CONFIRMED,
}

Change = tuple[int, Shown]
"""Since which moment, in milliseconds after the approval, it shows what."""

MOST_MOMENTS = 600
"""A slider has no more steps than this; what lies closer together is one step."""


@dataclass(frozen=True)
class Track:
    """One target: its place, and how it changed."""

    target: str
    place: str | None
    """The code of the village or town on the map, None of what lies on no map."""
    changes: tuple[Change, ...]

    def at(self, ms: int) -> Shown:
        """Return what it showed at a moment."""
        found = Shown.ABSENT
        for since, shown in self.changes:
            if since > ms:
                break
            found = shown
        return found


def track(target: Target, approved_at: datetime, silent_after: timedelta) -> Track:
    """Return the changes of a target; what was heard of it before the approval counts from there on."""
    begin = microseconds(approved_at)
    told = sorted((max(0, (us - begin) // 1000), TargetState(s).rank, s) for s, us in target.times.items())
    state, changes = TargetState.REQUESTED, [(0, Shown.WAITING)]
    limit = int(silent_after / timedelta(milliseconds=1))
    for ms, name in [*((ms, name) for ms, _, name in told), (None, "")]:
        waits = changes[-1][1] is Shown.WAITING
        if waits and (ms is None or ms > limit):
            changes.append((limit, Shown.SILENT))
        if ms is not None:
            state = state.fold(TargetState(name))
            shown = _OF[state]
            quiet = shown is Shown.WAITING and changes[-1][1] is Shown.SILENT
            if shown is not changes[-1][1] and not quiet:
                changes.append((ms, shown))
    return Track(target.target, place_of(target.target), tuple(_last_of_each(changes)))


def _last_of_each(changes: Iterable[Change]) -> list[Change]:
    """Return the changes with one for each moment: the last word at it."""
    return sorted(dict(changes).items())


_CODE, _TOWN = 12, 9


def place_of(target: str) -> str | None:
    """Return where a target lies: a village's twelve digits, a town's nine, None when it lies nowhere."""
    code = target.rpartition(":")[2]
    if len(code) != _CODE or not code.isdigit():
        return None
    return code[:_TOWN] if code.endswith("000") else code


def town_of(place: str) -> str:
    """Return the town of a place."""
    return place[:_TOWN]


def moments(tracks: Iterable[Track], end: int) -> list[int]:
    """Return the moments at which something changed, second by second or coarser, with begin and end."""
    seen = {0, max(0, end), *(-(-ms // 1000) * 1000 for track in tracks for ms, _ in track.changes)}
    found = sorted(seen)
    while len(found) > MOST_MOMENTS:
        found = sorted({*found[::2], found[-1]})
    return found


def counts(tracks: Iterable[Track], ms: int) -> dict[Shown, int]:
    """Return how many targets showed what at a moment, every word present but the one of those not meant."""
    found: dict[Shown, int] = {shown: 0 for shown in Shown if shown is not Shown.ABSENT}
    for one in tracks:
        shown = one.at(ms)
        if shown in found:
            found[shown] += 1
    return found


def by_town(tracks: Sequence[Track]) -> Mapping[str, list[Track]]:
    """Return the targets of each town, in the order of their codes; those without a place under nothing."""
    found: dict[str, list[Track]] = {}
    for one in sorted(tracks, key=lambda track: track.target):
        found.setdefault(town_of(one.place) if one.place else "", []).append(one)
    return dict(sorted(found.items(), key=lambda item: (not item[0], item[0])))
