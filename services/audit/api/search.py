"""HTTP in, hits out: /api/v1/audit/search."""

from datetime import date, datetime, time, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from services.audit.actions.search import Answer, Asking, Found, Hit, search
from services.audit.api.parts import Auditor, Given
from services.audit.api.views import Time
from services.kit.clock import BEIJING
from services.kit.errors import Invalid

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

AROUND = 60
"""So many characters are shown before the first mark, and six times as many after it."""


class Piece(BaseModel):
    """A part of a text: one that was looked for is marked."""

    text: str
    marked: bool


class FoundText(BaseModel):
    """A text in which something stands, in pieces."""

    field: str
    pieces: list[Piece]

    @classmethod
    def of(cls, found: Found) -> "FoundText":
        """Return the view of a text: cut to the neighbourhood of its first mark."""
        begin = max(0, found.spans[0][0] - AROUND)
        end = min(len(found.text), found.spans[0][1] + 6 * AROUND)
        pieces, at = [Piece(text="…", marked=False)] if begin else [], begin
        for first, last in found.spans:
            if last > end:
                break
            pieces += [Piece(text=found.text[at:first], marked=False)] if first > at else []
            pieces.append(Piece(text=found.text[first:last], marked=True))
            at = last
        pieces += [Piece(text=found.text[at:end], marked=False)] if end > at else []
        pieces += [Piece(text="…", marked=False)] if end < len(found.text) else []
        return cls(field=found.field, pieces=pieces)


class HitView(BaseModel):
    """A record in which everything stands that was looked for."""

    position: int
    recorded_at: Time
    event_at: Time | None
    kind: str
    mode: str | None
    warning_id: str | None
    revision: int | None
    channel: str | None
    about: str | None
    about_name: str | None
    actor: str | None
    texts: list[FoundText] = Field(description="Phone numbers are masked")

    @classmethod
    def of(cls, hit: Hit, names: dict[str, str]) -> "HitView":
        """Return the view of a hit."""
        shared = (
            *("position", "recorded_at", "event_at", "kind", "mode"),
            *("warning_id", "revision", "channel", "about", "actor"),
        )
        texts = [FoundText.of(found) for found in hit.texts]
        about_name = names.get(hit.record["about"] or "")
        return cls(**{name: hit.record[name] for name in shared}, about_name=about_name, texts=texts)


class SearchPage(BaseModel):
    """A page of hits, newest first; `next` is the cursor of the page after it, even after an empty page."""

    data: list[HitView]
    has_more: bool
    next: str | None
    behind: int = Field(description="Records whose words are not indexed yet; a moment later they are")

    @classmethod
    def of(cls, answer: Answer) -> "SearchPage":
        """Return the view of an answer."""
        names = dict(answer.names)
        data = [HitView.of(hit, names) for hit in answer.hits]
        further = str(answer.next) if answer.next is not None else None
        return cls(data=data, has_more=further is not None, next=further, behind=answer.behind)


Day = Annotated[date | None, Query(description="A day in Beijing, YYYY-MM-DD; it is included")]


def asking(
    q: Annotated[str, Query(description="Words, numbers or Chinese; in quotation marks as one phrase")],
    kind: Annotated[str | None, Query(max_length=100)] = None,
    warning: Annotated[UUID | None, Query(description="Only of this warning")] = None,
    who: Annotated[str | None, Query(max_length=100, description="Only what this account said")] = None,
    since: Day = None,
    until: Day = None,
) -> Asking:
    """Return what is asked."""
    if since and until and until < since:
        raise Invalid("until", "is before since", "send the later day as until")
    return Asking(
        q=q,
        kind=kind or None,
        warning_id=str(warning) if warning else None,
        who=who or None,
        since=morning(since),
        until=morning(until, 1),
    )


Asked = Annotated[Asking, Depends(asking)]


def morning(day: date | None, later: int = 0) -> datetime | None:
    """Return when a day begins in Beijing, or so many days later; None for none, and beyond the calendar."""
    try:
        return datetime.combine(day + timedelta(later), time(), BEIJING) if day else None
    except OverflowError:
        return None


@router.get("/search", summary="Full text of reasons, newest first")
async def found(
    given: Given,
    _: Auditor,
    asked: Asked,
    after: Annotated[
        int | None, Query(ge=1, le=2**62, description="Cursor: `next` of the page before")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> SearchPage:
    """Return records in whose reasons, notes and texts all of it stands; words are marked."""
    return SearchPage.of(await search(given.db, asked, after, limit))
