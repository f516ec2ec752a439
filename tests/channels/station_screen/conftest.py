"""A village office with a screen, in a real Chromium; skipped when there is none."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from playwright.async_api import Page, ViewportSize, async_playwright, expect

from services.kit.crypto import KeyFolder
from services.kit.xmlsig import init_cap_keys
from tests.browser import ARGUMENTS, NAMES
from tests.channels.pull.stations_make import Replica, a_replica, codes
from tests.channels.station_screen.screen_make import DESK, Office, an_office

SLOWEST_MS = 60_000
"""What a page is given before it is called broken: other tests share the two processors."""

expect.set_options(timeout=SLOWEST_MS)

Opening = Callable[..., Awaitable[Page]]


@pytest.fixture
async def house(sqlite_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Replica]:
    """A running house that knows two stations, and the keys with which warnings are signed."""
    init_cap_keys(KeyFolder(tmp_path / "keys"))
    async with a_replica(sqlite_url, clean_nats_url, tmp_path) as replica:
        await replica.enrol(codes(2))
        yield replica


@pytest.fixture
async def office(house: Replica) -> AsyncIterator[Office]:
    """That house behind a network that can be cut."""
    async with an_office(house) as office:
        yield office


@pytest.fixture
async def browser_page(office: Office) -> AsyncIterator[Opening]:
    """Open a page in a profile of its own; at the end none asked for anything outside, and none failed."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("Chromium is missing: sudo apt-get install chromium fonts-noto-cjk")
    outside: list[str] = []
    errors: list[str] = []
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)

        async def open_page(size: ViewportSize = DESK) -> Page:
            context = await chromium.new_context(
                viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai", reduced_motion="reduce"
            )
            context.set_default_timeout(SLOWEST_MS)
            context.on("request", lambda r: None if r.url.startswith(office.url) else outside.append(r.url))
            context.on("weberror", lambda found: errors.append(str(found.error)))
            return await context.new_page()

        yield open_page
    assert outside == []
    assert errors == []
