"""Composing in a real browser: draw, see reach and looks, put by and put in, import, answer who warns too."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, ViewportSize, expect

from contracts import cap
from contracts.values import Level, Mode, Place
from contracts.warning import Notice, WarningText
from tests.desk.conftest import Duty
from tests.desk.test_access import LOOKS
from tests.desk.test_story import approved, drawn, superseding

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(300, func_only=True)]
SHEET = "/warnings/new?mode=live&hazard=11B14&level=YELLOW"


def the_citys_warning() -> str:
    """Return a message of the city's station about lightning in one town, by our own writer."""
    now = datetime.now(UTC).replace(microsecond=0)
    notice = Notice(
        identifier=f"50000041600000_{now:%Y%m%d%H%M%S}_0",
        hazard="11B14",
        hazard_name="雷电",
        hazard_name_en="Lightning",
        level=Level.ORANGE,
        sender_code="50000041600000",
        sender_name="重庆市气象台",
        sent=now,
        effective=now,
        expires=now + timedelta(hours=3),
        text=WarningText(
            headline="重庆市气象台发布雷电橙色预警信号",
            description="预计未来2小时有雷电。",
            instruction="请进屋躲避。",
            short="预计未来2小时有雷电。",
        ),
        areas=(Place(code="500110006000", name="新盛街道"),),
    )
    return cap.write(cap.compose(notice, cap.MsgType.ALERT, Mode.LIVE)).decode()


async def test_a_drawn_area_shows_whom_it_reaches_and_how_it_will_look(duty: Duty) -> None:
    zhang = await duty.person("zhang")
    page = await zhang.open(SHEET)
    await drawn(page)
    await expect(page.locator("#reach")).to_contain_text("计费")
    await expect(page.locator("#reach")).to_contain_text("区域外也会收到")
    looks = page.locator("#looks")
    await expect(looks.locator(".bubble").first).to_contain_text("【綦江区气象台】")
    for aloud in ("再播报一遍", "现在播报气象预警"):
        await expect(looks.locator(".spoken", has_text=aloud).first).to_be_visible()
    await expect(looks.locator(".fields-look")).to_contain_text("20 字")
    assert await looks.locator(".crawl p").evaluate("e => getComputedStyle(e).animationName") == "none"
    await page.fill("#short", "预计有雷电，请进屋躲避。" * 14)
    await expect(looks.locator(".faults")).to_contain_text("会被截短")
    await zhang.picture("compose-looks")


async def saved(page: Page, button: str) -> None:
    """Put something by, and wait for the page that says so: the form first looks whether it may leave."""
    async with page.expect_navigation():
        await page.click(f"button[value={button}]")
    await expect(page.locator(".done")).to_contain_text("已保存")


async def test_phrases_and_areas_are_put_by_and_in_with_one_click(duty: Duty) -> None:
    zhang = await duty.person("zhang")
    page = await zhang.open(SHEET)
    await page.check("input[name=towns][value='500110007']")
    await page.click("summary:has-text('保存为常用区域')")
    await page.fill("#area-name", "通惠")
    await saved(page, "save-area")
    await page.click("summary:has-text('保存常用语')")
    await page.fill("#phrase-name", "进屋")
    await page.fill("#phrase-text", "请立即进屋。")
    await saved(page, "save-phrase")
    await page.goto(f"{zhang.url}{SHEET}")
    await page.click("button:text-is('通惠')")
    await expect(page.locator("input[name=towns][value='500110007']")).to_be_checked()
    await expect(page.locator("#description")).to_have_value(re.compile("通惠街道"))
    await page.focus("#instruction")
    await page.click("[data-phrase]")
    await expect(page.locator("#instruction")).to_have_value(re.compile("请立即进屋。"))
    await expect(page.locator("#by-hand")).to_be_visible()
    await page.fill("#names", "通会街道")
    await expect(page.locator("#reach")).to_contain_text("是不是 通惠街道")
    await zhang.open("/saved")
    await zhang.accessible()
    await zhang.picture("saved")


async def test_the_citys_warning_is_imported_by_paste_and_asked_about(duty: Duty) -> None:
    zhang = await duty.person("zhang")
    page = await zhang.open("/warnings/import")
    await page.fill("#cap", the_citys_warning())
    await page.click("main button.primary")
    await expect(page.locator("main")).to_contain_text("已存为草稿")
    await zhang.accessible()
    await zhang.picture("imported")
    await page.goto(f"{zhang.url}{SHEET}")
    await page.check("input[name=towns][value='500110006']")
    others = page.locator("#others .other")
    await expect(others.last).to_contain_text("重庆市气象台")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("#errors")).to_contain_text("正在生效")
    await zhang.accessible()
    for other in await others.all():
        await other.locator("input[value=keep]").check()
        await other.locator(".why input").fill("我区更早")
    await page.focus("#begin")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_url("**/warnings/*-*")
    await expect(page.locator("#grounds-title + dl")).to_contain_text("我区更早")
    await zhang.accessible()


async def test_the_same_again_in_another_colour(duty: Duty) -> None:
    zhang, wang = await duty.person("zhang"), await duty.person("wang")
    page = await zhang.open("/warnings/new?mode=drill&hazard=11B15&level=ORANGE")
    await page.check("input[name=towns][value='500110003']")
    await expect(page.locator("#short")).to_have_value(re.compile("三江街道"))
    await superseding(page)
    await page.click("button[value=submit]")
    await page.wait_for_url("**/warnings/*-*")
    await approved(wang, page.url.removeprefix(zhang.url))
    await zhang.open("/warnings/earlier?mode=drill&q=冰雹")
    await page.click("a:text-is('照此再拟') >> nth=0")
    await expect(page.locator("input[name=towns][value='500110003']")).to_be_checked()
    await page.check("input[name=level][value=RED]")
    await expect(page.locator("#headline")).to_have_value(re.compile("红色"))
    await expect(page.locator("#others")).to_contain_text("冰雹橙色")


@LOOKS
async def test_everybody_can_begin_in_every_way(duty: Duty, size: ViewportSize, language: str) -> None:
    zhang = await duty.person("zhang", size)
    joint = "/warnings/new?mode=drill&product=joint&hazard=11D01&level=YELLOW"
    for path in ("/warnings/new", "/warnings/earlier", "/warnings/import", "/saved", joint):
        await zhang.open(f"{path}{'&' if '?' in path else '?'}lang={language}")
        await zhang.accessible()
