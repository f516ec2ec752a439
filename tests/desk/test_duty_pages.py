"""Duty calls in a browser: district, town and amendments, in both widths; an answer in two clicks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from contracts.registry import StationEntry, VillageBlock
from contracts.values import StationClass
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from services.router.actions.copy import copy
from tests.audit.test_pages import served, sound
from tests.browser import DESKTOP, PHONE, a_page, picture
from tests.clock import HandClock
from tests.migrated import migrate
from tests.router.duty_make import FIRST, Tower, a_district_with_rosters, a_tower, phone_of
from tests.router.registry_make import NOON, TOWNS, changed
from tests.router.test_duty_api import app_of

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120, func_only=True)]


@asynccontextmanager
async def standing(url: str, folder: Path) -> AsyncIterator[Tower]:
    """Open a red warning that some places have not answered for ten minutes, and to which a school came."""
    clock, place = HandClock(NOON), url.format(name="router")
    keys = KeyFolder(folder / "keys")
    init_keys(keys)
    crypto = SoftwareCrypto(keys)
    await migrate(place, "services.router.migrations")
    db = Database("router", place, clock)
    tower = await a_tower(db, crypto, clock)
    await tower.publish()
    for second in (0, 60, 300, 601):
        await tower.at(second)
    await _a_school(tower)
    yield tower
    await db.close()


async def _a_school(tower: Tower) -> None:
    village = a_district_with_rosters()[FIRST]
    assert isinstance(village, VillageBlock)
    school = StationEntry(code="K-1", name="希望小学", station_class=StationClass.SCREEN, kind="key-unit")
    block = village.model_copy(update={"stations": (*village.stations, school)})
    async with tower.db.transaction() as tx:
        await copy(tx, changed(FIRST, block, tower.crypto, tower.clock.now()), tower.crypto)


async def _looked_at(page: Page, address: str, name: str) -> None:
    for size in (DESKTOP, PHONE):
        await page.set_viewport_size(size)
        await page.goto(address)
        await sound(page)
    await page.set_viewport_size(DESKTOP)
    await page.goto(address)
    await picture(page, name)


async def test_the_duty_pages_are_sound_and_an_answer_is_two_clicks(sqlite_url: str, tmp_path: Path) -> None:
    async with standing(sqlite_url, tmp_path) as tower, served(app_of(tower)) as url, a_page() as page:
        await page.context.add_cookies([{"name": "yutian", "value": "signer", "url": url}])
        await _looked_at(page, f"{url}/duty", "duty-district")
        await _looked_at(page, f"{url}/duty/{TOWNS[0]}", "duty-town")
        first = page.locator("section.duty").first
        await first.locator("summary").click()
        await first.get_by_role("button", name=f"{FIRST}-1", exact=True).click()
        await expect(page.locator("section.duty")).to_have_count(1)
        assert (await tower.duty(FIRST)).confirmed_by == f"{FIRST}-1"
        assert phone_of(f"{FIRST}-1") not in await page.content()


async def test_who_came_is_told_by_a_button_and_declined_with_a_reason(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with standing(sqlite_url, tmp_path) as tower, served(app_of(tower)) as url, a_page() as page:
        await page.context.add_cookies([{"name": "yutian", "value": "signer", "url": url}])
        await page.goto(f"{url}/duty")
        await page.get_by_role("link", name="计划之后新增的对象").first.click()
        await _looked_at(page, page.url, "duty-amendments")
        await page.get_by_role("button", name="不通知", exact=True).click()
        await expect(page.locator(".problem")).to_contain_text("没有填")
        await page.fill("#reason", "已由学校自行通知")
        await page.get_by_role("button", name="不通知", exact=True).click()
        await expect(page.locator("ol li")).to_contain_text("已由学校自行通知")
        await expect(page.locator("button[name=take]")).to_have_count(0)
