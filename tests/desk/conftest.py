"""A whole system for the browser tests: every service, a bus, and the stations of one town."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect

from services.laptop.visitor import Visitor
from tests.browser import ARGUMENTS, DESKTOP, NAMES, PHONE
from tests.flows.conftest import seeded
from tests.flows.system import System
from tests.servers import CannotBring, NatsServer

__all__ = ["seeded"]

ONE_TOWN = "500110001"
STATIONS = 23
"""Those of the first town."""

GRAVE = {"serious", "critical"}

SLOWEST_MS = 60_000
"""What a page is given before it is called broken: other tests share the two processors."""

expect.set_options(timeout=SLOWEST_MS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let all stories run on one event loop, so that they share one browser."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent) and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium; without one, these tests are skipped before anything is started for them."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("Chromium is missing: sudo apt-get install chromium fonts-noto-cjk")
    return program


@pytest.fixture(scope="package")
def town(
    chromium: str, tmp_path_factory: pytest.TempPathFactory, seeded: Callable[[System], Awaitable[None]]
) -> Iterator[System]:
    """A running system in which the stations of one town listen; it ends with the last story."""
    folder = tmp_path_factory.mktemp("browser")
    (folder / "nats").mkdir()
    nats = NatsServer(folder / "nats")
    try:
        nats.start()
    except CannotBring as why:
        pytest.skip(str(why))
    system = System(folder / "system", nats, stations=STATIONS)
    try:
        asyncio.run(seeded(system))
        asyncio.run(_start(system))
        yield system
    finally:
        asyncio.run(system.stop())
        nats.kill()


async def _start(system: System) -> None:
    await system.start_in_one()
    await system.start_world()


@dataclass
class Seat:
    """Somebody's browser, of his own: what it asked for outside, what went wrong in it."""

    page: Page
    url: str
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    async def open(self, path: str) -> Page:
        """Open a page of the system."""
        await self.page.goto(f"{self.url}{path}")
        return self.page

    async def picture(self, name: str) -> None:
        """Keep pictures for desktop and phone, when YUTIAN_SCREENSHOTS says where."""
        folder = os.environ.get("YUTIAN_SCREENSHOTS")
        if not folder:
            return
        await asyncio.to_thread(Path(folder).mkdir, parents=True, exist_ok=True)
        before = self.page.viewport_size or DESKTOP
        for kind, size in (("desktop", DESKTOP), ("phone", PHONE)):
            await self.page.set_viewport_size(size)
            await self.page.wait_for_timeout(300)
            await self.page.screenshot(path=f"{folder}/{name}-{kind}.png", full_page=True)
        await self.page.set_viewport_size(before)

    async def accessible(self) -> None:
        """Assert that axe finds nothing serious, and that the page is no wider than the window."""
        found = await Axe().run(self.page)
        grave = [
            (one["id"], one["help"], [node["target"] for node in one["nodes"]])
            for one in found.response["violations"]
            if one["impact"] in GRAVE
        ]
        assert grave == [], self.page.url
        assert await self.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, (
            self.page.url
        )


class Duty:
    """The people on duty, each with a browser."""

    def __init__(self, browser: Browser, system: System) -> None:
        self.browser = browser
        self.system = system
        self.accounts = {a["username"]: a for a in system.credentials()["accounts"]}
        self.passwords = {name: account["password"] for name, account in self.accounts.items()}
        self.seats: list[Seat] = []

    async def stranger(self, size: ViewportSize = DESKTOP) -> Seat:
        """Return a browser in which nobody is signed in."""
        context = await self.browser.new_context(
            viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce"
        )
        context.set_default_timeout(SLOWEST_MS)
        seat = Seat(await context.new_page(), self.system.url)
        seat.page.on("request", lambda r: _outside(seat, r.url))
        seat.page.on("pageerror", lambda error: seat.errors.append(str(error)))
        self.seats.append(seat)
        return seat

    async def person(self, username: str, size: ViewportSize = DESKTOP) -> Seat:
        """Return somebody who has signed in; by his first session, because each code is good once."""
        seat = await self.stranger(size)
        if username not in self.system.tokens:
            async with httpx.AsyncClient(base_url=seat.url, timeout=30) as http:
                found = await Visitor(http).session_of(self.accounts[username])
            self.system.tokens[username] = found["token"]
        cookie = {"name": "yutian", "value": self.system.tokens[username], "url": seat.url}
        await seat.page.context.add_cookies([cookie])  # type: ignore[list-item]
        await seat.open("/")
        return seat


def _outside(seat: Seat, url: str) -> None:
    if not url.startswith((seat.url, "data:", "blob:")):
        seat.outside.append(url)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium_process(chromium: str) -> AsyncIterator[Browser]:
    """The one browser in which everybody has a profile of his own."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def duty(town: System, chromium_process: Browser) -> AsyncIterator[Duty]:
    """Everybody on duty; at the end no page has asked for anything outside, and no script has failed."""
    people = Duty(chromium_process, town)
    yield people
    for seat in people.seats:
        await seat.page.context.close()
    assert [url for seat in people.seats for url in seat.outside] == []
    assert [error for seat in people.seats for error in seat.errors] == []
