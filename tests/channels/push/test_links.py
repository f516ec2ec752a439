"""The roads to the partners: one listing for all push houses of a process, tested on demand."""

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from contracts.values import Channel
from services.channels.push import api
from services.channels.push.adapter import Unwell
from services.channels.push.links import Links
from services.kit.identity import Principal
from services.kit.problems import add_errors
from tests.channels.push.push_make import Scripted, an_open_database
from tests.clock import HandClock

INTERNAL = "the-internal-key"


class ByRole:
    """Sessions whose token is the role."""

    async def who(self, token: str) -> Principal | None:
        return Principal(token, token, frozenset({token})) if token != "nobody" else None


class Road(Scripted):
    """An adapter whose link test goes as a test wants it."""

    trouble: Exception | None = None

    async def probe(self) -> str:
        if self.trouble is not None:
            raise self.trouble
        return "the road is open"


class Faces:
    def __init__(self, http: httpx.AsyncClient, roads: dict[Channel, Road], clock: HandClock) -> None:
        self.http = http
        self.roads = roads
        self.clock = clock

    async def get(self, role: str = "operator") -> httpx.Response:
        return await self.http.get("/api/v1/links", headers={"authorization": f"Bearer {role}"})

    async def test(self, role: str = "operator") -> httpx.Response:
        return await self.http.post("/api/v1/links/test", headers={"authorization": f"Bearer {role}"})


def an_app(parts: dict[str, Any]) -> FastAPI:
    app = FastAPI()
    app.include_router(api.router)
    add_errors(app)
    app.state.parts = {"desk": SimpleNamespace(), **parts}
    app.state.sessions = ByRole()
    app.state.internal_key = INTERNAL
    return app


@pytest.fixture(params=[(Channel.BROADCAST, Channel.CABLE), (Channel.WECHAT,)], ids=["together", "alone"])
async def faces(request: pytest.FixtureRequest, tmp_path: Path, clock: HandClock) -> AsyncIterator[Faces]:
    """The listing of some houses in one process."""
    roads = {channel: Road(channel) for channel in request.param}
    url = f"sqlite:///{tmp_path}/{{name}}.db"
    houses = {channel: await an_open_database(url, channel, clock) for channel in roads}
    parts = {str(c): api.Parts(Links(houses[c], road, 60)) for c, road in roads.items()}
    transport = httpx.ASGITransport(an_app(parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://ours") as http:
        yield Faces(http, roads, clock)
    for db in houses.values():
        await db.close()


async def test_before_the_first_test_the_listing_says_so(faces: Faces) -> None:
    data = (await faces.get()).json()["data"]
    assert [(d["channel"], d["tested"], d["up"]) for d in data] == [(c, False, False) for c in faces.roads]


async def test_a_test_now_tells_of_every_road_and_is_remembered(faces: Faces) -> None:
    tested = (await faces.test()).json()
    assert all(d["up"] and d["seen"] == "the road is open" for d in tested["data"])
    assert {d["tested_at"] for d in tested["data"]} == {"2026-06-01T22:05:00+08:00"}
    assert (await faces.get()).json() == tested


async def test_a_road_that_is_down_is_told_and_does_not_hide_the_others(faces: Faces) -> None:
    down = next(iter(faces.roads))
    await faces.test()
    faces.clock.move(60)
    faces.roads[down].trouble = Unwell("the partner does not answer in time")
    data = {d["channel"]: d for d in (await faces.test()).json()["data"]}
    assert not data[down]["up"]
    assert data[down]["seen"] == "the partner does not answer in time"
    assert data[down]["since"] == "2026-06-01T22:06:00+08:00"
    for channel in faces.roads:
        assert data[channel]["up"] is (channel is not down)


async def test_a_bug_in_a_link_test_is_told_by_its_kind_alone(faces: Faces) -> None:
    for road in faces.roads.values():
        road.trouble = ValueError("13800000000")
    answer = await faces.test()
    assert "13800000000" not in answer.text
    assert all(d["seen"] == "the adapter failed: ValueError" for d in answer.json()["data"])


@pytest.mark.parametrize("role", ["operator", "drafter", "checker", "signer", INTERNAL])
async def test_who_issues_or_operates_may_see_the_roads(role: str, faces: Faces) -> None:
    assert (await faces.get(role)).status_code == 200


@pytest.mark.parametrize("role", ["auditor", "town-desk"])
async def test_others_may_not(role: str, faces: Faces) -> None:
    assert (await faces.get(role)).status_code == 403
    assert (await faces.test(role)).status_code == 403


async def test_only_an_operator_or_a_service_tests_now(faces: Faces) -> None:
    assert (await faces.test("drafter")).status_code == 403
    assert (await faces.test(INTERNAL)).status_code == 200
    assert (await faces.test("nobody")).status_code == 401
    assert (await faces.http.get("/api/v1/links")).status_code == 401
