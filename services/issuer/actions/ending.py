"""Ending and minding: halt at once, expire in time, say again what nobody has planned."""

import asyncio
import contextlib
from datetime import timedelta
from uuid import UUID

from contracts.values import Lane
from contracts.warning import WarningHalted
from services.issuer import store
from services.issuer.actions import announcing, attached, reviewing
from services.issuer.actions.issuing import RETELL_AFTER, message_of
from services.issuer.actions.permission import permit
from services.issuer.actions.suspending import settle
from services.issuer.actions.telling import tell
from services.issuer.catalogue import Catalogue, Verb
from services.issuer.model import Person, State, WeatherWarning
from services.kit.db import Database, Transaction
from services.kit.errors import Forbidden, NotFound, Refused, Retry
from services.kit.leadership import Leadership
from services.kit.telemetry import log, span

CLOCK = "issuer-clock"
"""The lease of whoever minds the time."""

LOOK_S = 1.0
LONGEST_RETELL = timedelta(minutes=5)


async def halt(
    db: Database, catalogue: Catalogue, warning_id: UUID, by: Person, reason: str
) -> WeatherWarning:
    """Stop a warning at once: nothing more of it goes out. One person may; it is looked at afterwards."""
    rule = catalogue.authority.halt
    if not by.roles & rule.roles:
        raise Forbidden(f"this needs a {', '.join(sorted(rule.roles))}")
    with span("issuer.halt", **{"yutian.warning_id": str(warning_id)}):
        async with db.transaction() as tx:
            warning = await store.warnings.standing(tx.connection, warning_id, lock=True)
            if warning is None:
                await store.warnings.get(tx.connection, warning_id)
                raise Refused("this warning is not in force, so there is nothing to halt")
            permit(catalogue, Verb.HALT, by, warning)
            halted = warning.halted(reason, tx.now, timedelta(hours=rule.review_within_hours))
            await store.changes.save(tx, halted, warning.version)
            await tell(tx, halted, by, "halted", reason)
            await reviewing.of_halt(tx, halted)
            await attached.halt_all(tx, halted, by, attached.HALTED)
            await settle(tx, catalogue, [halted], by.username)
            tx.emit(
                WarningHalted(
                    mode=halted.content.mode,
                    lane=Lane.URGENT,
                    warning_id=warning_id,
                    revision=halted.revision,
                    at=tx.now,
                    by=by.name,
                    reason=reason,
                )
            )
    return halted


async def mind(db: Database, leadership: Leadership, catalogue: Catalogue) -> None:
    """Mind the time for ever, on one replica at a time."""
    await leadership.lead(CLOCK, lambda: _mind(db, leadership, catalogue))


async def _mind(db: Database, leadership: Leadership, catalogue: Catalogue) -> None:
    while True:
        with contextlib.suppress(Retry):
            await expire_due(db, leadership, catalogue)
            await announcing.announce_due(db, leadership, CLOCK, catalogue.promises)
            await retell_due(db, leadership)
        await asyncio.sleep(LOOK_S)


async def expire_due(db: Database, leadership: Leadership, catalogue: Catalogue) -> int:
    """Let run out what has run out; return how many revisions did."""
    now = db.clock.now()
    async with db.read() as connection:
        due = await store.changes.due_to_expire(connection, now)
    for warning_id, revision in due:
        async with db.transaction() as tx:
            await leadership.guard(tx, CLOCK)
            warning = await store.warnings.get(tx.connection, warning_id, revision, lock=True)
            if warning.state is State.ISSUED:
                expired = await attached.expire(tx, warning)
                await settle(tx, catalogue, [expired], attached.CLOCK.username)
    return len(due)


async def retell_due(db: Database, leadership: Leadership) -> int:
    """Say again what was issued and nobody has planned, ever more rarely; return how many revisions."""
    now = db.clock.now()
    async with db.read() as connection:
        due = await store.changes.due_to_retell(connection, now)
    for key in due:
        async with db.transaction() as tx:
            await leadership.guard(tx, CLOCK)
            with contextlib.suppress(NotFound):
                await _retell(tx, await store.warnings.get(tx.connection, *key, lock=True))
    return len(due)


async def _retell(tx: Transaction, warning: WeatherWarning) -> None:
    if warning.planned_at is not None or warning.published is None:
        return
    key = (warning.warning_id, warning.revision)
    times = await store.changes.retold(tx, key) + 1
    wait = min(RETELL_AFTER * 2 ** min(times, 10), LONGEST_RETELL)
    await store.changes.retell(tx, key, times, tx.now + wait)
    tx.emit(message_of(warning, tx.now))
    log.warning("nobody has planned this revision; it is said again", warning=str(key[0]), times=times)
