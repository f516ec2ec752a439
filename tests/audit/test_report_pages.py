"""The reports in a real browser and as PDF: sound in both widths, and nothing is said in one colour alone."""

from pathlib import Path

import pytest
from playwright.async_api import Page

from tests.audit.api_make import asked
from tests.audit.report_make import fill
from tests.audit.test_pages import served, sound
from tests.browser import DESKTOP, PHONE

pytestmark = pytest.mark.browser


async def test_every_report_is_sound_in_both_widths(
    page: Page, sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit, served(audit.app) as url:
        live, drill = await fill(audit)
        await page.set_extra_http_headers({"Authorization": "Bearer auditor"})
        for path in (
            "/audit/reports",
            f"/audit/warnings/{live.warning_id}/report",
            "/audit/months/2026-06",
            "/audit/drills",
            f"/audit/drills/{drill.warning_id}",
        ):
            for size in (DESKTOP, PHONE):
                await page.set_viewport_size(size)
                answer = await page.goto(f"{url}{path}")
                assert answer is not None
                assert answer.status == 200, path
                await sound(page)
        assert errors == []
