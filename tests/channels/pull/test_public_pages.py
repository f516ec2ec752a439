"""The public pages in a real browser: without a script, for everybody, and what a worker shows of pushes."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.async_playwright import Axe
from fastapi import FastAPI
from playwright.async_api import Page

from services.channels.pull.feed import api
from services.channels.pull.feed.board import Board
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from services.kit.edge import Edge
from services.kit.http import STATIC
from services.kit.problems import add_errors
from tests.browser import PHONE, a_page, picture
from tests.channels.pull.feed_make import START, WARNING, FeedHouse, a_request
from tests.channels.pull.public_make import a_village, every_town
from tests.clock import HandClock
from tests.migrated import migrate

DESK = {"width": 1366, "height": 768}
pytestmark = pytest.mark.browser


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[str]:
    """The feed's pages on a port of their own, with a warning in force."""
    url = f"sqlite:///{tmp_path}/feed.db"
    await migrate(url, "services.channels.pull.feed.migrations")
    keys = KeyFolder(tmp_path / "keys")
    init_keys(keys)
    crypto, clock = SoftwareCrypto(keys), HandClock(START)
    db = Database("feed", url, clock)
    board = Board(db, "http://w.example")
    house = FeedHouse(db, clock, board, crypto, None)  # type: ignore[arg-type]
    await house.hear(*every_town(crypto), a_village(crypto), a_request())
    async with served(_app(db, board)) as address:
        yield address
    await db.close()


def _app(db: Database, board: Board) -> FastAPI:
    app = FastAPI()
    app.include_router(api.router)
    app.include_router(api.page)
    add_errors(app)
    app.mount("/static/kit", api.StaticFiles(directory=STATIC))
    app.add_middleware(Edge)
    app.state.parts = {"feed": api.Parts(db, board)}
    return app


@contextlib.asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    serving = asyncio.ensure_future(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


async def look(page: Page, name: str) -> None:
    """Let axe look at a page at both widths; nothing is wider than the window."""
    for size in (DESK, PHONE):
        await page.set_viewport_size(size)  # type: ignore[arg-type]
        found = await Axe().run(page)
        faults = [(one["id"], [n["target"] for n in one["nodes"]]) for one in found.response["violations"]]
        assert faults == [], name
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await page.evaluate(wide) <= 0, name
    await picture(page, name)


async def test_everybody_can_read_the_pages_at_both_widths_in_both_languages(site: str) -> None:
    async with a_page() as page:
        for name, path in (
            ("public", "/public"),
            ("public-en", "/public/en"),
            ("public-warning", f"/public/{WARNING}"),
            ("public-follow", "/public/follow"),
        ):
            await page.goto(f"{site}{path}")
            await look(page, name)


async def test_without_a_script_the_page_says_everything(site: str) -> None:
    async with a_page() as page:
        assert page.context.browser is not None
        context = await page.context.browser.new_context(java_script_enabled=False)
        plain = await context.new_page()
        await plain.goto(f"{site}/public")
        text = await plain.inner_text("main")
        assert await plain.locator("svg polygon.town").count() == 21
        assert "暴雨橙色预警" in text
        assert "避险" in text
        assert await plain.locator("svg polygon.town.ORANGE").count() == 1
        await plain.get_by_role("link", name="暴雨橙色预警").click()
        assert plain.url == f"{site}/public/{WARNING}"
        await context.close()


async def test_a_real_worker_shows_the_newest_word_whatever_comes_first(site: str) -> None:
    async with a_page() as page:
        await page.context.grant_permissions(["notifications"], origin=site)
        await page.goto(f"{site}/public/follow")
        registering = 'navigator.serviceWorker.register("/public/worker.js", {scope: "/public"})'
        await page.evaluate(f"{registering}.then(() => navigator.serviceWorker.ready).then(() => true)")
        push = await _pusher(page, site)
        await push(_said(2, over=True))
        await push(_said(1, over=False))
        shown = await _shown(page, 1)
        assert shown == [{"title": "第2次", "tag": str(WARNING)}]
        await push(_said(3, over=False))
        await page.wait_for_function(
            'async () => (await (await navigator.serviceWorker.getRegistration("/public"))'
            '.getNotifications())[0]?.title === "第3次"'
        )


def _said(revision: int, *, over: bool) -> dict[str, Any]:
    return {
        "id": str(WARNING),
        "revision": revision,
        "halted": False,
        "over": over,
        "urgency": "high",
        "language": "zh-CN",
        "title": f"第{revision}次",
        "body": "避险",
        "url": f"/public/{WARNING}",
        "sent": "2026-06-01T22:05:00+08:00",
        "expires": "2099-06-02T04:05:00+08:00",
    }


async def _pusher(page: Page, site: str) -> Any:
    """Return what hands a message to the worker as the browser does when its push service brings one."""
    session = await page.context.new_cdp_session(page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(r["registrationId"] for r in event["registrations"]),
    )
    await session.send("ServiceWorker.enable")
    while not found:
        await page.wait_for_timeout(20)

    async def push(said: dict[str, Any]) -> None:
        message = {"origin": site, "registrationId": found[-1], "data": json.dumps(said)}
        await session.send("ServiceWorker.deliverPushMessage", message)
        kept = f"/public/pushed/{said['id']}"
        looking = f'async () => !!(await (await caches.open("yutian-push")).match("{kept}"))'
        await page.wait_for_function(looking)

    return push


async def _shown(page: Page, count: int) -> list[dict[str, str]]:
    """Return what stands in the browser, once there is so much."""
    asking = (
        'async () => (await (await navigator.serviceWorker.getRegistration("/public")).getNotifications())'
        ".map((n) => ({title: n.title, tag: n.tag}))"
    )
    while len(found := await page.evaluate(asking)) < count:
        await page.wait_for_timeout(20)
    shown: list[dict[str, str]] = found
    return shown
