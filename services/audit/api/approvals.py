"""HTTP in, approvals out: /api/v1/audit/approvals."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from contracts.values import Level, Mode
from services.audit.actions.approvals import Approvals, approved
from services.audit.api.cursors import Cursor, cursor_of, read_cursor
from services.audit.api.gateways import From, To
from services.audit.api.parts import Auditor, Given, Parts
from services.audit.api.views import Time
from services.audit.model.approval import Act, Story
from services.audit.model.period import period_of
from services.audit.store.approvals import Place, Wanted
from services.kit.errors import Invalid
from services.kit.masking import masked

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])


class ActView(BaseModel):
    """What somebody did, as a fact says it."""

    position: int = Field(description="Of the record")
    act: str
    person: str | None
    source: str | None = Field(description="From which address")
    at: Time
    content_sha256: str | None
    manifest_sha256: str | None
    note: str

    @classmethod
    def of(cls, act: Act) -> "ActView":
        """Return the view of an act; a phone number that somebody wrote into a note is not shown."""
        shared = ("position", "act", "person", "source", "at", "content_sha256", "manifest_sha256")
        return cls(note=masked(act.note), **{name: getattr(act, name) for name in shared})


class ApprovalView(BaseModel):
    """Who approved one revision."""

    warning_id: str
    revision: int
    verb: str
    mode: str
    level: str
    hazard: str
    hazard_name: str
    headline: str
    approved_at: Time
    said_at: Time
    approved_by: list[str] = Field(description="Names in the publication")
    content_sha256: str
    manifest_sha256: str
    drafters: list[ActView]
    submitted: ActView | None
    approvals: list[ActView] = Field(description="Those that count, in order: checker, then signer")
    void: list[ActView] = Field(description="Approvals that a change made void, or that came after")
    reviews: list[ActView]
    emergency: bool = Field(description="By the emergency flow, as the facts say")
    different: bool | None = Field(description="Drafter and approvers were different people; null: not told")
    part_of: str | None
    note: bool = Field(description="A town's note, which nobody else approves")
    disagreements: list[str] = Field(description="Where facts and publication differ: stable codes")

    @classmethod
    def of(cls, found: Story) -> "ApprovalView":
        """Return the view of a story."""
        revision = found.revision
        shared = ("warning_id", "revision", "verb", "mode", "level", "hazard", "hazard_name", "headline")
        times = ("approved_at", "said_at", "approved_by", "content_sha256", "manifest_sha256")
        lists = {
            name: [ActView.of(act) for act in getattr(found, name)]
            for name in ("drafters", "approvals", "void", "reviews")
        }
        return cls(
            submitted=ActView.of(found.submitted) if found.submitted else None,
            emergency=found.emergency,
            different=found.different,
            part_of=found.part_of,
            note=found.note,
            disagreements=list(found.disagreements),
            **lists,
            **{name: getattr(revision, name) for name in (*shared, *times)},
        )


class ApprovalPage(BaseModel):
    """A page of approvals, the newest first."""

    data: list[ApprovalView]
    has_more: bool
    next: str | None

    @classmethod
    def of(cls, found: Approvals) -> "ApprovalPage":
        """Return the view of a page."""
        return cls(
            data=[ApprovalView.of(one) for one in found.stories],
            has_more=found.next is not None,
            next=cursor_of(*found.next) if found.next else None,
        )


@router.get("/approvals", summary="Who approved: warnings with the facts of their approval")
async def listed(
    given: Given,
    _: Auditor,
    first: From = None,
    to: To = None,
    person: Annotated[
        str | None, Query(max_length=100, description="Account of whoever had part in it")
    ] = None,
    level: Level | None = None,
    hazard: Annotated[str | None, Query(max_length=8)] = None,
    mode: Mode | None = None,
    emergency: Annotated[bool | None, Query(description="Only by the emergency flow, or only not")] = None,
    after: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ApprovalPage:
    """Return a page of approvals."""
    begin, end = bounds(given, first, to)
    return await page_of(given, Wanted(begin, end, person, level, hazard, mode, emergency), after, limit)


def bounds(given: Parts, first: date | None, to: date | None) -> tuple[datetime | None, datetime | None]:
    """Return the moments between which somebody asks; none when he names no day."""
    if first is None and to is None:
        return None, None
    period = period_of(first, to, given.db.clock.now())
    return (period.first if first else None), period.last


async def page_of(given: Parts, wanted: Wanted, after: str, limit: int) -> ApprovalPage:
    """Return a page of approvals beyond a cursor."""
    return ApprovalPage.of(await approved(given.db, wanted, _place(after), limit))


def _place(text: str) -> Place | None:
    found = read_cursor(text, 2)
    if found is None:
        return None
    at, (warning_id, revision) = found
    try:
        return at, str(UUID(warning_id)), min(int(revision), 2**31 - 1)
    except ValueError:
        raise Invalid("after", "is not a cursor", "send `next` of the page before, unchanged") from None
