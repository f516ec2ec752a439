"""Search and exports in a real browser: sound in both widths, and a list that is fetched with a bar."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Page

from services.audit.actions import words as indexing
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import STATIONS, a_fact
from tests.audit.test_pages import fill, served, sound
from tests.browser import DESKTOP, PHONE

pytestmark = pytest.mark.browser

REASONS = (
    "雨量预报偏大，降级为橙色",
    "第二段写错了镇名，退回修改",
    "核对 13812345678 是否仍为责任人",
    "上游涨水，请改写防御指南",
)


async def index(audit: Asked) -> None:
    """Read everything into the index."""
    async with audit.book.db.transaction() as tx:
        await audit.book.leadership._claim_in(tx, indexing.LEASE)
    while await indexing.fold(audit.book.db, audit.book.leadership):
        pass


async def test_search_and_exports_are_sound_in_both_widths(
    page: Page, sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit, served(audit.app) as url:
        live, _ = await fill(audit)
        await audit.book.say(
            live.halted(),
            *(
                a_fact(kind="warning.returned", detail={"note": note}, actor="王芳", about="500110001001")
                for note in REASONS
            ),
        )
        await index(audit)
        await page.set_extra_http_headers({"Authorization": "Bearer auditor"})
        for path in (
            "/audit/search?q=写",
            "/audit/search?q=，。",
            "/audit/exports",
            "/audit/records",
            f"/audit/warnings/{live.warning_id}",
            f"/audit/stations/{STATIONS[0]}?year=2026",
        ):
            for size in (DESKTOP, PHONE):
                await page.set_viewport_size(size)
                await page.goto(f"{url}{path}")
                await sound(page)
        assert errors == []


async def test_a_list_is_fetched_with_a_bar_and_saved(
    page: Page, sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit, served(audit.app) as url:
        await audit.book.say(*(a_fact(n) for n in range(1200)))
        await page.set_extra_http_headers({"Authorization": "Bearer auditor"})
        await page.goto(f"{url}/audit/records")
        for form in ("csv", "xlsx", "jsonl"):
            async with page.expect_download() as coming:
                await page.click(f"a[href*='records.{form}']")
            file = tmp_path / f"list.{form}"
            await (await coming.value).save_as(file)
            await page.wait_for_function(
                "document.querySelector('output[data-status]').textContent.includes('完成')"
            )
            assert file.stat().st_size > 10_000
        assert (tmp_path / "list.csv").read_text("utf-8-sig").count("\n") >= 1201
        async with asyncio.timeout(30):
            while len(ended := await _ended(audit)) < 3:
                await asyncio.sleep(0.05)
        assert ended == [True] * 3


async def _ended(audit: Asked) -> list[bool]:
    """Return of each export that has ended whether it was whole."""
    return [f["detail"]["whole"] for f in await audit.facts() if f["kind"] == "audit.export-ended"]


async def test_what_cannot_be_fetched_says_why_beside_the_link(
    page: Page, sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit, served(audit.app) as url:
        await page.set_extra_http_headers({"Authorization": "Bearer auditor"})
        await page.goto(f"{url}/audit/records")
        audit.app.state.parts["audit"].leaving.now = 3
        await page.click("a[href*='records.csv']")
        async with asyncio.timeout(10):
            while "as many lists" not in await page.inner_text("output[data-status]"):
                await asyncio.sleep(0.05)


async def test_without_the_script_a_form_gives_the_file(
    page: Page, sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit, served(audit.app) as url:
        await audit.book.say(a_fact(), a_fact())
        await page.route("**/*.js", lambda route: route.abort())
        await page.set_extra_http_headers({"Authorization": "Bearer auditor"})
        await page.goto(f"{url}/audit/exports")
        async with page.expect_download() as coming:
            await page.click("button[formaction$='records.csv']")
        file = tmp_path / "list.csv"
        await (await coming.value).save_as(file)
        assert len(file.read_text("utf-8-sig").splitlines()) >= 3
