"""Watch: the audit reconciles by itself, a little in every round, so that nothing is looked at never.

A round looks at the warnings that have news or somebody's patience has run out for, at the next few of all
warnings, at the next stretch of the ledger, at what was issued of late and at one page of everything that was
ever issued; some of what is derived from the records it folds anew. What differs and stands becomes an alarm,
and its owner is told. What a round costs does not depend on how long the ledger is.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.actions import alarms, compare, look, reconcile, recount_rounds
from services.audit.actions.compare import Asked
from services.audit.actions.look import STRETCH, Look
from services.audit.actions.sign import Signer
from services.audit.heads import Place as Outside
from services.audit.issuer import Issuer
from services.audit.model.alarms import ISSUED, PAUSES, Compared
from services.audit.model.differences import Patience
from services.audit.model.retention import Retention
from services.audit.store import alarms as kept
from services.audit.store import ledger, looks, questions
from services.audit.store.ledger import Place
from services.audit.store.looks import Round, Walk
from services.audit.stream import LedgerStream
from services.kit import failpoints
from services.kit.db import Database, Transaction
from services.kit.errors import Retry
from services.kit.leadership import Leadership, LostLead
from services.kit.telemetry import log

LEASE = "reconcile"

NEWS_AT_ONCE = 20_000
"""Records in which news is looked for in a round."""

WALKED = 5
"""Warnings that a round looks at although nothing is new about them."""

HEADS_EVERY = 12
"""In one of so many rounds the heads that are kept outside are read."""

AGAIN = 3
"""Stretches with an alarm that a round looks at again."""

RESTS = 20
"""A warning that took long to compare rests for so many times as long."""


@dataclass(frozen=True)
class Watched:
    """What reconciling is given."""

    stream: LedgerStream
    issuer: Issuer | None
    grace: timedelta
    most: int
    """Warnings in one round."""
    rules: Retention
    """How long what is kept."""
    signer: Signer | None = None
    """By whom heads are signed; None where nobody compares them."""
    places: Sequence[Outside] = ()
    """Where heads are kept outside."""


@dataclass(frozen=True)
class _Walks:
    news: Walk
    warnings: Walk
    ledger: Walk
    issued: Walk
    heard: Walk


@dataclass(frozen=True)
class _Seen:
    """What a round has seen, before anything of it is written."""

    place: Place
    as_of: datetime
    behind: int
    compared: Compared
    looks: Sequence[Look]
    walked: Sequence[str]
    through: bool
    """True when the walk over all warnings has come to its end."""
    asked: Asked | None
    took_s: float


async def run(db: Database, leadership: Leadership, watched: Watched, every_s: float) -> None:
    """Reconcile every few seconds until another replica leads; what fails is said, and tried again."""
    with contextlib.suppress(LostLead):
        while True:
            try:
                await round_of(db, leadership, watched)
            except LostLead:
                raise
            except Retry as error:
                log.info("reconciling waits", why=error.why)
            except Exception as error:
                log.exception("reconciling failed", error=type(error).__name__)
            await asyncio.sleep(every_s)


async def round_of(db: Database, leadership: Leadership, watched: Watched) -> Round:
    """Do one round; return what it did."""
    begun, clock = db.clock.now(), time.perf_counter()
    async with db.read() as connection:
        walks = await _walks(connection)
    asked = None
    if watched.issuer is not None:
        asked = await compare.ask_some(watched.issuer, begun - compare.LATE, walks.issued.key)
    await _wake(db, leadership, walks.news)
    seen = await _look(db, watched, walks, asked, begun)
    recounts = await recount_rounds.look(db, begun, seen.compared)
    async with db.transaction() as tx:
        await leadership.guard(tx, LEASE)
        await alarms.settle(tx, seen.compared)
        await looks.looked(tx, _noted(tx, seen))
        await _step(tx, walks, seen, watched)
        await recount_rounds.step(tx, recounts)
    failpoints.reach("reconcile.settled", db.house)
    async with db.transaction() as tx:
        await leadership.guard(tx, LEASE)
        await alarms.tell(tx)
    failpoints.reach("reconcile.told", db.house)
    done = Round(
        at=begun,
        as_of=seen.as_of,
        position=seen.place.size,
        behind=seen.behind,
        warnings=len(seen.looks),
        found=len(seen.compared.found),
        standing=await alarms.measure(db),
        issuer=asked is not None or watched.issuer is None,
        took_ms=round(1000 * (time.perf_counter() - clock)),
    )
    async with db.transaction() as tx:
        await leadership.guard(tx, LEASE)
        await looks.keep_round(tx, walks.heard.times, done)
    return done


async def _walks(connection: AsyncConnection) -> _Walks:
    names = (looks.NEWS, looks.WARNINGS, looks.LEDGER, looks.ISSUED, looks.HEARD)
    return _Walks(*[await looks.walk(connection, name) for name in names])


async def _wake(db: Database, leadership: Leadership, news: Walk) -> None:
    """Note which warnings have news since the last round."""
    async with db.read() as connection:
        size = await ledger.size(connection)
        upto = min(size, news.place + NEWS_AT_ONCE)
        found = await looks.news(connection, news.place, upto)
    if upto == news.place:
        return
    async with db.transaction() as tx:
        await leadership.guard(tx, LEASE)
        await looks.wake(tx, found)
        await looks.step(tx, news, place=upto)


async def _look(db: Database, watched: Watched, walks: _Walks, asked: Asked | None, now: datetime) -> _Seen:
    """Compare, all on one snapshot that is not older than what the stream had before."""
    clock = time.perf_counter()
    compared = Compared()
    life = await watched.stream.life()
    async with questions.snapshot(db) as connection:
        place = await ledger.place(connection)
        as_of = await reconcile.as_of(connection, place, life, now)
        patience = Patience(as_of, watched.grace)
        due = await looks.due(connection, now, watched.most)
        walked = await looks.next_warnings(connection, walks.warnings.key, WALKED)
        ids = list(dict.fromkeys([*due, *walked]))
        found = await look.at_warnings(connection, ids, patience, compared)
        await look.at_ledger(connection, place, compared)
        await _stretches(connection, walks.ledger, place, watched.rules, patience, compared)
        if asked is not None:
            await compare.at_issued(connection, asked, patience, compared)
        standing = await kept.of_kind(connection, ISSUED, kept.AT_ONCE)
        await compare.at_unheard(connection, standing, compared)
    if watched.signer is not None and walks.heard.times % HEADS_EVERY == 0:
        await look.at_heads(db, watched.signer, watched.places, compared)
    real = Patience(now, watched.grace)
    await look.at_stream(watched.stream, place, life, real, compared)
    if watched.issuer is not None:
        compare.at_issuer(asked, walks.heard.through_at or walks.heard.moved_at, real, compared)
    return _Seen(
        place=place,
        as_of=as_of,
        behind=reconcile.behind(place, life),
        compared=compared,
        looks=found,
        walked=walked,
        through=len(walked) < WALKED,
        asked=asked,
        took_s=time.perf_counter() - clock,
    )


async def _stretches(
    connection: AsyncConnection,
    walk: Walk,
    place: Place,
    rules: Retention,
    patience: Patience,
    compared: Compared,
) -> None:
    """Look at the next stretch of the ledger, and again at those with an alarm."""
    again = [int(a.scope.partition(":")[2]) for a in await kept.of_kind(connection, "stretch", AGAIN)]
    for first in dict.fromkeys([*again, walk.place + 1]):
        if first <= place.size:
            await look.at_stretch(connection, first, place.size, rules, patience, compared)


def _noted(tx: Transaction, seen: _Seen) -> list[dict[str, object]]:
    """Return when each warning is looked at next: with the next patience, or once more while it differs."""
    each = seen.took_s / max(1, len(seen.looks))
    rests = tx.now + timedelta(seconds=RESTS * each)
    rows: list[dict[str, object]] = []
    for one in seen.looks:
        times = [one.next_at] if one.next_at is not None else []
        if one.differences:
            times.append(tx.now + PAUSES[0])
        rows.append(
            {
                "warning_id": one.warning_id,
                "mode": one.mode,
                "urgent": one.urgent,
                "rests_until": rests if each > 1 / RESTS else None,
                "differences": one.differences,
                "due_at": min(times, default=None),
            }
        )
    return rows


async def _step(tx: Transaction, walks: _Walks, seen: _Seen, watched: Watched) -> None:
    """Let each walk go on from where it has come to."""
    last = seen.walked[-1] if seen.walked else ""
    await looks.step(tx, walks.warnings, key=last, through=seen.through)
    reached = walks.ledger.place + STRETCH
    await looks.step(tx, walks.ledger, place=reached, through=reached >= seen.place.size)
    if seen.asked is not None:
        await looks.step(tx, walks.issued, key=seen.asked.next, through=not seen.asked.next)
    await _hear(tx, walks.heard, answered=seen.asked is not None or watched.issuer is None)


async def _hear(tx: Transaction, heard: Walk, *, answered: bool) -> None:
    """Count the round, and note when the issuer answered last: since when it is silent."""
    at = tx.now if answered or heard.through_at is None else heard.through_at
    await looks.note(tx, heard.name, heard.times + 1, at)
