"""Suspensions in the browser: a department allows one beforehand, and decides about another."""

from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import expect

from services.laptop.visitor import Visitor
from tests.desk.conftest import ONE_TOWN, Duty

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(300, func_only=True)]


async def belongs(duty: Duty, department: str) -> None:
    """Let an operator say for which department he speaks."""
    async with httpx.AsyncClient(base_url=duty.system.url, timeout=30) as http:
        token = (await Visitor(http).session_of(duty.accounts["qian"]))["token"]
        reply = await http.put(
            "/api/v1/departments/he",
            json={"department": department},
            headers={"authorization": f"Bearer {token}"},
        )
        assert reply.is_success, reply.text


@pytest_asyncio.fixture(loop_scope="session")
async def schools(duty: Duty) -> AsyncIterator[Duty]:
    """Everybody on duty, and an account of the education commission."""
    await belongs(duty, "education")
    yield duty
    await belongs(duty, "water")


async def test_a_department_allows_beforehand_and_decides(schools: Duty) -> None:
    he = await schools.person("he")
    page = await he.open("/suspensions/grants")
    await page.select_option("#rule", "icing-schools")
    await page.check("input[name=mode][value=drill]")
    await page.fill("#until", "12-31 20:00")
    await he.accessible()
    await page.click("form[action='/suspensions/grants'] button")
    await expect(page.locator(".rows .state").first).to_have_text("有效")
    await he.accessible()
    await he.picture("suspension-grants")
    zhang, li, wang = [await schools.person(name) for name in ("zhang", "li", "wang")]
    page = await zhang.open("/warnings/new?mode=drill&hazard=11B04&level=RED")
    await page.check(f"input[name=towns][value='{ONE_TOWN}']", force=True)
    await page.click("button[value=submit]")
    await expect(page.locator(".state").first).to_have_text("待批准")
    address = page.url.split("?")[0].removeprefix(zhang.url)
    for seat in (li, wang):
        page = await seat.open(f"{address}?lang=zh")
        await expect(page.locator("#follows-title")).to_be_visible()
        await page.check("#agreed")
        await page.fill("#typed", await page.inner_text("kbd"))
        await page.click("form[action$='/approve'] button")
        await page.wait_for_url(f"**{address}?revision=1")
    page = await he.open("/suspensions")
    await he.accessible()
    await he.picture("suspensions")
    await page.click(".rows .button >> nth=0")
    await he.accessible()
    await he.picture("suspension")
    await page.check("#agreed")
    await page.click("form[action$='/confirm'] button")
    await expect(page.locator("main")).to_contain_text("部门已确认")
