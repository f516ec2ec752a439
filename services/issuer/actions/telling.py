"""Telling: what somebody did is written into the story of the warning and into the ledger."""

from services.issuer import store
from services.issuer.model import Changed, Content, Person, WeatherWarning
from services.kit.db import Transaction


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


def tell_key(tx: Transaction, issued: WeatherWarning, key_id: str, by: Person) -> None:
    """Say as a fact with which key the document was signed that goes out, and by whose hand."""
    assert issued.published is not None
    tx.record(
        "key.used",
        mode=issued.content.mode,
        actor=by.username,
        warning_id=issued.warning_id,
        about=key_id,
        revision=issued.revision,
        identifier=issued.published.notice.identifier,
    )


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
