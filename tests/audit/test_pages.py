"""The auditor's pages in a real browser: axe finds nothing serious, and nothing is wider than the window."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
import uvicorn
from axe_playwright_python.async_playwright import Axe
from fastapi import FastAPI
from playwright.async_api import Page

from contracts.delivery import StationSeen
from contracts.message import Message
from contracts.outcome import TargetState
from contracts.values import Channel, Lane, Level, Mode
from services.audit.actions.watch import LEASE, Watched, round_of
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import (
    NOON,
    AWarning,
    a_fact,
    a_manifest,
    outcome,
)
from tests.audit.keeping_make import RULES
from tests.browser import DESKTOP, PHONE, picture
from tests.servers import free_port

STATIONS = tuple(f"5001100010{n:02d}" for n in range(60))
STATES = (TargetState.CONFIRMED,) * 40 + (TargetState.PLAYED,) * 15 + (TargetState.FAILED,) * 5
GRAVE = {"serious", "critical"}
PICTURES = {"/audit/alarms": "audit-alarms", "/audit/reconcile": "audit-reconcile"}
"""Of these pages: here something differs."""

pytestmark = pytest.mark.browser


def a_busy_warning() -> AWarning:
    """Return a warning for sixty stations and a thousand phones."""
    return AWarning(manifest=a_manifest(stations=STATIONS, phones=1000))


async def fill(audit: Asked) -> tuple[AWarning, AWarning]:
    """Record a live warning that is under way, and a drill that is over; return both."""
    one, live = TargetState, a_busy_warning()
    drill = AWarning(mode=Mode.DRILL, level=Level.ORANGE)
    told = [outcome(code, one.RECEIVED, 1 + n / 7) for n, code in enumerate(STATIONS[:55])]
    told += [outcome(c, s, 20 + n, "王建国") for n, (c, s) in enumerate(zip(STATIONS, STATES, strict=True))]
    tally = {state: STATES.count(state) for state in set(STATES)}
    await audit.book.say(live.published(), live.plan(), *live.requests())
    await audit.book.say(
        *(live.report(c.channel, {one.QUEUED: c.count}) for c in live.manifest.channels),
        live.report(Channel.STATION, tally, told),
        live.report(Channel.SMS, {one.RECEIVED: 800, one.SENT: 155, one.FAILED: 45}),
        a_fact(kind="warning.approved", warning_id=str(live.warning_id), source="10.31.1.2"),
        StationSeen(mode=Mode.LIVE, lane=Lane.ROUTINE, station=STATIONS[0], presence="offline", at=NOON),
        *drill.whole(),
        drill.cancelled(),
    )
    await _round(audit, live.report(Channel.SMS, {one.RECEIVED: 799, one.SENT: 155, one.FAILED: 45}))
    return live, drill


async def _round(audit: Asked, short: Message) -> None:
    """Let a report come that does not add up, and the audit find it by itself."""
    await audit.book.say(short)
    watched = Watched(audit.app.state.parts["audit"].stream, None, timedelta(seconds=60), 20, RULES)
    async with audit.book.db.transaction() as tx:
        await audit.book.leadership._claim_in(tx, LEASE)
    await round_of(audit.book.db, audit.book.leadership, watched)


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """Serve an app to the browser."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="error", lifespan="off"))
    task = asyncio.ensure_future(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await task


async def sound(page: Page) -> None:
    """Assert that axe finds nothing serious, and that the page is no wider than the window."""
    found = await Axe().run(page)
    grave = [
        (one["id"], [node["target"] for node in one["nodes"]])
        for one in found.response["violations"]
        if one["impact"] in GRAVE
    ]
    assert grave == [], page.url
    assert await page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, page.url


async def test_every_page_is_sound_in_both_widths(
    page: Page, sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit, served(audit.app) as url:
        live, drill = await fill(audit)
        await page.set_extra_http_headers({"Authorization": "Bearer auditor"})
        for path in (
            "/audit",
            f"/audit/warnings/{live.warning_id}",
            f"/audit/warnings/{drill.warning_id}",
            f"/audit/stations/{STATIONS[0]}?year=2026",
            "/audit/records",
            "/audit/records/9",
            "/audit/reconcile",
            "/audit/alarms",
        ):
            for size in (DESKTOP, PHONE):
                await page.set_viewport_size(size)
                await page.goto(f"{url}{path}")
                await sound(page)
            if path in PICTURES:
                await picture(page, PICTURES[path])
        assert errors == []


async def test_a_timeline_is_filtered_and_a_record_opened(
    page: Page, sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit, served(audit.app) as url:
        live, _ = await fill(audit)
        await page.set_extra_http_headers({"Authorization": "Bearer auditor"})
        await page.goto(f"{url}/audit")
        await page.click(f"a[href='/audit/warnings/{live.warning_id}']")
        await page.select_option("#kind", "plan.made")
        await page.click("form.filters button")
        rows = page.locator(".timeline tbody tr")
        assert await rows.count() == 1
        assert "计划形成" in await rows.inner_text()
        await rows.locator("a").first.click()
        assert "记录 2" in await page.inner_text("h1")
        assert live.manifest.sha256 in await page.inner_text("pre.tall")
