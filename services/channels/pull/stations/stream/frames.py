"""The bytes that stations get: a payload encoded once, a number before it, a frame or a list around it."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import orjson

from contracts.values import Mode
from services.channels.pull.stations.model import CatchUp, Kind, Waiting, catch_up
from services.channels.pull.stations.store import waiting
from services.channels.pull.stations.store.epochs import epoch_of
from services.kit.clock import beijing
from services.kit.db import Database

READERS = 4
"""So many streams catch up at the same time."""

KEPT = 256
"""So many payloads stay in memory."""

NAMED = 20
"""A summary counts all that it stands for and names the newest of them."""

KEEP_ALIVE = b":\n\n"

Payloads = Mapping[int, bytes]


class Shelf:
    """The payloads that were used last, so that each is read once by a process, whoever gets it."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.turns = asyncio.Semaphore(READERS)
        """When all come back at once, each waits for his turn, and others still get to the database."""
        self._kept: dict[int, bytes] = {}

    async def take(self, shown: Iterable[Waiting]) -> Payloads:
        """Return the payloads of what is shown."""
        wanted = {w.notice_id for w in shown}
        missing = wanted - self._kept.keys()
        if missing:
            async with self.db.read() as connection:
                self._kept.update(await waiting.payloads(connection, missing))
        found = {number: self._kept[number] for number in wanted}
        for number in list(self._kept)[: max(0, len(self._kept) - KEPT)]:
            del self._kept[number]
        return found


class Press:
    """What is told to many at once: each payload is put into a frame once, and only its number differs."""

    def __init__(self, payloads: Payloads, now: datetime) -> None:
        self.payloads = payloads
        self.now = now
        self._set: dict[int, tuple[bytes, bytes]] = {}

    def events(self, news: Sequence[Waiting]) -> list[bytes]:
        """Return the SSE frames of consecutive items of one station, at least one."""
        one = news[0]
        if len(news) > 1 or not one.shown(self.now):
            return events(catch_up(news, self.now), self.payloads)
        before, behind = self._set.get(one.notice_id) or self._frame(one)
        return [b"id: %d\n%b%d%b" % (one.sequence, before, one.sequence, behind)]

    def _frame(self, one: Waiting) -> tuple[bytes, bytes]:
        before, _, behind = _event(one.kind, _numbered(0, self.payloads[one.notice_id])).partition(b":0,")
        return self._set.setdefault(one.notice_id, (before + b":", b"," + behind))


def entries(caught: CatchUp, payloads: Payloads) -> list[tuple[Kind, bytes]]:
    """Return what is sent, in order, each a JSON object that begins with its sequence."""
    shown = [(w.kind, _numbered(w.sequence, payloads[w.notice_id])) for w in caught.shown]
    return [*shown, *([(Kind.SUMMARY, _summary(caught.rest))] if caught.rest else [])]


def _numbered(sequence: int, payload: bytes) -> bytes:
    return b'{"sequence":%d,' % sequence + payload[1:]


def _summary(rest: Sequence[Waiting]) -> bytes:
    return orjson.dumps(
        {
            "sequence": rest[-1].sequence,
            "kind": Kind.SUMMARY,
            "mode": rest[-1].mode,
            "count": len(rest),
            "items": [
                {
                    "sequence": w.sequence,
                    "kind": w.kind,
                    "warning_id": str(w.warning_id),
                    "revision": w.revision,
                    "level": w.level,
                    "title": w.title,
                    "expires": beijing(w.expires),
                    "ended": w.ended,
                }
                for w in rest[-NAMED:]
            ],
        }
    )


def events(caught: CatchUp, payloads: Payloads) -> list[bytes]:
    """Return the SSE frames. The last one alone carries the id.

    Whoever is cut off in the middle asks again from where it was: rather twice than never.
    """
    frames = [_event(kind, data) for kind, data in entries(caught, payloads)]
    frames[-1] = b"id: %d\n" % caught.last + frames[-1]
    return frames


def _event(kind: Kind, data: bytes) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), data)


def hello(station: str, mode: Mode, last: int, now: datetime, retry_ms: int) -> bytes:
    """Return the first frame of a stream: who is meant, what time it is, when to come again if it breaks."""
    said = orjson.dumps(
        {
            "station": station,
            "mode": mode,
            "last": last,
            "epoch": epoch_of(last),
            "server_time": beijing(now),
        }
    )
    return b"retry: %d\nevent: hello\ndata: %s\n\n" % (retry_ms, said)


def page(data: Iterable[bytes], *, after: int, has_more: bool, next_sequence: int, now: datetime) -> bytes:
    """Return the answer to a poll, which is also what is published by MQTT."""
    rest = orjson.dumps(
        {
            "has_more": has_more,
            "after": after,
            "next": next_sequence,
            "epoch": epoch_of(next_sequence),
            "server_time": beijing(now),
        }
    )
    return b'{"data":[' + b",".join(data) + b"]," + rest[1:]
