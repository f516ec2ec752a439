"""/links: how the roads to the partners are, for those who operate and those who issue."""

import asyncio
from dataclasses import dataclass

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse

from services.channels.push.api import Given
from services.channels.push.links import Links
from services.channels.push.store.links import Link, Test
from services.kit import pages
from services.kit.identity import needs

router = APIRouter(prefix="/links", tags=["links"])
SHOWN = 48
"""So many of the last tests are drawn."""


@dataclass(frozen=True)
class Road:
    """A road as the page shows it."""

    channel: str
    last: Link | None
    tests: list[Test]
    """The last tests, oldest first."""

    @property
    def good(self) -> int:
        """How many of the last tests went well."""
        return sum(test.up for test in self.tests)


@router.get(
    "",
    summary="How the roads to the partners are",
    response_class=HTMLResponse,
    dependencies=[Depends(needs("operator", "drafter", "checker", "signer"))],
)
async def show(request: Request, given: Given) -> HTMLResponse:
    """Show every road: up or down, since when, what was seen, and how the last tests went."""
    roads = [await _road(house) for house in given]
    return HTMLResponse(pages.render("channels/links.html", request=request, roads=roads))


@router.post("/test", summary="Test all roads now", dependencies=[Depends(needs("operator"))])
async def test(given: Given) -> RedirectResponse:
    """Test every road at once, and show what was seen."""
    await asyncio.gather(*(house.test() for house in given))
    return RedirectResponse("/links", status_code=303)


async def _road(house: Links) -> Road:
    tests = await house.history(SHOWN)
    return Road(house.channel, await house.last(), tests[::-1])
