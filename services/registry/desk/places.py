"""Pages of places: the district, a town, a village, and what wants looking after."""

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from contracts.registry import registry_version
from services.kit.pages import render
from services.registry import publishing, store
from services.registry.api.given import Given, Keeper, Reader
from services.registry.api.lists import STALE_DAYS, Day, branch
from services.registry.store import search, stale
from services.registry.store.search import Wanted

router = APIRouter(include_in_schema=False)

Code = Annotated[str, Query(pattern=r"^\d{6,12}$")]


@router.get("/registry")
async def overview(request: Request, given: Given, someone: Reader) -> HTMLResponse:
    """Show the towns with their counts."""
    day = store.today(given.db.clock.now())
    towns = await search.listed(given.db, "towns", Wanted(day=day), "", 1000)
    stations = await search.listed(given.db, "stations", Wanted(day=day), "", 10_000)
    rows = [
        {**town, "stations": [one for one in stations if one["village_code"].startswith(town["code"])]}
        for town in towns
    ]
    return HTMLResponse(
        render(
            "registry/overview.html",
            request=request,
            towns=rows,
            counts=await store.counts(given.db),
            version=registry_version(await store.addresses(given.db)),
            waiting=await publishing.due(given.db),
            keeps=someone.has("operator", "town-desk"),
        )
    )


@router.get("/registry/stale")
async def stale_page(
    request: Request, given: Given, someone: Keeper, days: Annotated[int, Query(ge=1, le=3650)] = STALE_DAYS
) -> HTMLResponse:
    """Show what wants looking after."""
    kept = timedelta(days=days)
    places = Wanted(under=someone.town or "", day=store.today(given.db.clock.now()))
    towns = await search.listed(given.db, "towns", places, "", 1000)
    values = {
        "found": await stale.counted(given.db, kept, someone.town),
        "days": days,
        "ages": await stale.ages(given.db, someone.town),
        "names": {row["code"]: row["name"] for row in towns},
        "old": given.db.clock.now() - kept,
    }
    return HTMLResponse(render("registry/stale.html", request=request, **values))


@router.get("/registry/places/{code}")
async def place(request: Request, given: Given, someone: Reader, code: str, day: Day = "") -> HTMLResponse:
    """Show a place of the tree and what lies in it, today or on another day."""
    shown = await branch(given, someone, code, day)
    return HTMLResponse(render("registry/place.html", request=request, day=day, code=code, **shown))


@router.get("/registry/{town}")
async def town(request: Request, town: str, given: Given, _: Reader) -> HTMLResponse:
    """Show one town's villages and stations."""
    day = store.today(given.db.clock.now())
    here = Wanted(under=town, day=day)
    stations: dict[str, list[Any]] = {}
    for row in await search.listed(given.db, "stations", here, "", 10_000):
        stations.setdefault(row["village_code"], []).append(row)
    villages = await search.listed(given.db, "villages", here, "", 1000)
    found = await search.listed(given.db, "towns", Wanted(equal=(("code", town),), day=day), "", 1)
    return HTMLResponse(
        render("registry/town.html", request=request, towns=found, villages=villages, stations=stations)
    )
