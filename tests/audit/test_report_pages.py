"""The reports in a real browser and as PDF: sound in both widths, and nothing is said in one colour alone."""

from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import Page

from contracts.outcome import TargetState
from contracts.values import Channel
from tests.audit.api_make import asked
from tests.audit.audit_make import STATIONS as AT
from tests.audit.audit_make import AWarning, outcome
from tests.audit.report_make import STATIONS, TOWN, address, block, fill, seen
from tests.audit.test_pages import served, sound
from tests.browser import DESKTOP, PHONE, picture

pytestmark = pytest.mark.browser
HOUR = timedelta(hours=1)


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


async def test_reports_of_an_odd_month_are_sound_in_both_widths(
    page: Page, sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    """A wrong clock, a village without anybody, a station that was heard late: each has its place."""
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit, served(audit.app) as url:
        village = {"kind": "village", "code": STATIONS[0], "name": "甲村", "town_code": TOWN[:9]}
        served_by = {**village, "stations": [{"code": STATIONS[59], "name": "乙站"}]}
        odd, state = AWarning(), TargetState
        told = [outcome(AT[0], state.CONFIRMED, -500), outcome(AT[1], state.RECEIVED, 4)]
        report = odd.report(Channel.STATION, {state.CONFIRMED: 1, state.RECEIVED: 1}, told)
        more = odd.published(), odd.plan(), *odd.requests(), report, seen(STATIONS[59], "online", -HOUR)
        await fill(audit, [*more, block(audit, served_by, -20)])
        pages = {"month": "/audit/months/2026-06", "warning": f"/audit{address(odd.warning_id)}"}
        for role in ("auditor", "drafter"):
            await page.set_extra_http_headers({"Authorization": f"Bearer {role}"})
            for name, path in pages.items():
                for size in (DESKTOP, PHONE):
                    await page.set_viewport_size(size)
                    await page.goto(f"{url}{path}")
                    assert await page.get_by_text("时钟有误").count() > 0
                    await sound(page)
                await page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
                await sound(page)
                await picture(page, f"odd-{name}-{role}")
