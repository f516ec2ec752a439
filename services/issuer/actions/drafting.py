"""Drafting: begin a warning, change its draft, begin an update or a lift of one that is out."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from uuid import UUID

from contracts.values import AreaSelection, Mode
from services.issuer import store
from services.issuer.actions import making
from services.issuer.actions.permission import permit
from services.issuer.catalogue import SIGNAL, Catalogue, Verb
from services.issuer.model import (
    OPEN,
    Changed,
    Content,
    Kind,
    Person,
    State,
    WeatherWarning,
    Window,
    Wish,
    faults,
    selection_faults,
)
from services.issuer.reach import Reach, Reached
from services.kit.db import Database, Transaction
from services.kit.errors import Fault, Forbidden, Invalid, NotFound, Refused, Retry
from services.kit.ids import uuid7

Beside = Callable[[Transaction, WeatherWarning], Awaitable[None]]
"""What is done together with beginning a warning."""

LIFT_HOLDS = timedelta(hours=24)
"""How long a lift is told to those who have not heard it yet."""


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
    warning = begun(uuid7(), 1, content, by, now)
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


async def update(db: Database, catalogue: Catalogue, warning_id: UUID, by: Person) -> WeatherWarning:
    """Begin the next revision of a warning that is out, as a draft with the same content."""
    at_the_desk(catalogue, by)
    now = db.clock.now()
    async with db.transaction() as tx:
        base = await standing_of(tx, warning_id)
        permit(catalogue, Verb.UPDATE, by, base)
        await nothing_open(tx, warning_id)
        revision = await store.changes.next_revision(tx.connection, warning_id)
        warning = begun(warning_id, revision, updating(catalogue, base, now), by, now)
        await store.changes.insert(tx, warning)
        await tell(tx, warning, by, "update begun")
    return warning


async def nothing_open(tx: Transaction, warning_id: UUID) -> None:
    """Raise Refused while a revision of a warning is being written or approved."""
    if await store.warnings.open_revisions(tx.connection, warning_id):
        raise Refused("a revision of this warning is being written", mend="finish or reject that one")


def updating(catalogue: Catalogue, base: WeatherWarning, now: datetime) -> Content:
    """Return the content with which an update of a warning begins: what is in force."""
    copied = base.content.model_copy(
        update={
            "kind": Kind.UPDATE,
            "corrects": False,
            "lead": None,
            "bound": (),
            "former": base.content.level,
            "former_at": base.content.former_at or (base.published and base.published.notice.sent),
            "effective": None,
            "supersedes": (),
        }
    )
    return making.worded(catalogue, copied, now) if copied.made else copied


async def cancel(
    db: Database, catalogue: Catalogue, warning_id: UUID, by: Person, reason: str = ""
) -> WeatherWarning:
    """Begin to lift a warning: a revision in review, with its words made and its targets those of before.

    What else was being written of this warning is given up: nothing stands in the way of a lift.
    """
    at_the_desk(catalogue, by)
    now = db.clock.now()
    async with db.transaction() as tx:
        base = await standing_of(tx, warning_id)
        permit(catalogue, Verb.CANCEL, by, base)
        await give_way(tx, warning_id, by)
        revision = await store.changes.next_revision(tx.connection, warning_id)
        draft = begun(warning_id, revision, lifting(catalogue, base, now), by, now)
        assert base.manifest is not None
        warning = draft.submitted(base.manifest, by.username, now)
        await store.changes.insert(tx, warning)
        await tell(tx, warning, by, "lift begun", reason)
    return warning


async def give_way(tx: Transaction, warning_id: UUID, by: Person) -> None:
    """Give up what else is being written of a warning that is lifted, with its parts."""
    for other in await store.warnings.open_revisions(tx.connection, warning_id):
        if other.content.kind is Kind.CANCEL:
            raise Refused("a lift of this warning waits for approval already", mend="approve that one")
        given_up = other.rejected("given up for a lift", tx.now)
        await store.changes.save(tx, given_up, other.version)
        await tell(tx, given_up, by, "rejected", given_up.reason)
        for bound in other.content.bound:
            part = await store.warnings.get(tx.connection, bound.warning_id, bound.revision, lock=True)
            if part.state in OPEN:
                await store.changes.save(tx, part.rejected(given_up.reason, tx.now), part.version)


def lifting(catalogue: Catalogue, base: WeatherWarning, now: datetime) -> Content:
    """Return the content that lifts a warning, in the catalogue's words."""
    assert base.published is not None
    assert base.manifest is not None
    content = base.content.model_copy(
        update={
            "kind": Kind.CANCEL,
            "corrects": False,
            "lead": None,
            "bound": (),
            "former": None,
            "former_at": base.content.former_at or base.published.notice.sent,
            "effective": None,
            "onset": None,
            "observed": "",
            "observed_en": "",
            "expires": now + LIFT_HOLDS,
            "window": Window(begin=now, end=now + LIFT_HOLDS),
            "supersedes": (),
            "names": base.content.names or tuple(place.name for place in base.manifest.areas),
            "names_en": base.content.names_en
            or tuple(place.name_en or place.name for place in base.manifest.areas),
        }
    )
    return making.worded(catalogue, content, now)


def at_the_desk(catalogue: Catalogue, by: Person) -> None:
    """Raise Forbidden for who has no role at the desk."""
    if not by.roles & catalogue.authority.desk_roles:
        raise Forbidden(f"this needs a {', '.join(sorted(catalogue.authority.desk_roles))}")


def differences(before: Content, after: Content) -> list[str]:
    """Return the names of the fields that differ."""
    return [name for name in type(before).model_fields if getattr(before, name) != getattr(after, name)]


def changed(warning: WeatherWarning, later: list[store.events.Event]) -> Changed:
    """Return the refusal that tells what was changed since, by whom."""
    what = "; ".join(f"{event.actor} {event.act} {event.note}".strip() for event in later)
    return Changed(
        f"it is at version {warning.version} now" + (f": {what}" if what else ""),
        mend=f"read it again, and send your change with If-Match: {warning.version}",
    )


async def tell(tx: Transaction, warning: WeatherWarning, by: Person, act: str, note: str = "") -> None:
    """Write what somebody did, here and in the ledger."""
    await store.events.tell(tx, warning, by.username, act, note)
    tx.record(
        f"warning.{act.replace(' ', '-')}",
        mode=warning.content.mode,
        actor=by.username,
        warning_id=warning.warning_id,
        revision=warning.revision,
        content_sha256=warning.content_sha256,
        manifest_sha256=warning.manifest.sha256 if warning.manifest else None,
        note=note,
        emergency=warning.emergency or None,
    )


def begun(warning_id: UUID, revision: int, content: Content, by: Person, now: datetime) -> WeatherWarning:
    """Return a new draft of one author."""
    return WeatherWarning(warning_id, revision, content, content.sha256, (by.username,), now, now)


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
        if found.content.mode is not warning.content.mode:
            raise Invalid(f"supersedes[{number}]", "is of the other mode", "leave it out")
        if found.content.hazard != warning.content.hazard:
            raise Invalid(f"supersedes[{number}]", "is about another hazard", "keep both")
        if found.content.level.rank < warning.content.level.rank:
            mend = "keep both, or lower that one by an update, which those must approve who may lift it"
            raise Invalid(f"supersedes[{number}]", "is of a graver colour", mend)


async def standing_of(tx: Transaction, warning_id: UUID) -> WeatherWarning:
    """Return the revision that is in force or halted; raise Refused when there is none."""
    base = await store.warnings.standing(tx.connection, warning_id, lock=True)
    if base is None:
        if not await _known(tx, warning_id):
            raise NotFound("there is no such warning")
        raise Refused("this warning is not in force", mend="begin a new one")
    return base


async def _known(tx: Transaction, warning_id: UUID) -> bool:
    return await store.changes.next_revision(tx.connection, warning_id) > 1
