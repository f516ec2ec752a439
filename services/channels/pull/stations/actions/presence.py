"""Who is there: heartbeats make a station online, silence makes it suspect and then offline."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from contracts.delivery import StationSeen
from contracts.values import Lane, Mode
from services.channels.pull.stations.model import Patience, Presence
from services.channels.pull.stations.store import epochs, stations, waiting
from services.channels.pull.stations.store.items import Key
from services.channels.pull.stations.store.stations import Seen
from services.kit.db import Transaction


@dataclass(frozen=True)
class Beat:
    """One heartbeat: which terminal, what it has, what time it thinks it is, how it feels."""

    station: str
    mode: Mode
    terminal: str
    sequence: int
    clock: datetime
    health: Mapping[str, Any]


@dataclass(frozen=True)
class Answer:
    """What a heartbeat is answered."""

    clock_offset_ms: int
    last: int


async def beat(tx: Transaction, beats: Sequence[Beat]) -> list[Answer]:
    """Note the heartbeats of many stations; say who has come back."""
    whose = {(one.station, one.mode) for one in beats}
    before = await stations.seen(tx, whose)
    lasts = await waiting.lasts_of(tx.connection, whose)
    await epochs.heed(tx, [(one.sequence, lasts.get((one.station, one.mode), 0)) for one in beats])
    now: dict[Key, Seen] = {}
    answers = []
    for one in beats:
        key = (one.station, one.mode)
        now[key] = _seen(one, now.get(key) or before.get(key), tx.now)
        answers.append(Answer(now[key].clock_offset_ms, lasts.get(key, 0)))
    await stations.keep_seen(tx, now.values())
    _say(tx, (seen for key, seen in now.items() if key not in before or before[key].state != seen.state))
    return answers


def _seen(one: Beat, before: Seen | None, now: datetime) -> Seen:
    online = before is not None and before.state is Presence.ONLINE
    return Seen(
        station=one.station,
        mode=one.mode,
        state=Presence.ONLINE,
        since=before.since if before is not None and online else now,
        heard_at=now,
        terminal=one.terminal,
        sequence=one.sequence,
        clock_offset_ms=(one.clock - now) // timedelta(milliseconds=1),
        health=one.health,
    )


async def judge(tx: Transaction, patience: Patience, listening_since: datetime) -> int:
    """Note who has been silent too long; return how many. Who was deaf himself does not judge."""
    changed = []
    for seen in await stations.silent(tx, tx.now - patience.suspect):
        state = patience.judge(max(seen.heard_at, listening_since), tx.now)
        if state.rank > seen.state.rank:
            changed.append(replace(seen, state=state, since=tx.now))
    await stations.keep_seen(tx, changed)
    _say(tx, changed)
    return len(changed)


def _say(tx: Transaction, changed: Iterable[Seen]) -> None:
    for seen in changed:
        tx.emit(
            StationSeen(
                mode=seen.mode,
                lane=Lane.ROUTINE,
                station=seen.station,
                presence=seen.state,
                at=tx.now,
                last_sequence=seen.sequence,
                clock_offset_ms=seen.clock_offset_ms,
            )
        )
