"""The registry's pages: what there is, where it lies, who is there."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from contracts.registry import registry_version
from services.kit.identity import Principal, needs
from services.kit.pages import render
from services.registry import store
from services.registry.api import READERS, Given

router = APIRouter(include_in_schema=False)


@router.get("/registry")
async def overview(
    request: Request, given: Given, _: Annotated[Principal, Depends(needs(*READERS))]
) -> HTMLResponse:
    """Show the towns with their counts."""
    towns = await store.page(given.db, store.TOWNS, "", 100)
    stations = await store.page(given.db, store.STATIONS, "", 10_000)
    rows = [
        {
            **town,
            "stations": [s for s in stations if s["village_code"].startswith(town["code"])],
        }
        for town in towns
    ]
    return HTMLResponse(
        render(
            "registry/overview.html",
            request=request,
            towns=rows,
            counts=await store.counts(given.db),
            version=registry_version(await store.addresses(given.db)),
        )
    )


@router.get("/registry/{town}")
async def town(
    request: Request, town: str, given: Given, _: Annotated[Principal, Depends(needs(*READERS))]
) -> HTMLResponse:
    """Show one town's villages and stations."""
    stations = {s["village_code"]: s for s in await store.page(given.db, store.STATIONS, "", 10_000)}
    villages = await store.page(given.db, store.VILLAGES, "", 1000, town_code=town)
    found = [t for t in await store.page(given.db, store.TOWNS, "", 100) if t["code"] == town]
    return HTMLResponse(
        render("registry/town.html", request=request, towns=found, villages=villages, stations=stations)
    )
