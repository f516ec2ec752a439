"""What the issuer answers; times are RFC 3339 in Beijing time."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, PlainSerializer, WithJsonSchema

from contracts.plan import Manifest
from contracts.values import AreaSelection, Channel, Level, Mode
from contracts.warning import AddsTo, WarningText
from services.issuer.actions.needing import steps_of
from services.issuer.catalogue import Catalogue
from services.issuer.model import (
    Approval,
    Beside,
    Bound,
    Content,
    Kind,
    LeftOut,
    State,
    WeatherWarning,
    next_step,
)
from services.issuer.store.events import Event
from services.issuer.store.warnings import Summary
from services.kit.clock import beijing

Moment = Annotated[
    datetime,
    PlainSerializer(beijing, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-06-11T14:05:00+08:00"]}),
]


class HazardView(BaseModel):
    """A hazard by code and name."""

    code: str
    name: str
    name_en: str


class WindowView(BaseModel):
    """When the weather is expected."""

    begin: Moment
    end: Moment


class ConsultationView(BaseModel):
    """The consultation that a warning rests upon."""

    held_at: Moment
    attended: str
    conclusion: str


class ContentView(BaseModel):
    """What is said to whom."""

    selection: AreaSelection
    window: WindowView
    slots: dict[str, str]
    observed: str
    observed_en: str
    effective: Moment | None
    onset: Moment | None
    expires: Moment
    text: WarningText
    text_en: WarningText | None
    texts_made: bool
    """True while the texts are the catalogue's own and follow every change."""
    corrects: bool
    lead: UUID | None
    """The warning with which this part goes out."""
    bound: list[Bound]
    """The parts in other colours that go out with this one."""
    former: Level | None
    supersedes: list[UUID]
    beside: list[Beside]
    left_out: list[LeftOut]
    consultation: ConsultationView | None
    stage: str
    department: str
    adds_to: AddsTo | None
    """Set for a town's note: the warning beside which it stands."""


class CorrectionView(BaseModel):
    """A correction that lies ready: of which revision, and what it says."""

    corrects: int
    content_sha256: str
    content: ContentView


class ChannelCount(BaseModel):
    """How many targets a channel has."""

    channel: Channel
    count: int


class ManifestView(BaseModel):
    """The pinned target list, without its lists."""

    sha256: str
    registry_version: str
    count: int
    towns: list[str]
    villages: int
    villages_at_generated_positions: int
    channels: list[ChannelCount]


class ApprovalView(BaseModel):
    """One person's yes."""

    by: str
    name: str
    at: Moment
    statement: str


class RevisionView(BaseModel):
    """A revision as lists show it."""

    warning_id: UUID
    revision: int
    version: int
    etag: str
    state: State
    kind: Kind
    mode: Mode
    hazard: HazardView
    level: Level
    headline: str
    authors: list[str]
    reason: str
    created_at: Moment
    updated_at: Moment
    submitted_at: Moment | None
    expires: Moment
    review_due: Moment | None
    identifier: str | None
    approved_at: Moment | None
    planned_at: Moment | None
    content_sha256: str
    manifest_sha256: str | None
    emergency: str
    """Why it goes by the emergency flow; empty when it does not."""


class EventView(BaseModel):
    """Somebody did something."""

    revision: int
    at: Moment
    actor: str
    act: str
    note: str


class WarningView(RevisionView):
    """One revision in full, and the story of its warning."""

    product: str
    content: ContentView
    manifest: ManifestView | None
    approvals: list[ApprovalView]
    needs: list[str] | None
    """The roles of which the next approver needs one; null when it is not in review."""
    references: str
    revisions: list[RevisionView]
    story: list[EventView]


class WarningsView(BaseModel):
    """A page of revisions; `next` is the cursor of the one after it."""

    data: list[RevisionView]
    has_more: bool
    next: str | None


class FaultView(BaseModel):
    """One thing that was odd: where, what, how to mend it."""

    field: str
    detail: str
    mend: str


class ImportedView(BaseModel):
    """The draft that came of a message, and what to look at."""

    warning: WarningView
    oddities: list[FaultView]


def etag(revision: int, version: int) -> str:
    """Return what `If-Match` must name: `<revision>.<version>`."""
    return f"{revision}.{version}"


def revision_view(catalogue: Catalogue, found: Summary) -> RevisionView:
    """Return a revision as lists show it."""
    return RevisionView(
        **{**vars(found), "hazard": _hazard(catalogue, found.hazard), "authors": list(found.authors)},
        etag=etag(found.revision, found.version),
    )


def _hazard(catalogue: Catalogue, code: str) -> HazardView:
    known = next((hazard for hazard in catalogue.every if hazard.code == code), None)
    return HazardView(
        code=code, name=known.name.zh if known else code, name_en=known.name.en if known else code
    )


def warning_view(
    catalogue: Catalogue, warning: WeatherWarning, others: list[Summary], story: list[Event]
) -> WarningView:
    """Return a revision in full."""
    mine = next(one for one in others if one.revision == warning.revision)
    return WarningView(
        **vars(revision_view(catalogue, mine)),
        product=warning.content.product,
        content=content_view(warning.content),
        manifest=_manifest(warning.manifest) if warning.manifest else None,
        approvals=[_approval(approval) for approval in warning.approvals],
        needs=_needs(catalogue, warning),
        references=warning.published.notice.references if warning.published else "",
        revisions=[revision_view(catalogue, one) for one in others],
        story=[EventView(revision=e.revision, at=e.at, actor=e.actor, act=e.act, note=e.note) for e in story],
    )


def _needs(catalogue: Catalogue, warning: WeatherWarning) -> list[str] | None:
    if warning.state is not State.REVIEW:
        return None
    return sorted(next_step(steps_of(catalogue, warning), warning.approvals) or ())


def content_view(content: Content) -> ContentView:
    """Return a content as it is answered."""
    plain = {name: getattr(content, name) for name in ContentView.model_fields if hasattr(content, name)}
    window = WindowView(begin=content.window.begin, end=content.window.end)
    said = {name: list(plain[name]) for name in ("supersedes", "beside", "left_out", "bound")}
    held = content.consultation and ConsultationView(**content.consultation.model_dump())
    return ContentView(**{**plain, **said, "window": window, "consultation": held}, texts_made=content.made)


def _manifest(manifest: Manifest) -> ManifestView:
    return ManifestView(
        sha256=manifest.sha256,
        registry_version=manifest.registry_version,
        count=manifest.count,
        towns=list(manifest.towns),
        villages=len(manifest.villages),
        villages_at_generated_positions=len(manifest.villages_at_generated_positions),
        channels=[ChannelCount(channel=c.channel, count=c.count) for c in manifest.channels],
    )


def _approval(approval: Approval) -> ApprovalView:
    return ApprovalView(by=approval.by, name=approval.name, at=approval.at, statement=approval.statement)
