"""The timeline's picture and the map of outcomes in a real browser: the slider moves, counts change."""

import math
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from playwright.async_api import Page, expect

from contracts.outcome import TargetState
from contracts.values import Channel
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import AWarning, a_manifest, outcome
from tests.audit.folder_make import a_folder, acts, unpacked, worded
from tests.audit.test_pages import served, sound
from tests.browser import DESKTOP, PHONE

TOWNS = 21
VILLAGES = tuple(f"5001101{town:02d}{n:03d}" for town in range(TOWNS) for n in range(1, 19))
STATIONS = VILLAGES

Case = tuple[Asked, AWarning, str]
"""An audit, a warning in it, and where its pages are."""

pytestmark = pytest.mark.browser


def a_cell(x: float, y: float, size: float) -> list[list[float]]:
    """Return a square in degrees."""
    corners = ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))
    return [[106.5 + (x + size * a) / 60, 28.6 + (y + size * b) / 60] for a, b in corners]


def a_feature(code: str, name: str, x: float, y: float, size: float) -> dict[str, Any]:
    """Return one cell of a map."""
    ring = a_cell(x, y, size)
    middle = [sum(c[n] for c in ring[:4]) / 4 for n in (0, 1)]
    return {
        "type": "Feature",
        "properties": {"code": code, "name": name, "quality": "approximate", "point": middle},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }


def a_district() -> dict[str, dict[str, Any]]:
    """Return towns in a grid, each of eighteen villages."""
    towns, villages = [], []
    for number in range(TOWNS):
        x, y = 5.2 * (number % 5), 5.2 * (number // 5)
        towns.append(a_feature(f"5001101{number:02d}", f"镇{number + 1}", x, y, 5.0))
        for n in range(1, 19):
            place = (x + (n - 1) % 5, y + (n - 1) // 5)
            villages.append(a_feature(f"5001101{number:02d}{n:03d}", f"村{n}", *place, 1.0))
    return {
        "towns": {"type": "FeatureCollection", "features": towns},
        "villages": {"type": "FeatureCollection", "features": villages},
    }


def with_map(app: FastAPI) -> None:
    """Let the registry's map be answered beside the audit."""
    district = a_district()
    app.add_api_route("/api/v1/registry/map.geojson", lambda kind: district[kind])


async def fill(audit: Asked) -> AWarning:
    """Record a warning for a whole district: most are reached within seconds, some are silent, some fail."""
    one = TargetState
    warning = AWarning(manifest=a_manifest(stations=STATIONS, phones=1000))
    told = [outcome(code, one.QUEUED, 0.2) for code in STATIONS]
    for n, code in enumerate(STATIONS):
        if n % 29 == 7:
            continue
        if n % 37 == 3:
            told.append(outcome(code, one.FAILED, 60 + n / 9))
            continue
        told.append(outcome(code, one.RECEIVED, 1 + 6 * abs(math.sin(n))))
        if n % 3:
            told.append(outcome(code, one.PLAYED, 9 + n / 40))
        if n % 5:
            told.append(outcome(code, one.CONFIRMED, 30 + n * 0.7, "王建国"))
    await audit.book.say(*acts(warning)[:2], warning.published(), warning.plan(), *warning.requests())
    for begin in range(0, len(told), 900):
        tally = {one.RECEIVED: len(STATIONS)}
        await audit.book.say(warning.report(Channel.STATION, tally, told[begin : begin + 900]))
    town = outcome("500110001000", one.PLAYED, 9)
    await audit.book.say(
        warning.report(Channel.BROADCAST, {one.PLAYED: 1}, [town]),
        warning.report(Channel.SMS, {one.RECEIVED: 800, one.SENT: 155, one.FAILED: 45}),
        worded(warning),
        *acts(warning)[2:],
        warning.halted(),
    )
    return warning


@pytest.fixture
async def audit(sqlite_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Case]:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as found:
        with_map(found.app)
        warning = await fill(found)
        async with served(found.app) as url:
            yield found, warning, url


@asynccontextmanager
async def quiet(page: Page) -> AsyncIterator[None]:
    """Fail when the console says anything."""
    errors: list[str] = []
    page.on("console", lambda message: errors.append(message.text))
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.set_extra_http_headers({"Authorization": "Bearer auditor"})
    yield
    assert errors == []


async def shown(page: Page) -> dict[str, int]:
    """Return the counts beside the map."""
    rows = await page.locator("#legend [data-state]").all()
    return {
        str(await row.get_attribute("data-state")): int(await row.locator("td").inner_text()) for row in rows
    }


async def test_the_map_and_the_timeline_are_sound_in_both_widths(page: Page, audit: Case) -> None:
    _, warning, url = audit
    async with quiet(page):
        for path in ("", "/map?at=2026-06-01T12:01:30"):
            for size in (DESKTOP, PHONE):
                await page.set_viewport_size(size)
                await page.goto(f"{url}/audit/warnings/{warning.warning_id}{path}")
                if path:
                    await page.wait_for_selector("#replay[data-ready]")
                await sound(page)


async def test_the_slider_moves_the_map_and_the_counts(page: Page, audit: Case) -> None:
    found, warning, url = audit
    async with quiet(page):
        await page.goto(f"{url}/audit/warnings/{warning.warning_id}/map?at=2026-06-01T12:00:00")
        await page.wait_for_selector("#replay[data-ready]")
        assert (await shown(page))["waiting"] == len(STATIONS)
        assert await page.locator(".district .village.s-waiting").count() == len(VILLAGES)
        await page.focus("#step")
        for _ in range(5):
            await page.keyboard.press("ArrowRight")
        after = await shown(page)
        assert sum(after.values()) == len(STATIONS)
        assert after["received"] > 0
        at = await page.get_attribute("#clock", "datetime")
        told = await found.json(f"/warnings/{warning.warning_id}/outcomes", at=at)
        assert after == told["counts"], "what the browser counts is what the service counts"
        assert await page.locator(".district .village.s-received").count() == after["received"]
        await page.keyboard.press("End")
        end = await shown(page)
        assert end["waiting"] == 0
        assert end["failed"] > 0
        assert await page.locator(".squares .s-failed").count() == end["failed"]


async def test_the_replay_plays_and_pauses_by_the_keyboard(page: Page, audit: Case) -> None:
    _, warning, url = audit
    async with quiet(page):
        await page.emulate_media(reduced_motion="no-preference")
        await page.goto(f"{url}/audit/warnings/{warning.warning_id}/map")
        await page.wait_for_selector("#replay[data-ready]")
        await page.select_option("#speed", "600")
        await page.focus("#play")
        await page.keyboard.press("Enter")
        assert await page.inner_text("#play") == "暂停"
        await expect(page.locator("#step")).to_have_value(re.compile(r"^([4-9]|\d\d+)$"))
        await page.keyboard.press("Enter")
        assert await page.inner_text("#play") == "播放"
        stands = await page.input_value("#step")
        assert "已收到" in await page.inner_text("#said")
        await page.select_option("#speed", "1")
        assert await page.input_value("#step") == stands


async def test_without_a_script_the_form_shows_the_moment(page: Page, audit: Case) -> None:
    _, warning, url = audit
    browser = page.context.browser
    assert browser is not None
    context = await browser.new_context(java_script_enabled=False, viewport=PHONE, locale="zh-CN")
    plain = await context.new_page()
    await plain.set_extra_http_headers({"Authorization": "Bearer auditor"})
    await plain.goto(f"{url}/audit/warnings/{warning.warning_id}/map")
    end = await shown(plain)
    assert end["waiting"] == 0
    await plain.fill("#at", "2026-06-01T12:00:00")
    await plain.click("#moment-form button")
    assert (await shown(plain))["waiting"] == len(STATIONS)
    assert not await plain.is_visible(".slider")
    await context.close()


async def test_another_channel_colours_the_towns(page: Page, audit: Case) -> None:
    _, warning, url = audit
    async with quiet(page):
        await page.goto(f"{url}/audit/warnings/{warning.warning_id}/map")
        await page.wait_for_selector("#replay[data-ready]")
        await page.select_option("#channel", "broadcast")
        await page.click("#moment-form button")
        await page.wait_for_selector("#replay[data-ready]")
        assert (await shown(page))["played"] == 1


async def test_when_the_registry_is_away_the_squares_remain(
    page: Page, sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as found, served(found.app) as url:
        warning = await fill(found)
        await page.set_extra_http_headers({"Authorization": "Bearer auditor"})
        await page.goto(f"{url}/audit/warnings/{warning.warning_id}/map")
        await page.wait_for_selector("#replay[data-ready]")
        assert "地图未能取得" in await page.inner_text("#district")
        assert await page.locator(".squares .square").count() == len(STATIONS)


async def test_on_a_phone_the_records_are_cards_and_the_timeline_a_list(page: Page, audit: Case) -> None:
    _, warning, url = audit
    async with quiet(page):
        await page.set_viewport_size(PHONE)
        await page.goto(f"{url}/audit/warnings/{warning.warning_id}")
        wide = "(e) => e.scrollWidth - e.parentElement.clientWidth"
        assert await page.locator("table.timeline").evaluate(wide) <= 0
        assert await page.is_visible(".phone-list li")
        assert not await page.is_visible("svg.story")
        await page.set_viewport_size(DESKTOP)
        assert await page.is_visible("svg.story")


async def test_a_folders_index_is_read_offline(page: Page, audit: Case, tmp_path: Path) -> None:
    found, warning, _ = audit
    folder = unpacked(await a_folder(found.book, warning), tmp_path / "case")
    asked_for: list[str] = []
    page.on("request", lambda request: asked_for.append(request.url))
    for size in (DESKTOP, PHONE):
        await page.set_viewport_size(size)
        await page.goto(f"file://{folder}/index.html")
        await sound(page)
    assert all(address.startswith("file://") for address in asked_for)
