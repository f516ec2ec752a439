"""Correcting (勘误): say what was wrong right, under its own name; red warnings have one lying ready."""

from datetime import datetime
from uuid import UUID

from contracts.values import Level
from contracts.warning import WarningText
from services.issuer import store
from services.issuer.actions import making
from services.issuer.actions.permission import permit
from services.issuer.actions.press import Press
from services.issuer.actions.revising import standing_of
from services.issuer.actions.telling import tell
from services.issuer.catalogue import Catalogue, Verb
from services.issuer.model import Content, Kind, Person, State, WeatherWarning, Wish, faults
from services.kit.db import Database, Transaction
from services.kit.errors import Invalid, Refused

BEFORE = {"zh-CN": "更正：", "en-US": "Correction: "}
_READY = frozenset({State.REVIEW, State.ISSUED, State.HALTED})


def correcting(catalogue: Catalogue, base: WeatherWarning, now: datetime) -> Content:
    """Return the content that corrects a revision: the same places and times, in words that say so."""
    sent = base.published.notice.sent if base.published else now
    content = base.content.model_copy(
        update={
            "kind": Kind.UPDATE,
            "corrects": True,
            "lead": None,
            "bound": (),
            "follows": (),
            "former": base.content.level,
            "former_at": sent,
            "effective": None,
            "supersedes": (),
        }
    )
    if content.made:
        return making.worded(catalogue, content, now)
    english = content.text_en and _named(content.text_en)
    return content.model_copy(update={"text": _named(content.text), "text_en": english})


def _named(text: WarningText) -> WarningText:
    """Return words written by hand with the mark of a correction before them."""
    mark = BEFORE.get(text.language, BEFORE["zh-CN"])
    marked = {
        field: said if said.startswith(mark) else mark + said
        for field in ("headline", "description", "short")
        if (said := getattr(text, field))
    }
    return text.model_copy(update=marked)


async def keep_ready(tx: Transaction, catalogue: Catalogue, warning: WeatherWarning) -> None:
    """Keep the correction of a red warning in step with it, and discard it when the warning ends."""
    red = warning.content.level is Level.RED and warning.content.kind is not Kind.CANCEL
    if red and warning.state in _READY:
        content = correcting(catalogue, warning, tx.now)
        await store.prepared.keep(tx, warning.warning_id, warning.revision, content)
    elif warning.state not in {State.DRAFT, State.REVIEW}:
        await store.prepared.drop(tx, warning.warning_id)


async def correct(
    db: Database, press: Press, warning_id: UUID, by: Person, reason: str = "", wish: Wish | None = None
) -> WeatherWarning:
    """Put the correction of a warning before its approvers, with the words that lie ready or others.

    It goes to those who heard what it corrects, so that it needs no router.
    """
    now = db.clock.now()
    async with db.transaction() as tx:
        base = await standing_of(tx, warning_id)
        permit(press.catalogue, Verb.CORRECT, by, base)
        if await store.warnings.open_revisions(tx.connection, warning_id):
            raise Refused("a revision of this warning is being written", mend="finish or reject that one")
        content = correcting(press.catalogue, base, now)
        if wish is not None and wish.model_fields_set:
            content = making.edited(press.catalogue, content, wish, None, now)
        if found := faults(content, now, press.signature):
            raise Invalid.of(found)
        revision = await store.changes.next_revision(tx.connection, warning_id)
        draft = making.begun(warning_id, revision, content, by, now)
        assert base.manifest is not None
        warning = draft.submitted(base.manifest, by.username, now)
        await store.changes.insert(tx, warning)
        await keep_ready(tx, press.catalogue, warning)
        await tell(tx, warning, by, "correction begun", reason)
    return warning
