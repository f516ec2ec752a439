"""Drafting: begin a warning, and change its draft."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from uuid import UUID

from contracts.values import AreaSelection, Mode
from services.issuer import store
from services.issuer.actions import making
from services.issuer.actions.permission import at_the_desk, permit
from services.issuer.actions.telling import changed, differences, tell
from services.issuer.catalogue import SIGNAL, Catalogue, Verb
from services.issuer.model import (
    Content,
    Kind,
    Person,
    State,
    WeatherWarning,
    Wish,
    faults,
    selection_faults,
)
from services.issuer.reach import Reach, Reached
from services.kit.db import Database, Transaction
from services.kit.errors import Fault, Invalid, Retry
from services.kit.ids import uuid7

Beside = Callable[[Transaction, WeatherWarning], Awaitable[None]]
"""What is done together with beginning a warning."""


async def draft(
    db: Database,
    catalogue: Catalogue,
    reach: Reach,
    *,
    mode: Mode,
    wish: Wish,
    by: Person,
    signature: str,
    kept: bool = False,
    beside: Beside | None = None,
) -> WeatherWarning:
    """Begin a warning. `kept` keeps what is incomplete too, such as an import with gaps.

    `beside` is done in the same transaction.
    """
    at_the_desk(catalogue, by)
    now = db.clock.now()
    if wish.hazard and wish.level:
        catalogue.issuable(wish.hazard, wish.level, wish.product or SIGNAL)
    reached = None if kept else await _reached(reach, mode, wish.selection, needed=wish.text is None)
    content = making.drafted(catalogue, mode, wish, reached, now)
    _without_faults(content, now, signature, complete=not kept)
    warning = making.begun(uuid7(), 1, content, by, now)
    async with db.transaction() as tx:
        await _supersedes_known(tx, warning)
        await store.changes.insert(tx, warning)
        await tell(tx, warning, by, "drafted")
        if beside is not None:
            await beside(tx, warning)
    return warning


async def edit(
    db: Database,
    catalogue: Catalogue,
    reach: Reach,
    *,
    warning_id: UUID,
    version: int,
    wish: Wish,
    by: Person,
    signature: str,
) -> WeatherWarning:
    """Change a draft that was seen in a version; raise Changed when there is a newer one."""
    at_the_desk(catalogue, by)
    async with db.read() as connection:
        warning = await store.warnings.get(connection, warning_id)
        if warning.version != version:
            later = await store.events.since(connection, warning, version)
            raise changed(warning, later)
    permit(catalogue, Verb.EDIT, by, warning)
    _may_say(warning.content.kind, wish)
    now = db.clock.now()
    reached = None
    if wish.selection is not None:
        reached = await _reached(reach, warning.content.mode, wish.selection, needed=warning.content.made)
    content = making.edited(catalogue, warning.content, wish, reached, now)
    _no_new_faults(warning.content, content, wish, now, signature)
    new = warning.edited(content, by.username, now)
    async with db.transaction() as tx:
        await _supersedes_known(tx, new)
        await store.changes.save(tx, new, version)
        await tell(tx, new, by, "edited", ", ".join(differences(warning.content, content)))
    return new


def _without_faults(content: Content, now: datetime, signature: str, *, complete: bool = True) -> None:
    found = faults(content, now, signature, complete=complete)
    if found:
        raise Invalid.of(found)


def _no_new_faults(before: Content, after: Content, wish: Wish, now: datetime, signature: str) -> None:
    """Bear with what was wrong before and was not touched: it is mended field by field, then submitted."""
    borne = {fault.field for fault in faults(before, now, signature) if not wish.says(_top(fault.field))}
    found = [fault for fault in faults(after, now, signature) if fault.field not in borne]
    if found:
        raise Invalid.of(found)


def _top(field: str) -> str:
    return field.split(".")[0].split("[")[0]


_OF_A_LIFT = frozenset({"text", "text_en", "expires"})


def _may_say(kind: Kind, wish: Wish) -> None:
    """A lift is of what is lifted, and an update stays with its hazard."""
    if kind is Kind.CANCEL:
        strange = sorted(wish.model_fields_set - _OF_A_LIFT)
        why, mend = "follows from what is lifted", f"change only {', '.join(sorted(_OF_A_LIFT))}"
    elif kind is Kind.UPDATE:
        strange = sorted(wish.model_fields_set & {"hazard", "product", "supersedes"})
        why, mend = "stays what it was in an update", "begin a new warning that supersedes this one"
    else:
        return
    if strange:
        raise Invalid.of([Fault(field, why, mend) for field in strange])


async def _reached(
    reach: Reach, mode: Mode, selection: AreaSelection | None, *, needed: bool
) -> Reached | None:
    """Ask whom a selection reaches; a router that is away is borne with, unless the texts need it."""
    if selection is None:
        return None
    found = selection_faults(selection)
    if found:
        raise Invalid.of(found)
    try:
        return await reach.preview(mode, selection, pin=False)
    except Retry as away:
        if not needed:
            return None
        mend = "send the texts with the draft, or try again in a moment"
        raise Retry(f"{away.why}, and it names the towns in the texts", after=away.after, mend=mend) from None


async def _supersedes_known(tx: Transaction, warning: WeatherWarning) -> None:
    for number, other in enumerate(warning.content.supersedes):
        found = await store.warnings.standing(tx.connection, other)
        if found is None or found.state is not State.ISSUED or other == warning.warning_id:
            raise Invalid(f"supersedes[{number}]", "is no warning in force", "name another one")
        if found.content.adds_to is not None:
            raise Invalid(f"supersedes[{number}]", "is a town's note", "name the warning itself")
        if found.content.mode is not warning.content.mode:
            raise Invalid(f"supersedes[{number}]", "is of the other mode", "leave it out")
        if found.content.hazard != warning.content.hazard:
            raise Invalid(f"supersedes[{number}]", "is about another hazard", "keep both")
        if found.content.level.rank < warning.content.level.rank:
            mend = "keep both, or lower that one by an update, which those must approve who may lift it"
            raise Invalid(f"supersedes[{number}]", "is of a graver colour", mend)
