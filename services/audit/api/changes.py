"""HTTP in, changes of the registry out: /api/v1/audit/warnings/{warning_id}/registry."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from services.audit.actions.changes import Before, Wanted, before_warning
from services.audit.api.cursors import Cursor, cursor_of, read_place
from services.audit.api.parts import Auditor, Given, Parts
from services.audit.api.views import Time
from services.audit.model.changes import Change

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

Days = Annotated[int, Query(ge=1, le=366, description="So many days before the approval")]
Number = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="The first one when none is named")]


class ChangeView(BaseModel):
    """One thing that was said of the registry."""

    position: int = Field(description="Of the record")
    recorded_at: Time
    at: Time
    kind: str = Field(description="A fact's kind; registry.block and registry.block-gone for blocks")
    block: bool
    thing: str | None
    name: str | None
    what: str | None = Field(description="Which kind of row")
    made_by: str | None
    confirmed_by: str | None = Field(description="The second person, where there was one")
    source: str | None
    counts: dict[str, int]
    touches: bool | None = Field(description="The warning's places or gateways; null when it cannot be told")

    @classmethod
    def of(cls, change: Change, names: dict[str, str]) -> "ChangeView":
        """Return the view of a change."""
        thing = (change.thing or "").rpartition(":")[2]
        return cls(name=names.get(thing) or names.get(f"{thing}000"), **vars(change))


class ChangePage(BaseModel):
    """What changed in the registry before a warning was approved, the newest first."""

    warning_id: str
    revision: int
    revisions: list[int]
    headline: str
    level: str
    mode: str
    approved_at: Time
    first: Time
    days: int
    towns: int = Field(description="Towns of the warning, as its plan says")
    villages: int
    counts: dict[str, int] = Field(description="How often each kind was recorded in these days, everywhere")
    data: list[ChangeView]
    has_more: bool
    next: str | None

    @classmethod
    def of(cls, found: Before) -> "ChangePage":
        """Return the view of a page."""
        revision, names = found.revision, dict(found.names)
        shared = ("warning_id", "revision", "headline", "level", "mode", "approved_at")
        return cls(
            revisions=list(found.revisions),
            first=found.first,
            days=found.days,
            towns=len(found.ground.towns),
            villages=len(found.ground.villages),
            counts=dict(found.counts),
            data=[ChangeView.of(change, names) for change in found.changes],
            has_more=found.next is not None,
            next=cursor_of(*found.next) if found.next else None,
            **{name: getattr(revision, name) for name in shared},
        )


@router.get("/warnings/{warning_id}/registry", summary="What changed in the registry before a warning")
async def listed(
    warning_id: UUID,
    given: Given,
    _: Auditor,
    revision: Number = None,
    days: Days = 7,
    touching: Annotated[bool, Query(description="Leave out what touched other places only")] = False,
    kind: Annotated[list[str] | None, Query(max_length=20)] = None,
    after: Cursor = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> ChangePage:
    """Return a page of what was recorded of the registry before the approval."""
    wanted = Wanted(revision, days, touching, tuple(kind or ()), read_place(after), limit)
    return await page_of(given, warning_id, wanted)


async def page_of(given: Parts, warning_id: UUID, wanted: Wanted) -> ChangePage:
    """Return a page of changes."""
    return ChangePage.of(await before_warning(given.db, str(warning_id), wanted))
