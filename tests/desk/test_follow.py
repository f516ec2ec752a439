"""Following a warning in a real browser: bell, bus away, every village, halt, wall, change of shift."""

import re

import pytest
from playwright.async_api import ViewportSize, expect

from tests.browser import PHONE
from tests.desk.conftest import Duty, Seat
from tests.desk.test_story import approved, composed, confirmed, lifted

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(300, func_only=True)]
PATIENCE_MS = 180_000
WALL = ViewportSize(width=1920, height=1080)


async def test_what_waits_for_me_rings_and_badges_the_tab_on_every_page(duty: Duty) -> None:
    zhang, wang = await duty.person("zhang"), await duty.person("wang", PHONE)
    page = await wang.open("/warnings")
    await page.click("#bell button")
    await expect(page.locator("#bell button")).to_have_text("铃声：开")
    before = int(await page.locator("#bell").get_attribute("data-rung") or 0)
    address = await composed(zhang)
    await expect(page.locator(f"#rings a[href='{address}']")).to_be_visible(timeout=10_000)
    await expect(page).to_have_title(re.compile(r"^\(\d+\) "))
    assert str(await page.locator("link[rel=icon]").get_attribute("href")).startswith("data:image/svg")
    await expect(page.locator("#bell")).not_to_have_attribute("data-rung", str(before))
    await wang.accessible()
    await page.click("#bell button")
    await expect(page.locator("#bell button")).to_have_text("铃声：关")
    await page.reload()
    await expect(page.locator("#bell button")).to_have_text("铃声：关")
    await page.click("#bell button")
    page = await approved(wang, address)
    await expect(page.locator(".state").first).to_have_text("生效中")
    await expect(page.locator(f"#rings a[href='{address}']")).to_have_count(0)


async def test_a_warning_is_approved_while_the_bus_is_away_and_goes_out_when_it_is_back(duty: Duty) -> None:
    zhang, wang, wall = await duty.person("zhang"), await duty.person("wang"), await duty.person("li", WALL)
    address = await composed(zhang)
    await wall.open("/wall")
    duty.system.nats.kill()
    try:
        page = await approved(wang, address)
        await expect(page.locator(".state").first).to_have_text("生效中")
        await zhang.open("/")
        await expect(zhang.page.locator(".troubles")).to_contain_text("消息总线没有应答")
        await expect(wall.page.locator(".is-spooled")).to_contain_text("尚未发出")
        await page.reload()
        await expect(page.locator("#not-out")).to_contain_text("尚未发出")
    finally:
        duty.system.nats.start()
    await expect(wall.page.locator(".is-spooled")).to_have_count(0, timeout=PATIENCE_MS)
    await page.reload()
    await expect(page.locator("#not-out")).to_have_count(0)
    await confirmed(page)


async def test_a_warning_is_followed_to_every_village_halted_reviewed_and_lifted(duty: Duty) -> None:
    zhang, wang, li = await duty.person("zhang"), await duty.person("wang"), await duty.person("li")
    address = await composed(zhang)
    page = await approved(wang, address)
    await confirmed(page)
    await expect(page.locator("#story")).to_contain_text("批准")
    await zhang.open(address)
    await zhang.page.fill("#comment", "雷达回波正在加强")
    await zhang.page.click(".comment button")
    await expect(page.locator("#story")).to_contain_text("雷达回波正在加强")
    await wang.page.click("summary:has-text('停发')")
    await wang.page.fill("#reason-halt", "区域有误")
    await wang.page.click("button.danger:has-text('停发')")
    await expect(wang.page.locator(".state").first).to_have_text("已停发")
    reviewed = await li.open(address)
    await reviewed.click("summary:has-text('复核')")
    await reviewed.check("input[name=verdict][value=right]")
    await reviewed.fill("#note-halt", "处置及时")
    await reviewed.click("button:has-text('签署复核')")
    await expect(reviewed.locator("#review-halt")).to_contain_text("处置正确")
    await lifted(zhang, wang, address)


async def test_the_wall_is_live_needs_no_scrolling_and_says_when_it_is_cut_off(duty: Duty) -> None:
    zhang, wang, wall = await duty.person("zhang"), await duty.person("wang"), await duty.person("li", WALL)
    page = await wall.open("/wall")
    address = await composed(zhang, mode="drill")
    await approved(wang, address)
    card = page.locator(f".card:has(a[href^='{address}'])")
    await expect(card.locator(".drill-word")).to_have_text("演练")
    assert await page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
    await wall.accessible()
    await wall.picture("wall")
    await page.context.set_offline(True)
    await expect(page.locator("#lost")).to_be_visible(timeout=20_000)
    await page.context.set_offline(False)
    await expect(page.locator("#lost")).to_be_hidden(timeout=20_000)


async def test_a_shift_is_handed_over_and_papers_are_kept(duty: Duty) -> None:
    zhang, wang, li = await duty.person("zhang"), await duty.person("wang"), await duty.person("li", PHONE)
    address = await composed(zhang, mode="drill")
    await approved(wang, address)
    page = await zhang.open("/handover")
    await expect(page.locator("#in-force")).to_be_visible()
    await page.fill("#note", "关注赶水")
    await page.click("button:has-text('签名交班')")
    await page.wait_for_url("**/handover/*")
    await li.open(page.url.removeprefix(zhang.url))
    await li.page.fill("#remark", "已阅")
    await li.page.click("button:has-text('接班')")
    await expect(li.page.locator(".signatures")).to_contain_text("李强")
    for seat in (zhang, li):
        await looked_at(seat, address)


async def looked_at(seat: Seat, address: str) -> None:
    """Open every page of following, and let axe look at it."""
    for name, path in {
        "handover": "/handover",
        "reviews": "/reviews",
        "bell": "/bell",
        "approval-form": f"{address}/approval-form",
        "record-form": f"{address}/record-form",
        "exercise": f"{address}/exercise",
        "afterwards": f"{address}/afterwards",
        "wall-small": "/wall",
    }.items():
        await seat.open(path)
        await seat.accessible()
        if seat.page.viewport_size != PHONE:
            await seat.picture(name)
