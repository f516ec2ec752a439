"""What the issuer answers about towns' notes."""

from uuid import UUID

from pydantic import BaseModel

from contracts.text import segments
from contracts.values import Level, Mode
from services.issuer.actions.noted import Sent
from services.issuer.actions.noting import Look, Offer
from services.issuer.api.progress_views import ProgressView, progress_view
from services.issuer.api.views import ChannelCount, Moment
from services.issuer.model import State, sms


class OfferView(BaseModel):
    """A warning in force that covers some of the town."""

    warning_id: UUID
    revision: int
    mode: Mode
    level: Level
    hazard: str
    headline: str
    identifier: str
    expires: Moment
    villages: list[str]
    """Those of the town that it covers: a note may be for all of them, or for some."""
    notes: int
    """How many of the town's notes stand beside it."""


class OffersView(BaseModel):
    """What a town may add to now."""

    town: str
    characters: int
    """How long a note may be."""
    most: int
    """How many notes of the town may stand beside one warning."""
    data: list[OfferView]


class NotePreviewView(BaseModel):
    """A note as it would go out. Nothing is kept."""

    town_name: str
    headline: str
    short: str
    sms: str
    segments: int
    characters: int
    most: int
    villages: list[str]
    whole_town: bool
    """Ways that speak to a whole town are gone only when it is."""
    expires: Moment
    count: int
    channels: list[ChannelCount]


class NoteView(BaseModel):
    """A note that went out: beside which warning it stands, and how far it has come."""

    note_id: UUID
    """The note's own warning_id: plan, deliveries and ledger know it by this."""
    of_warning: UUID
    of_revision: int
    mode: Mode
    level: Level
    town: str
    town_name: str
    text: str
    headline: str
    identifier: str
    villages: list[str]
    sent_at: Moment
    sent_by: str
    expires: Moment
    state: State
    reason: str
    """Why it was halted."""
    content_sha256: str
    manifest_sha256: str
    progress: ProgressView


class NotesView(BaseModel):
    """A page of notes, the newest first."""

    data: list[NoteView]
    next: str | None = None
    """Where the list goes on: the `after` of the next page."""


def offer_view(offer: Offer) -> OfferView:
    """Return a warning that may be added to as it is answered."""
    warning, content = offer.warning, offer.warning.content
    return OfferView(
        warning_id=warning.warning_id,
        revision=warning.revision,
        mode=content.mode,
        level=content.level,
        hazard=content.hazard,
        headline=content.text.headline,
        identifier=warning.published.notice.identifier if warning.published else "",
        expires=content.expires,
        villages=list(offer.villages),
        notes=offer.notes,
    )


def preview_view(look: Look, words: str, most: int, signature: str) -> NotePreviewView:
    """Return a note as it would go out."""
    content, manifest = look.content, look.reached.manifest
    whole = sms(content, signature)
    return NotePreviewView(
        town_name=look.town_name,
        headline=content.text.headline,
        short=content.text.short,
        sms=whole,
        segments=segments(whole),
        characters=len(words),
        most=most,
        villages=list(content.selection.villages),
        whole_town=look.whole,
        expires=content.expires,
        count=manifest.count,
        channels=[ChannelCount(channel=one.channel, count=one.count) for one in manifest.channels],
    )


def note_view(sent: Sent) -> NoteView:
    """Return a note that went out."""
    note, warning = sent.note, sent.warning
    return NoteView(
        note_id=note.note_id,
        of_warning=note.of_warning,
        of_revision=note.of_revision,
        mode=warning.content.mode,
        level=warning.content.level,
        town=note.town,
        town_name=note.town_name,
        text=note.words,
        headline=warning.content.text.headline,
        identifier=warning.published.notice.identifier if warning.published else "",
        villages=list(warning.content.selection.villages),
        sent_at=note.at,
        sent_by=note.by_name,
        expires=warning.content.expires,
        state=warning.state,
        reason=warning.reason,
        content_sha256=warning.content_sha256,
        manifest_sha256=warning.manifest.sha256 if warning.manifest else "",
        progress=progress_view(sent.photo),
    )
