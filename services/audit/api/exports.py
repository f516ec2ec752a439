"""HTTP in, a list out: /api/v1/audit/exports/{list}.{form}."""

from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BeforeValidator, Field

from contracts.values import Channel, Mode
from services.audit.actions.exports import MEDIA, Export
from services.audit.actions.lists import LISTS
from services.audit.actions.lists.listing import Filters, Listing
from services.audit.api.leaving import FileAnswer, stopping, unless_over
from services.audit.api.parts import Auditor, Given, Parts, left
from services.audit.api.records import MOST
from services.audit.api.search import Day, asking
from services.kit.clock import BEIJING
from services.kit.errors import Invalid, NotFound
from services.kit.identity import Principal
from services.kit.pages import language_of, said

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

Named = Annotated[str | None, Query(max_length=100)]
Empty = BeforeValidator(lambda given: None if given == "" else given)
"""A form sends a field that is empty; it narrows nothing."""

_UUID = Annotated[UUID | None, Empty, Query(description="Id of a warning")]
_Station = Annotated[
    Annotated[str, Field(pattern=r"^\d{12}$")] | None, Empty, Query(description="Twelve digits")
]
_Year = Annotated[
    Annotated[int, Field(ge=2000, le=2200)] | None, Empty, Query(description="station: this year by default")
]
_After = Annotated[
    Annotated[int, Field(ge=0, le=MOST)] | None,
    Empty,
    Query(description="records, timeline: beyond this one"),
]


def narrowed(
    after: _After = None,
    kind: Named = None,
    about: Named = None,
    warning: _UUID = None,
    channel: Annotated[Channel | None, Empty] = None,
    gateway: Named = None,
    station: _Station = None,
    year: _Year = None,
    mode: Annotated[Mode | None, Empty] = None,
    q: Annotated[str | None, Query(description="search: as there")] = None,
    who: Named = None,
    since: Annotated[Day, Empty] = None,
    until: Annotated[Day, Empty] = None,
) -> tuple[Filters, int | None]:
    """Return by what a list is narrowed, and the year."""
    period = asking(q or "", since=since, until=until)
    names = {"kind": kind, "about": about, "gateway": gateway, "station": station, "q": q, "who": who}
    found = Filters(
        after=after,
        warning=str(warning) if warning else None,
        channel=channel.value if channel else None,
        mode=mode.value if mode else None,
        since=period.since,
        until=period.until,
        **{name: value for name, value in names.items() if value},
    )
    return found, year


def of_a_year(listing: Listing, given: Filters, year: int | None, now: datetime) -> Filters:
    """Return the filters with the year of a station, this one and live by default."""
    if listing.name != "station":
        if year is not None:
            raise Invalid("year", "does not narrow this list", "send it with a station")
        return given
    if given.since or given.until:
        return given
    this = year or now.astimezone(BEIJING).year
    first, last = (datetime(y, 1, 1, tzinfo=BEIJING) for y in (this, this + 1))
    return replace(given, mode=given.mode or Mode.LIVE.value, since=first, until=last)


@router.get(
    "/exports/{name}.{form}",
    summary="A list as a file",
    response_class=StreamingResponse,
    responses={200: {"content": {media: {} for media in MEDIA.values()}, "description": "The file"}},
)
async def fetch(
    request: Request,
    name: str,
    form: str,
    given: Given,
    someone: Auditor,
    narrow: Annotated[tuple[Filters, int | None], Depends(narrowed)],
) -> StreamingResponse:
    """Stream a list of one moment; that it was asked for is a fact before, and how it ended is one after.

    Lists: records, timeline (warning), targets (warning), deliveries (warning or gateway), station (station,
    year), search (q). The last line of JSON Lines says `end`; a file that was broken off ends its connection.
    """
    listing = listing_of(name, form)
    filters = of_a_year(listing, *narrow, given.db.clock.now())
    listing.check(filters)
    heads = [said(column.head, language_of(request)) for column in listing.columns]
    export = Export(given.db, listing, form, filters, heads, given.leaving.folder)
    request.state.long = True
    given.leaving.begin()
    end = partial(_end, request, given, someone, export)
    try:
        await unless_over(request, export.open())
    except BaseException:
        await end()
        raise
    return FileAnswer(export.pieces(), stopping(request), end, MEDIA[form], _headers(export))


async def _end(request: Request, given: Parts, someone: Principal, export: Export) -> None:
    export.close()
    given.leaving.free()
    await left(request, given, someone, export.ended())


def listing_of(name: str, form: str) -> Listing:
    """Return a list that can be had in a form; raise NotFound when there is none."""
    if name not in LISTS:
        raise NotFound("there is no such list", mend=f"ask for one of {', '.join(LISTS)}")
    if form not in MEDIA:
        raise NotFound("a list has no such form", mend=f"ask for one of {', '.join(MEDIA)}")
    return LISTS[name]


def _headers(export: Export) -> dict[str, str]:
    name = f"{export.listing.name}-{export.upto}.{export.form}"
    headers = {"content-disposition": f'attachment; filename="{name}"', "cache-control": "no-store"}
    if export.estimated is not None:
        headers["x-rows-estimated"] = str(export.estimated)
    if export.length is not None:
        headers["content-length"] = str(export.length)
    return headers
