"""A real Chromium for the tests, and the pictures that `make screenshots` keeps."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import FloatRect, Page, ViewportSize, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = [
    "--no-sandbox",  # root has no other way, and no page here is a stranger's
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--autoplay-policy=no-user-gesture-required",
]
DESKTOP = ViewportSize(width=1280, height=860)
PHONE = ViewportSize(width=390, height=844)


@asynccontextmanager
async def a_page(size: ViewportSize = DESKTOP) -> AsyncIterator[Page]:
    """Open a page in a browser of its own; skip the test when there is no Chromium."""
    program = next((found for name in NAMES if (found := shutil.which(name))), None)
    if program is None:
        pytest.skip("Chromium is missing: sudo apt-get install chromium fonts-noto-cjk")
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        context = await chromium.new_context(viewport=size, locale="zh-CN", timezone_id="Asia/Shanghai")
        yield await context.new_page()
        await chromium.close()


async def picture(page: Page, name: str, most: int | None = None) -> None:
    """Keep a picture of the page as it is, for desktop and phone, when YUTIAN_SCREENSHOTS says where.

    Of a long page, `most` pixels from its top.
    """
    folder = os.environ.get("YUTIAN_SCREENSHOTS")
    if not folder:
        return
    Path(folder).mkdir(parents=True, exist_ok=True)
    size = page.viewport_size
    for kind, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
        await page.set_viewport_size(viewport)
        height = await page.evaluate("document.documentElement.scrollHeight")
        whole = FloatRect(x=0, y=0, width=viewport["width"], height=min(height, most or height))
        await page.screenshot(path=f"{folder}/{name}-{kind}.png", full_page=True, clip=whole)
    if size is not None:
        await page.set_viewport_size(size)
