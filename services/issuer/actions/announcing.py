"""Announcing: that a warning runs out soon is said beforehand, once for each announcement."""

from datetime import datetime, timedelta

from services.issuer import store
from services.issuer.catalogue import Promises
from services.issuer.model import Kind, State, WeatherWarning
from services.kit.db import Database, Transaction
from services.kit.leadership import Leadership

ACT = "runs out soon"
NOBODY = "clock"


def due(warning: WeatherWarning, promises: Promises, now: datetime) -> int | None:
    """Return how many minutes before the end a warning in force is announced by now, None while it is not."""
    content = warning.content
    if warning.state is not State.ISSUED or content.kind is Kind.CANCEL or content.adds_to is not None:
        return None
    return promises.announced(content.expires - now)


async def announce_due(db: Database, leadership: Leadership, clock: str, promises: Promises) -> int:
    """Announce what runs out soon; return how many announcements were made."""
    now, made = db.clock.now(), 0
    async with db.read() as connection:
        soon = await store.changes.ending(connection, now, now + promises.ends_soon)
        told = await store.events.noted(connection, soon, ACT)
    for key in soon:
        async with db.read() as connection:
            minutes = due(await store.warnings.get(connection, *key), promises, now)
        if minutes is None or (*key, str(minutes)) in told:
            continue
        async with db.transaction() as tx:
            await leadership.guard(tx, clock)
            made += await _announce(tx, await store.warnings.get(tx.connection, *key, lock=True), minutes)
    return made


async def _announce(tx: Transaction, warning: WeatherWarning, minutes: int) -> bool:
    if warning.state is not State.ISSUED or warning.content.expires > tx.now + timedelta(minutes=minutes):
        return False
    await store.events.tell(tx, warning, NOBODY, ACT, str(minutes))
    tx.record(
        "warning.runs-out-soon",
        mode=warning.content.mode,
        warning_id=warning.warning_id,
        revision=warning.revision,
        minutes=minutes,
        expires=warning.content.expires.isoformat(),
    )
    return True
