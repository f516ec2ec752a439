"""The desk in a real browser, over the whole system: from the signal to the last village, and back."""

import re

import pytest
from playwright.async_api import Page, expect

from tests.browser import PHONE
from tests.desk.conftest import ONE_TOWN, STATIONS, Duty, Seat

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(300, func_only=True)]
PATIENCE_MS = 180_000


async def composed(seat: Seat, level: str = "ORANGE", mode: str = "live") -> str:
    """Compose a rainstorm for one town and send it for approval; return its address."""
    page = await seat.open(f"/warnings/new?mode={mode}")
    await page.click(f".tile:has(h2:text-is('暴雨')) .level.{level}")
    await page.check(f"input[name=towns][value='{ONE_TOWN}']")
    await expect(page.locator("#reach")).to_contain_text(f"{STATIONS} 个村社区")
    await expect(page.locator("#short")).to_have_value(re.compile("古南街道"))
    await superseding(page)
    await page.click("button[value=submit]")
    await page.wait_for_url("**/warnings/*-*")
    return page.url.removeprefix(seat.url)


async def superseding(page: Page) -> None:
    """Say of what others left in force there that this one supersedes it."""
    for other in await page.locator("#others input[value=supersede]").all():
        await other.check()


async def approved(seat: Seat, address: str) -> Page:
    """Read, tick, type and approve."""
    return await agreed(await seat.open(address))


async def agreed(page: Page) -> Page:
    """Tick, type and approve what is shown."""
    await page.check("#agreed")
    await page.fill("#typed", await page.inner_text("kbd"))
    await page.click("#approve .actions button")
    await page.wait_for_url("**/warnings/*revision=*")
    return page


async def confirmed(page: Page) -> None:
    """Wait until the map and the bars show that every station has received it."""
    told = page.locator("#map .cell.delivered, #map .cell.confirmed")
    await expect(told).to_have_count(STATIONS, timeout=PATIENCE_MS)
    row = page.locator(".account tbody tr").first
    await expect(row.locator("td[data-label=已收到]")).to_have_text(str(STATIONS), timeout=PATIENCE_MS)


async def test_a_warning_from_the_signal_to_every_village_and_back(duty: Duty) -> None:
    zhang, wang = await duty.person("zhang"), await duty.person("wang")
    address = await composed(zhang)
    await expect(zhang.page.locator("main")).to_contain_text("拟稿人不能批准自己的预警")
    await wang.open("/")
    await expect(wang.page).to_have_title(re.compile(r"^\(\d+\) "))
    page = await approved(wang, address)
    await expect(page.locator(".state").first).to_have_text("生效中")
    await confirmed(page)
    await zhang.open("/")
    await expect(zhang.page.locator(f".card:has(a[href^='{address}'])")).to_contain_text(
        re.compile(r"目标 (\d+) · 已收到 \1 ")
    )
    await zhang.picture("home")
    await lifted(zhang, wang, address)


async def lifted(drafter: Seat, signer: Seat, address: str) -> None:
    """Lift a warning, and see that everybody is told."""
    page = await drafter.open(address)
    await page.click("summary:has-text('解除预警')")
    await page.click("button:has-text('拟解除')")
    await page.wait_for_url("**/warnings/*-*")
    await expect(page.locator("h1")).to_contain_text("解除")
    page = await approved(signer, address)
    await expect(page.locator(".state").first).to_have_text("生效中")
    await confirmed(page)
    await expect(page.locator(".revisions")).to_contain_text("首发 · 已解除")


async def test_red_needs_two_others_one_of_them_on_a_phone(duty: Duty) -> None:
    zhang, li, chen = await duty.person("zhang"), await duty.person("li", PHONE), await duty.person("chen")
    address = await composed(zhang, "RED")
    await li.open("/")
    await li.page.click("text=审阅并批准")
    page = await approved(li, address)
    await expect(page.locator(".state").first).to_have_text("待批准")
    page = await approved(chen, address)
    await expect(page.locator(".state").first).to_have_text("生效中")


async def test_a_drill_is_purple_and_never_public(duty: Duty) -> None:
    zhang, wang = await duty.person("zhang"), await duty.person("wang")
    address = await composed(zhang, mode="drill")
    await expect(zhang.page.locator(".drill-banner")).to_be_visible()
    page = await wang.open(address)
    await expect(page.locator("kbd")).to_have_text(f"演练 橙色 {STATIONS}")
    page = await approved(wang, address)
    await expect(page.locator(".state").first).to_have_text("生效中")
    await expect(page.locator(".account tbody tr").first).to_contain_text(str(STATIONS))
    await expect(page.locator(".account")).not_to_contain_text("公开数据源")


async def drawn(page: Page) -> None:
    """Draw a triangle on the map."""
    await expect(page.locator("#map .cell").first).to_be_visible()
    await page.locator("#map").scroll_into_view_if_needed()
    await page.click("[data-draw=polygon]")
    box = await page.locator("#map").bounding_box()
    assert box is not None
    for x, y in ((0.45, 0.55), (0.8, 0.5), (0.8, 0.75), (0.45, 0.55)):
        await page.mouse.click(box["x"] + box["width"] * x, box["y"] + box["height"] * y)


async def test_an_area_is_drawn_by_pointer_and_by_keyboard(duty: Duty) -> None:
    zhang = await duty.person("zhang")
    page = await zhang.open("/warnings/new?mode=live&hazard=11B03&level=YELLOW")
    await drawn(page)
    await expect(page.locator("#reach")).to_contain_text("点位未经测量")
    assert len((await page.input_value("#shapes")).splitlines()) == 1
    await page.focus("[data-draw=circle]")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Space")
    await page.keyboard.press("ArrowRight")
    await page.wait_for_timeout(500)  # Leaflet pans
    await page.keyboard.press("Space")
    assert (await page.input_value("#shapes")).splitlines()[1].startswith("circle ")


async def test_words_follow_the_form_until_somebody_writes_his_own(duty: Duty) -> None:
    zhang = await duty.person("zhang")
    page = await zhang.open("/warnings/new?mode=live&hazard=11B03&level=YELLOW")
    await page.click("#all-towns")
    await expect(page.locator("#reach")).to_contain_text("21 个镇街，381 个村社区")
    await page.check("input[name=level][value=RED]")
    await expect(page.locator("#headline")).to_have_value("綦江区气象台发布暴雨红色预警信号")
    await expect(page.locator("#slot-amount")).to_have_value("100")
    await page.fill("#headline", "自己的标题")
    await expect(page.locator("#by-hand")).to_be_visible()
    await page.check("input[name=level][value=ORANGE]")
    await expect(page.locator("#understood")).to_contain_text("50毫米")
    assert await page.input_value("#headline") == "自己的标题"
    await page.click("#remake")
    await expect(page.locator("#headline")).to_have_value("綦江区气象台发布暴雨橙色预警信号")


async def test_a_session_that_ended_costs_no_word(duty: Duty) -> None:
    zhang = await duty.person("zhang")
    page = await zhang.open("/warnings/new?mode=drill&hazard=11B03&level=YELLOW")
    await page.check(f"input[name=towns][value='{ONE_TOWN}']")
    await page.context.clear_cookies()
    await page.fill("#headline", "自己的标题")
    await page.click("button[value=save]")
    await expect(page.locator("#signed-out")).to_be_visible()
    again = await page.context.new_page()
    await again.goto(f"{zhang.url}/sign-in")
    await again.fill("#username", "zhang")
    await again.fill("#password", duty.passwords["zhang"])
    await again.keyboard.press("Enter")
    await again.wait_for_url(f"{zhang.url}/")
    await page.click("button[value=save]")
    await page.wait_for_url("**/warnings/*-*")
    await expect(page.locator("h1")).to_have_text("自己的标题")


async def test_the_desk_is_used_by_keyboard_alone(duty: Duty) -> None:
    zhang = await duty.person("zhang")
    page = await zhang.open("/")
    await page.keyboard.press("Tab")
    await expect(page.locator(".skip")).to_be_focused()
    await page.focus("a[href='/warnings/new']")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/warnings/new")
    await page.focus(".tile .level.RED >> nth=0")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**level=RED")
    await page.focus("#all-towns")
    await page.keyboard.press("Enter")
    await expect(page.locator("#ticked")).to_have_text("21")
    await page.focus("#begin")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("25点")
    await page.focus("button[value=save]")
    await page.keyboard.press("Enter")
    await expect(page.locator("#errors")).to_be_focused()
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.locator("#begin")).to_be_focused()
