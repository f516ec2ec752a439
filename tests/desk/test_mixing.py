"""Mixed colours and a correction in the browser: seen by the approver, issued together."""

import pytest
from playwright.async_api import expect

from tests.desk.conftest import Duty
from tests.desk.test_story import approved

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(300, func_only=True)]


async def test_some_towns_of_another_colour_and_a_correction(duty: Duty) -> None:
    zhang, wang = await duty.person("zhang"), await duty.person("wang")
    page = await zhang.open("/warnings/new?mode=live&hazard=11B06&level=ORANGE")
    for town in ("500110001", "500110002", "500110003"):
        await page.check(f"input[name=towns][value='{town}']", force=True)
    await page.click("button[value=save]")
    await page.wait_for_url("**/warnings/*-*")
    address = page.url.split("?")[0].removesuffix("/edit").removeprefix(zhang.url)
    page = await zhang.open(f"{address}?lang=zh")
    await page.click("summary:has-text('部分镇街另定颜色')")
    await zhang.accessible()
    await zhang.picture("split")
    await page.check("input[name=towns][value='500110002']")
    await page.select_option("#split-level", "YELLOW")
    await page.click("button:has-text('拆分')")
    await page.wait_for_url("**/edit")
    page = await zhang.open(address)
    await page.click("form[action$='/submit'] button")
    await expect(page.locator(".state").first).to_have_text("待批准")
    page = await wang.open(f"{address}?lang=zh")
    await expect(page.locator("#together-title")).to_be_visible()
    await wang.accessible()
    await wang.picture("together")
    await approved(wang, address)
    page = await zhang.open(address)
    await page.click("summary:has-text('发布更正')")
    await page.fill("#reason-correct", "数字有误")
    await zhang.accessible()
    await page.click("form[action$='/correct'] button")
    await expect(page.locator("h1")).to_contain_text("更正")
