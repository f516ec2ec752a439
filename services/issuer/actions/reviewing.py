"""Reviewing: what one person or fewer than usual decided falls due, and somebody else looks at it."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from services.issuer import store
from services.issuer.actions.permission import at_the_desk
from services.issuer.actions.telling import tell
from services.issuer.catalogue import Catalogue
from services.issuer.model import Person, WeatherWarning
from services.issuer.model.reviews import Cause, Review, Verdict
from services.issuer.store.events import Event
from services.kit.db import Database, Transaction

PARTS = frozenset({"drafted", "edited", "submitted", "approved", "issued", "halted"})
"""Whoever did one of these had part in a revision."""


async def of_halt(tx: Transaction, halted: WeatherWarning) -> None:
    """Let the review of a halt fall due."""
    assert halted.review_due is not None
    key = (halted.warning_id, halted.revision, Cause.HALT)
    await store.reviews.begin(tx, Review(*key, tx.now, halted.review_due))


async def of_emergency(tx: Transaction, catalogue: Catalogue, issued: WeatherWarning) -> None:
    """Let the review of what went out by the emergency flow fall due."""
    if issued.emergency:
        within = timedelta(hours=catalogue.authority.emergency.review_within_hours)
        key = (issued.warning_id, issued.revision, Cause.EMERGENCY)
        await store.reviews.begin(tx, Review(*key, tx.now, tx.now + within))


def part_in(warning: WeatherWarning, story: Sequence[Event]) -> frozenset[str]:
    """Return who had part in a revision: none of them reviews it."""
    acted = {e.actor for e in story if e.revision == warning.revision and e.act in PARTS}
    return frozenset({*acted, *warning.authors, *(approval.by for approval in warning.approvals)})


async def review(
    db: Database,
    catalogue: Catalogue,
    warning_id: UUID,
    revision: int,
    cause: Cause,
    by: Person,
    *,
    verdict: Verdict,
    note: str,
) -> Review:
    """Write what somebody found who had no part in it."""
    at_the_desk(catalogue, by)
    async with db.transaction() as tx:
        due = await store.reviews.get(tx.connection, warning_id, revision, cause)
        warning = await store.warnings.get(tx.connection, warning_id, revision)
        story = await store.events.of_warning(tx.connection, warning_id)
        done = due.done(by, part_in(warning, story), verdict, note, tx.now)
        await store.reviews.save(tx, done)
        await tell(tx, warning, by, f"{cause} reviewed", f"{verdict}: {note}")
    return done
