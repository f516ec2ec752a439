"""Changing what is in force, in the browser: a clash at approval, colours raised and lifted together."""

import re

import pytest
from playwright.async_api import expect

from tests.browser import PHONE
from tests.desk.conftest import Duty, Seat
from tests.desk.test_story import agreed, approved

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(300, func_only=True)]
TOWN, OTHER = "500110002", "500110003"


async def sent(seat: Seat, hazard: str, *towns: str, do: str = "submit") -> str:
    """Compose a drill for some towns; return its address."""
    page = await seat.open(f"/warnings/new?mode=drill&hazard={hazard}&level=ORANGE")
    for town in towns:
        await page.check(f"input[name=towns][value='{town}']")
    await expect(page.locator("#reach")).to_contain_text("个村社区")
    await page.click(f"button[value={do}]")
    await page.wait_for_url(re.compile(r"/warnings/[0-9a-f]{8}-"))
    return page.url.removeprefix(seat.url).split("?")[0].removesuffix("/edit")


async def test_people_are_counted_by_group_and_operator_while_composing(duty: Duty) -> None:
    zhang = await duty.person("zhang")
    page = await zhang.open("/warnings/new?mode=live&hazard=11B14&level=ORANGE")
    await page.check(f"input[name=towns][value='{TOWN}']")
    table = page.locator(".grouped table")
    await expect(table).to_contain_text("责任人")
    await expect(table).to_contain_text("移动")
    await zhang.accessible()
    await zhang.picture("compose-reach")


async def test_a_clash_that_arose_while_it_waited_is_answered_on_a_phone(duty: Duty) -> None:
    zhang, wang = await duty.person("zhang"), await duty.person("wang")
    first, second = [await sent(zhang, "11B14", TOWN) for _ in range(2)]
    await approved(wang, first)
    chen = await duty.person("chen", PHONE)
    page = await chen.open(second)
    clash = page.locator("#clashes fieldset")
    await expect(clash).to_contain_text("雷电橙色")
    await chen.accessible()
    await chen.picture("clash")
    await clash.locator("input[type=checkbox]").check()
    await clash.locator(".why input").fill("两股强对流，时段不同")
    await agreed(page)
    await expect(page.locator(".state").first).to_have_text("生效中")
    await expect(page.locator(".steps")).to_contain_text("两股强对流，时段不同")


async def mixed(zhang: Seat, wang: Seat) -> str:
    """Bring an orange drill into force, one town of it yellow; return its address."""
    address = await sent(zhang, "11B03", TOWN, OTHER, do="save")
    page = await zhang.open(address)
    await page.click("summary:has-text('部分镇街另定颜色')")
    await page.check(f"input[name=towns][value='{OTHER}']")
    await page.select_option("#split-level", "YELLOW")
    await page.click("button:has-text('拆分')")
    await page.wait_for_url("**/edit")
    page = await zhang.open(address)
    await page.click("form[action$='/submit'] button")
    await expect(page.locator(".state").first).to_have_text("待批准")
    page = await wang.open(address)
    await expect(page.locator("kbd")).to_have_text(re.compile(r"^演练 橙色 \d+ 黄色 \d+$"))
    await wang.picture("approve-mixed")
    await approved(wang, address)
    return address


async def test_colours_are_raised_from_the_desk_and_lifted_together(duty: Duty) -> None:
    zhang, wang = await duty.person("zhang"), await duty.person("wang")
    address = await mixed(zhang, wang)
    for name, path in (("home-acts", "/"), ("wall-acts", "/wall")):
        await zhang.open(path)
        await zhang.accessible()
        await zhang.picture(name)
    page = await zhang.open("/")
    await page.click(f".card:has(a[href^='{address}']) button:has-text('升级为红色')")
    await page.wait_for_url("**/edit?level=RED")
    await expect(page.locator("#headline")).to_have_value(re.compile("升级为红色"))
    await expect(page.locator("#en_headline")).to_have_value(re.compile("Red"))
    page = await zhang.open(f"{address}?revision=1")
    await page.click("summary:has-text('解除预警')")
    await zhang.accessible()
    await zhang.picture("lift-all")
    await page.click("button:has-text('拟解除全部颜色')")
    await expect(page.locator("h1")).to_contain_text("解除")
    page = await approved(wang, address)
    await expect(page.locator(".state").first).to_have_text("生效中")
    await expect(page.locator("#together-title")).to_be_visible()
    await page.click("[aria-labelledby=together-title] a")
    await expect(page.locator("h1")).to_contain_text("解除")
