"""/api/v1/links: how the roads to the partners are, of all push houses that run in this process."""

import asyncio
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel

from contracts.values import Channel
from services.channels.push.links import Links
from services.channels.push.store.links import Link, Test
from services.kit.clock import beijing
from services.kit.errors import NotFound
from services.kit.identity import SERVICE, needs

router = APIRouter(prefix="/api/v1/links", tags=["links"])


@dataclass(frozen=True)
class Parts:
    """What the endpoints are given by each house."""

    links: Links


class LinkView(BaseModel):
    """What the last test of a road saw."""

    channel: str
    tested: bool
    up: bool
    seen: str
    tested_at: str | None = None
    since: str | None = None
    """Since when it has been up, or down."""
    took_ms: int | None = None


class LinksView(BaseModel):
    """All roads of the push houses in this process."""

    data: list[LinkView]


async def houses(request: Request) -> list[Links]:
    """Return the link tests of every push house that the app has put by."""
    return [part.links for part in request.app.state.parts.values() if isinstance(part, Parts)]


Given = Annotated[list[Links], Depends(houses)]


@router.get(
    "",
    summary="How the roads to the partners are",
    dependencies=[Depends(needs("operator", "drafter", "checker", "signer", SERVICE))],
)
async def show(given: Given) -> LinksView:
    """Return what the last link test of each channel saw."""
    return LinksView(data=[_view(house, await house.last()) for house in given])


@router.post("/test", summary="Test all roads now", dependencies=[Depends(needs("operator", SERVICE))])
async def test(request: Request, given: Given) -> LinksView:
    """Test the road to every partner at once; none waits for another, and nobody is disturbed."""
    request.state.long = True
    seen = await asyncio.gather(*(house.test() for house in given))
    return LinksView(data=[_view(house, link) for house, link in zip(given, seen, strict=True)])


class TestView(BaseModel):
    """What one test saw."""

    tested_at: str
    up: bool
    seen: str
    took_ms: int


class TestsView(BaseModel):
    """The last tests of one road, newest first."""

    data: list[TestView]


@router.get(
    "/{channel}/tests",
    summary="The last tests of a road",
    dependencies=[Depends(needs("operator", "drafter", "checker", "signer", SERVICE))],
)
async def show_tests(channel: Channel, given: Given) -> TestsView:
    """Return the last tests of the road to one channel's partner, newest first."""
    house = next((one for one in given if one.channel is channel), None)
    if house is None:
        raise NotFound("no house of this channel runs here")
    return TestsView(data=[_test_view(test) for test in await house.history()])


def _test_view(test: Test) -> TestView:
    return TestView(tested_at=beijing(test.tested_at), up=test.up, seen=test.seen, took_ms=test.took_ms)


def _view(house: Links, link: Link | None) -> LinkView:
    if link is None:
        return LinkView(channel=house.channel, tested=False, up=False, seen="not tested yet")
    return LinkView(
        channel=link.channel,
        tested=True,
        up=link.up,
        seen=link.seen,
        tested_at=beijing(link.tested_at),
        since=beijing(link.since),
        took_ms=link.took_ms,
    )
