"""Every page of the desk, Chinese on a desk and English on a phone: axe finds nothing serious."""

import pytest
from playwright.async_api import ViewportSize, expect

from tests.browser import DESKTOP, PHONE
from tests.desk.conftest import Duty
from tests.desk.test_story import approved, composed

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(300, func_only=True)]

SHEET = "/warnings/new?mode=live&hazard=11B03&level=RED"


LOOKS = pytest.mark.parametrize(
    ("size", "language"), [(DESKTOP, "zh"), (PHONE, "en")], ids=["desktop", "phone"]
)
"""Each language and each width once: axe takes a second for each look."""


@LOOKS
async def test_everybody_can_use_every_page(duty: Duty, size: ViewportSize, language: str) -> None:
    zhang, wang = await duty.person("zhang"), await duty.person("wang")
    review = await composed(zhang, mode="drill")
    standing = await composed(zhang)
    await approved(wang, standing)
    pages = {
        "home": "/",
        "list": "/warnings",
        "signals": "/warnings/new",
        "drill-signals": "/warnings/new?mode=drill",
        "compose": SHEET,
        "approve": review,
        "follow": standing,
    }
    looks = [(zhang, name) for name in pages] + [(wang, name) for name in ("home", "approve", "follow")]
    for seat, name in looks:
        await seat.page.set_viewport_size(size)
        page = await seat.open(f"{pages[name]}{'&' if '?' in pages[name] else '?'}lang={language}")
        if name in ("compose", "follow"):
            await expect(page.locator("#map .cell").first).to_be_visible()
        await seat.accessible()
        if size is DESKTOP and language == "zh":
            await seat.picture(name)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_what_is_wrong_can_be_found_by_everybody(duty: Duty, size: object) -> None:
    stranger = await duty.stranger(size)  # type: ignore[arg-type]
    await stranger.open("/sign-in")
    await stranger.accessible()
    await stranger.page.fill("#username", "nobody")
    await stranger.page.fill("#password", "wrong")
    await stranger.page.keyboard.press("Enter")
    await expect(stranger.page.locator("#errors")).to_be_visible()
    await stranger.accessible()
    zhang = await duty.person("zhang", size)  # type: ignore[arg-type]
    page = await zhang.open(SHEET)
    await page.fill("#begin", "25点")
    await page.click("button[value=save]")
    await expect(page.locator("#errors")).to_be_focused()
    await zhang.accessible()
    await zhang.picture("errors")
    await zhang.open("/warnings/00000000-0000-0000-0000-000000000000")
    await zhang.accessible()
