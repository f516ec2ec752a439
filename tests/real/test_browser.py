"""The browser that page tests drive is real, and has Chinese letters."""

from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.browser import picture

WIDTH = "document.getElementById('word').getBoundingClientRect().width"


@pytest.mark.browser
async def test_a_page_shows_chinese(page: Page) -> None:
    await page.set_content("<h1 style='font-size:40px'><span id=word>暴雨红色预警</span></h1>")
    assert await page.evaluate("navigator.language") == "zh-CN"
    assert await page.evaluate(WIDTH) == pytest.approx(240, abs=2)


@pytest.mark.browser
async def test_pictures_are_kept_only_on_request(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await page.set_content("<h1>御天</h1>")
    monkeypatch.delenv("YUTIAN_SCREENSHOTS", raising=False)
    await picture(page, "desk")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("YUTIAN_SCREENSHOTS", str(tmp_path))
    await picture(page, "desk")
    assert {p.name for p in tmp_path.iterdir()} == {"desk-desktop.png", "desk-phone.png"}
