"""Recounts of the watch: each round folds a little of what is derived from the records anew.

The books of the next few warnings, with their batches and what gateways carried of them; the rows that the
next stretch of records says, and its words; the sums of the next day. Each walk begins anew after its end, so
that every derived row is looked at again and again. What took long rests for many times as long: a warning
with very many targets is folded rarely, and stalls no other round.
"""

import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.actions import recount, recounted_endings, recounted_words, recounting
from services.audit.actions.part import part
from services.audit.actions.recounting import STRETCH
from services.audit.model.agreements import Agreements
from services.audit.model.alarms import Compared, urgency_of
from services.audit.model.differences import Difference
from services.audit.store import alarms, books, keeping, ledger, looks, posting_check, questions
from services.audit.store import recounting as store
from services.audit.store.looks import Walk
from services.audit.store.tree import Broken
from services.kit.db import Database, Transaction
from services.kit.telemetry import log

WARNINGS, STRETCHES, DAYS, REST = "recount", "derived", "carried", "recount-rest"
"""The walks, and the beginnings of their scopes; the last one notes until when they rest."""

AT_ONCE = 5
"""Warnings of a round, as long as they are small."""

SMALL = 2_000
"""So many records all warnings of a round have together; one that has more comes alone."""

AGAIN = 3
"""Things with an alarm that a round looks at again."""

RESTS = 20
"""What took long rests for so many times as long."""


@dataclass
class Recounts:
    """Where the walks have come to, before it is written."""

    steps: list[tuple[Walk, int, str, bool]] = field(default_factory=list)
    """Walk, place, key, and whether it has come to its end."""
    rest: Walk = field(default_factory=lambda: Walk(REST))
    took_s: float = 0


async def look(db: Database, now: datetime, compared: Compared) -> Recounts:
    """Fold the next pieces anew and compare them, unless they still rest."""
    clock, done = time.perf_counter(), Recounts()
    async with questions.snapshot(db) as connection:
        done.rest = await looks.walk(connection, REST)
        if done.rest.through_at is not None and now < done.rest.through_at:
            return done
        for name, walk in (("recounts", _warnings), ("stretches", _stretches), ("days", _days)):
            async with part(compared, name, connection):
                await walk(connection, done, compared)
    done.took_s = time.perf_counter() - clock
    return done


async def step(tx: Transaction, done: Recounts) -> None:
    """Let each walk go on from where it has come to."""
    for walk, place, key, through in done.steps:
        await looks.step(tx, walk, place=place, key=key, through=through)
    if done.steps:
        until = tx.now + timedelta(seconds=RESTS * done.took_s)
        await looks.note(tx, REST, done.rest.times + 1, until)


async def _again(connection: AsyncConnection, kind: str) -> list[str]:
    """Return the things of a kind about which an alarm stands."""
    return [one.scope.partition(":")[2] for one in await alarms.of_kind(connection, kind, AGAIN)]


async def _warnings(connection: AsyncConnection, done: Recounts, compared: Compared) -> None:
    walk = await looks.walk(connection, WARNINGS)
    some = await _some(connection, walk.key)
    done.steps.append((walk, 0, some[-1] if some else "", not some))
    ids = list(dict.fromkeys([*await _again(connection, WARNINGS), *some]))
    headings = await books.headings(connection, ids)
    for warning_id in ids:
        scope = f"{WARNINGS}:{warning_id}"
        async with part(compared, scope, connection, warning_id):
            compared.add(scope, await _read(warning_id, of_warning(connection, warning_id)))
            compared.modes.setdefault(warning_id, urgency_of(headings, warning_id))


async def _some(connection: AsyncConnection, after: str) -> Sequence[str]:
    """Return the next warnings: a few small ones, or one that is big."""
    ids = await store.next_warnings(connection, after, AT_ONCE)
    weights = 0
    for number, warning_id in enumerate(ids):
        weights += await store.weight(connection, warning_id, SMALL + 1)
        if weights > SMALL and number:
            return ids[:number]
    return ids


async def of_warning(connection: AsyncConnection, warning_id: str) -> list[Difference]:
    """Compare everything that the records of one warning come to."""
    known = Agreements()
    if await store.any_emptied_of(connection, warning_id):
        known = await keeping.agreements(connection)
    found = await recount.compare(connection, [warning_id], known)
    found += await recounted_endings.of_warning(connection, warning_id)
    return found + await posting_check.postings_differ(connection, warning_id)


async def _stretches(connection: AsyncConnection, done: Recounts, compared: Compared) -> None:
    walk = await looks.walk(connection, STRETCHES)
    size = await ledger.size(connection)
    next_one = walk.place + 1 if walk.place < size else 1
    reached = next_one + STRETCH - 1
    done.steps.append((walk, reached, "", reached >= size))
    for first in dict.fromkeys([*map(int, await _again(connection, STRETCHES)), next_one]):
        scope = f"{STRETCHES}:{first}"
        async with part(compared, scope, connection):
            compared.add(scope, await _read(scope, of_stretch(connection, first, size)))


async def of_stretch(connection: AsyncConnection, first: int, size: int) -> list[Difference]:
    """Compare everything that the records of one stretch say."""
    last = first + STRETCH - 1
    found = await recounting.of_positions(connection, first, size)
    found += await recounted_endings.of_records(connection, await store.records(connection, first, last))
    return found + await recounted_words.of_stretch(connection, first, last, size)


async def _read(about: str, piece: Awaitable[list[Difference]]) -> list[Difference]:
    """Return what differs in a piece; rows that are spoilt so that nobody can read them stop no round."""
    try:
        return await piece
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, Broken) as error:
        log.exception("derived rows not read", about=about, error=type(error).__name__)
        return [Difference("derived-differs", "rows are kept that nobody can read", about=about)]


async def _days(connection: AsyncConnection, done: Recounts, compared: Compared) -> None:
    walk = await looks.walk(connection, DAYS)
    some = await store.days(connection, walk.key, 1)
    done.steps.append((walk, 0, some[-1] if some else "", not some))
    for day in dict.fromkeys([*await _again(connection, DAYS), *some]):
        async with part(compared, f"{DAYS}:{day}", connection):
            compared.add(f"{DAYS}:{day}", await _read(f"day {day}", recounting.of_day(connection, day)))
