"""Filling a ledger with the facts of years: how fast in the end beside the beginning, and how big it is."""

import asyncio
import time
from collections.abc import Awaitable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import groupby, islice
from pathlib import Path

import orjson

from benchmarks import figures
from benchmarks.ledger_facts import Size, Years
from benchmarks.ledger_ingest import Recorder
from benchmarks.ledger_place import Place
from services.audit.model.entry import Heard
from services.audit.stream import BATCH
from services.kit.db import Database

SAID_EVERY = 500_000
RECIPIENT_GOAL = 15
STEADY_GOAL = 0.5
"""What the last tenth must keep of the first one's pace; a random index per recipient leaves a thirtieth."""

_PEOPLE = (".delivery.v1.requested.sms.", ".delivery.v1.reported.sms.")


@dataclass
class Filled:
    """What filling has shown; kept beside a ledger that is kept."""

    facts: int = 0
    recipients: int = 0
    batch_facts: int = 0
    bytes: int = 0
    batch_bytes: int = 0
    """Of these, what came while batches of people were recorded."""
    seconds: float = 0
    """Of recording alone."""
    gathered_s: float = 0
    words_s: float = 0
    batches_s: list[float] = field(default_factory=list)
    """For each warning that went to people: the seconds that its batches took."""
    marks: list[tuple[int, float]] = field(default_factory=list)
    """How many facts there were after how many seconds."""

    def first_and_last(self) -> tuple[float, float]:
        """Return the facts a second of the first tenth and of the last."""
        tenth = self.facts / 10
        return self._pace(0, tenth), self._pace(self.facts - tenth, self.facts)

    def _pace(self, low: float, high: float) -> float:
        marks = [(0, 0.0), *self.marks]
        first, begun = [mark for mark in marks if mark[0] <= low][-1]
        last, ended = next(mark for mark in marks if mark[0] >= high)
        return (last - first) / (ended - begun)


def name_of(size: Size) -> str:
    """Return the name of the ledger of a size."""
    return f"filled_{size.facts}_{size.recipients}_{size.warnings}"


async def filled(place: Place, db: Database, size: Size, marker: Path) -> Filled:
    """Fill a ledger, or tell what was seen when it was filled."""
    before = seen(marker)
    return before or await _fill(place, db, size, marker)


def seen(marker: Path) -> Filled | None:
    """Return what was seen when a ledger was filled to its end, None when it was not."""
    return Filled(**orjson.loads(marker.read_bytes())) if marker.exists() else None


async def _fill(place: Place, db: Database, size: Size, marker: Path) -> Filled:
    found = Filled()
    years = Years(size, place.crypto())
    recorder = Recorder(db, years.crypto)
    await recorder.open()
    before = await place.bytes_now(db)
    for people, windows in _sections(years.heard()):
        start, since = await place.bytes_now(db) if people else 0, found.seconds
        for heard in windows:
            found.seconds += await _timed(recorder.take(heard))
            found.facts += len(heard)
            found.batch_facts += len(heard) if people else 0
            found.marks.append((found.facts, found.seconds))
            _progress(found, len(heard))
        if people:
            found.batches_s.append(found.seconds - since)
            found.gathered_s += await _timed(recorder.gather())
            await place.vacuum(db)
            found.batch_bytes += await place.bytes_now(db) - start
            found.recipients += size.phones
        found.words_s += await _timed(recorder.read_words())
    found.bytes = await place.bytes_now(db) - before
    found.marks = _thinned(found.marks)
    await asyncio.to_thread(marker.write_bytes, orjson.dumps(asdict(found)))
    return found


async def _timed(work: Awaitable[None]) -> float:
    begun = time.perf_counter()
    await work
    return time.perf_counter() - begun


def _sections(heard: Iterable[Heard]) -> Iterator[tuple[bool, Iterator[list[Heard]]]]:
    """Yield stretches that are all of batches of people, or not at all, each in windows of a transaction."""
    for people, some in groupby(heard, key=lambda one: any(mark in one.subject for mark in _PEOPLE)):
        yield people, _windows(some)


def _windows(heard: Iterator[Heard]) -> Iterator[list[Heard]]:
    while window := list(islice(heard, BATCH)):
        yield window


def _progress(found: Filled, added: int) -> None:
    if found.facts // SAID_EVERY > (found.facts - added) // SAID_EVERY:
        seconds = found.marks[-1][1]
        print(
            f"... {found.facts:,} facts after {seconds:,.0f} s, {found.facts / seconds:,.0f} /s", flush=True
        )


def _thinned(marks: list[tuple[int, float]], most: int = 1000) -> list[tuple[int, float]]:
    step = max(1, len(marks) // most)
    return [*marks[:-1:step], marks[-1]]


def say(found: Filled) -> None:
    """Print how big it has grown, and how steadily."""
    figures.plain("filled by the recorder", found.facts / found.seconds, "facts/s")
    first, last = found.first_and_last()
    figures.at_least("pace of the last tenth beside the first", last / first, STEADY_GOAL)
    tenth = max(1, len(found.batches_s) // 10)
    early, late = sum(found.batches_s[:tenth]), sum(found.batches_s[-tenth:])
    each = found.recipients / len(found.batches_s)
    figures.plain("people in batches, first tenth of the warnings", each * tenth / early, "recipients/s")
    figures.at_least("people in batches, last tenth beside it", early / late, STEADY_GOAL)
    figures.plain("people gathered into pages", found.recipients / found.gathered_s, "recipients/s")
    figures.plain("words read after the recorder", found.facts / found.words_s, "facts/s")
    figures.plain("on disk, all of it", found.bytes / 1e6, "MB")
    others = found.facts - found.batch_facts
    each = (found.bytes - found.batch_bytes) / others
    figures.plain("for each fact", each, "bytes")
    beyond = found.batch_bytes - each * found.batch_facts
    figures.at_most(
        "for each recipient, beside the facts", beyond / found.recipients, "bytes", RECIPIENT_GOAL
    )
    whole = found.batch_bytes / found.recipients
    figures.plain("for each recipient, with its share of facts", whole, "bytes")
