"""/links and `yutian channels test`: the roads as an operator sees them."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from lxml import html
from typer.testing import CliRunner

from contracts.values import Channel
from services.channels.command import channels
from services.channels.push import api, pages
from services.channels.push.adapter import Unwell
from services.channels.push.links import KEPT, Links
from services.kit.identity import csrf_token
from services.kit.problems import add_errors
from tests.channels.push.push_make import an_open_database
from tests.channels.push.test_links import INTERNAL, ByRole, Road
from tests.clock import HandClock

ROADS = (Channel.BROADCAST, Channel.CABLE)


class Page:
    """The page of two roads."""

    def __init__(self, app: FastAPI, http: httpx.AsyncClient, links: dict[Channel, Links]) -> None:
        self.app = app
        self.http = http
        self.links = links

    async def get(self, role: str = "operator", language: str = "zh") -> httpx.Response:
        return await self.http.get("/links", params={"lang": language}, headers={"cookie": f"yutian={role}"})

    async def press(self, role: str, csrf: str) -> httpx.Response:
        return await self.http.post("/links/test", data={"csrf": csrf}, headers={"cookie": f"yutian={role}"})


@pytest.fixture
async def page(database_url: str, clock: HandClock) -> AsyncIterator[Page]:
    """The page of two push houses in one process, on both databases."""
    app = FastAPI()
    for router in (api.router, pages.router):
        app.include_router(router)
    add_errors(app)
    houses = {channel: await an_open_database(database_url, channel, clock) for channel in ROADS}
    links = {channel: Links(houses[channel], Road(channel), 60) for channel in ROADS}
    app.state.parts = {str(channel): api.Parts(links[channel]) for channel in ROADS}
    app.state.sessions, app.state.internal_key = ByRole(), INTERNAL
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://ours") as http:
        yield Page(app, http, links)
    for db in houses.values():
        await db.close()


async def test_every_road_has_a_line_that_says_up_or_down_in_words(page: Page, clock: HandClock) -> None:
    assert (await page.get()).text.count("尚未检测") == 2
    for _ in range(3):
        await asyncio.gather(*(links.test() for links in page.links.values()))
        clock.move(180)
    page.links[Channel.CABLE].adapter.trouble = Unwell("the head-end does not answer in time")  # type: ignore[attr-defined]
    await page.links[Channel.CABLE].test()
    tree = html.fromstring((await page.get()).text)
    rows = [" ".join(row.text_content().split()) for row in tree.xpath("//tbody/tr")]
    assert rows[0].startswith("应急广播 ✓ 正常自 06-01 22:05")
    assert rows[1].startswith("有线电视 ✗ 中断自 06-01 22:14 有线电视前端没有及时应答")
    assert rows[1].endswith("4 次检测中 3 次正常")
    english = html.fromstring((await page.get(language="en")).text).text_content()
    assert "down" in english
    assert "3 of 4 tests went well" in english


async def test_an_operator_tests_now_and_nobody_else_does(page: Page) -> None:
    assert (await page.press("operator", csrf_token("operator"))).headers["location"] == "/links"
    assert None not in [await links.last() for links in page.links.values()]
    assert (await page.press("operator", "forged")).status_code == 403
    assert (await page.press("drafter", csrf_token("drafter"))).status_code == 403
    assert "/links/test" not in (await page.get("signer")).text
    assert (await page.get("auditor")).status_code == 403


async def test_single_tests_are_kept_for_some_days_and_told(page: Page, clock: HandClock) -> None:
    links = page.links[Channel.BROADCAST]
    await links.test()
    clock.move(KEPT.total_seconds() + 60)
    await links.test()
    head = {"authorization": f"Bearer {INTERNAL}"}
    told = (await page.http.get("/api/v1/links/broadcast/tests", headers=head)).json()["data"]
    assert [(one["up"], one["tested_at"]) for one in told] == [(True, "2026-06-08T22:06:00+08:00")]
    assert (await page.http.get("/api/v1/links/voice/tests", headers=head)).status_code == 404


async def _run(app: FastAPI, *words: str) -> Any:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        config = uvicorn.Config(app, log_config=None, lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[free]))
        while not server.started:
            await asyncio.sleep(0.01)
        where = ("--url", f"http://127.0.0.1:{free.getsockname()[1]}", "--token", INTERNAL)
        done = await asyncio.to_thread(CliRunner().invoke, channels, [*words, *where])
        server.should_exit = True
        await serving
    return done


async def test_the_command_tests_all_roads_and_prints_a_table(page: Page) -> None:
    good = await _run(page.app, "test")
    assert good.exit_code == 0, good.output
    assert all(word in good.output for word in ("broadcast", "cable", "up", "the road is open"))
    page.links[Channel.CABLE].adapter.trouble = Unwell("the head-end does not answer in time")  # type: ignore[attr-defined]
    bad = await _run(page.app, "test", "--output", "json")
    assert bad.exit_code == 1
    assert [link["up"] for link in json.loads(bad.output)["data"]] == [True, False]
    assert (await _run(page.app, "links")).exit_code == 1


def test_the_command_says_when_nobody_answers(tmp_path: Path) -> None:
    where = ("--url", "http://127.0.0.1:1", "--token", "x")
    done = CliRunner().invoke(channels, ["test", *where])
    assert done.exit_code == 1
    assert "do not answer" in str(done.exception)
