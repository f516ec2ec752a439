"""Attached: a town's note ends with its warning, in the same transaction, and never outlives it."""

from collections.abc import Sequence

from contracts.values import Lane
from contracts.warning import WarningExpired, WarningHalted
from services.issuer import store
from services.issuer.actions.telling import tell
from services.issuer.model import Kind, Person, WeatherWarning
from services.issuer.model.note import outlived
from services.kit.db import Transaction

CLOCK = Person("clock", "clock", frozenset())
"""Under this name ends what nobody ended."""

LIFTED = "the warning was lifted"
REPLACED = "the warning was replaced by another one"
CHANGED = "the warning was updated and no longer covers all of its places, or ends earlier"
HALTED = "the warning was halted"


async def follow(
    tx: Transaction, issued: WeatherWarning, ended: Sequence[WeatherWarning], by: Person
) -> None:
    """Halt the notes of a warning that a new revision no longer covers, and all of those that it mutes."""
    lifted = issued.content.kind is Kind.CANCEL
    for note in await store.notes.in_force(tx.connection, issued.warning_id, lock=True):
        if outlived(note, issued):
            await halt_note(tx, note, by, LIFTED if lifted else CHANGED)
    for muted in ended:
        if muted.warning_id != issued.warning_id:
            await halt_all(tx, muted, by, REPLACED)


async def halt_all(tx: Transaction, warning: WeatherWarning, by: Person, reason: str) -> None:
    """Halt every note beside a warning."""
    for note in await store.notes.in_force(tx.connection, warning.warning_id, lock=True):
        await halt_note(tx, note, by, reason)


async def halt_note(tx: Transaction, note: WeatherWarning, by: Person, reason: str) -> WeatherWarning:
    """Let nothing more of a note go out, and stop what is on air."""
    halted = note.withdrawn(reason, tx.now)
    await store.changes.save(tx, halted, note.version)
    await tell(tx, halted, by, "halted", reason)
    tx.emit(
        WarningHalted(
            mode=halted.content.mode,
            lane=Lane.URGENT,
            warning_id=halted.warning_id,
            revision=halted.revision,
            at=tx.now,
            by=by.name,
            reason=reason,
        )
    )
    return halted


async def expire(tx: Transaction, warning: WeatherWarning) -> WeatherWarning:
    """Let a revision run out, and with it the notes that would outlive it."""
    for note in await store.notes.in_force(tx.connection, warning.warning_id, lock=True):
        await _expire_note(tx, note)
    return await _expire(tx, warning)


async def _expire_note(tx: Transaction, note: WeatherWarning) -> None:
    """Let a note run out; one that its own words would let stay longer is halted."""
    if note.content.expires <= tx.now:
        await _expire(tx, note)
    else:
        await halt_note(tx, note, CLOCK, "the warning ran out")


async def _expire(tx: Transaction, warning: WeatherWarning) -> WeatherWarning:
    expired = warning.expired(tx.now)
    await store.changes.save(tx, expired, warning.version)
    await store.events.tell(tx, expired, CLOCK.username, "expired")
    await store.prepared.drop(tx, expired.warning_id)
    tx.emit(
        WarningExpired(
            mode=expired.content.mode,
            lane=expired.content.level.lane,
            warning_id=expired.warning_id,
            revision=expired.revision,
            at=tx.now,
        )
    )
    return expired
