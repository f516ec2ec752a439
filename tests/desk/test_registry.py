"""The registry in a real browser: look, change, bring a file in, take one out; a department answers."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser import DESKTOP, PHONE
from tests.desk.conftest import ONE_TOWN, Duty, Seat
from tests.desk.test_story import approved, composed

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(300, func_only=True)]

HEAD = "编号,村代码,姓名,岗位,手机号,运营商,免打扰\n"
VILLAGE = f"{ONE_TOWN}001"
GOOD = f"x000001,{VILLAGE},周敏,订阅者,13900239901,移动,22:00-07:00\n"


async def looked_at(seat: Seat, name: str) -> None:
    """Look at a page in both widths: axe finds nothing, and nothing is wider than the window."""
    await seat.accessible()
    await seat.page.set_viewport_size(PHONE)
    await seat.accessible()
    await seat.page.set_viewport_size(DESKTOP)
    await seat.picture(name)


async def sent(seat: Seat, folder: Path, text: str) -> Page:
    """Send a file of people and wait until it was read."""
    file = folder / "名单.csv"
    await asyncio.to_thread(file.write_text, text, "gb18030")
    page = await seat.open("/registry/imports?kind=recipients")
    await page.set_input_files("#file", file)
    await page.click("form[enctype] button")
    await expect(page.locator("progress")).to_have_count(0)
    return page


async def test_an_operator_keeps_the_registry(duty: Duty, tmp_path: Path) -> None:
    qian = await duty.person("qian")
    page = await qian.open("/registry/lists/recipients")
    await page.fill("#q", "p000001")
    await page.click("form.grid button")
    await expect(page.locator("tbody tr")).to_have_count(1)
    await looked_at(qian, "registry-list")
    await page.click("tbody a")
    await page.fill("#f-name", "周敏敏")
    await page.click("form.sheet button >> nth=0")
    await expect(page.locator("h1")).to_contain_text("周敏敏")
    await page.click("details summary")
    await expect(page.locator("details dd").first).to_contain_text("周敏敏")
    await looked_at(qian, "registry-row")
    page = await sent(qian, tmp_path, HEAD + GOOD + GOOD.replace("x000001", "x2").replace("139", "１39"))
    await expect(page.locator("tbody")).to_contain_text("半角")
    await looked_at(qian, "registry-import-refused")
    page = await sent(qian, tmp_path, HEAD + GOOD)
    await looked_at(qian, "registry-import")
    await page.click("form[action$='/apply'] button")
    await expect(page.locator("section[role=status] h2")).to_contain_text("已应用")
    page = await qian.open("/registry/imports?kind=recipients")
    await looked_at(qian, "registry-imports")
    async with page.expect_download() as told:
        await page.click("a[href$='recipients.csv']")
    out = await asyncio.to_thread(Path(await (await told.value).path()).read_text, "utf-8-sig")
    assert ("139****9901" in out, "13900239901" in out) == (True, False)
    await qian.open("/registry/stale")
    await looked_at(qian, "registry-stale")
    await qian.open(f"/registry/lists/villages/{VILLAGE}")
    await looked_at(qian, "registry-village")


async def test_a_department_answers_for_itself(duty: Duty) -> None:
    zhang, wang, he = [await duty.person(name) for name in ("zhang", "wang", "he")]
    await approved(wang, await composed(zhang, mode="drill"))
    page = await he.open("/registry/responses")
    await expect(page.locator("section.sheet").first).to_contain_text("演练")
    await page.fill("section.sheet >> nth=0 >> input[name=note]", "四人到岗，启动四级响应")
    await looked_at(he, "department")
    await page.click("section.sheet >> nth=0 >> button[value=started]")
    await expect(page.locator("section.sheet").first).to_contain_text("四人到岗")
    await zhang.open("/registry/responses")
    await expect(zhang.page.locator("section.sheet").first).to_contain_text("四人到岗")
    await looked_at(zhang, "departments")


async def test_a_village_opens_its_screen_with_the_code_that_an_operator_made(duty: Duty) -> None:
    qian = await duty.person("qian")
    page = await qian.open("/registry/codes")
    await looked_at(qian, "registry-codes")
    await page.fill("#station", "000000000000")
    await page.click("form[action='/registry/codes'] button")
    await expect(page.locator("section.problem")).to_be_visible()
    await looked_at(qian, "registry-codes-refused")
    await page.fill("#station", VILLAGE)
    await page.click("form[action='/registry/codes'] button")
    await expect(page.locator("table code")).to_have_text(VILLAGE)
    await looked_at(qian, "registry-codes-made")
    digits = await page.locator("p.code strong").inner_text()
    village = await duty.stranger()
    await village.open(f"/station#code={digits.replace(' ', '')}")
    await expect(village.page.locator("#once")).to_have_value(digits.replace(" ", ""))
    await village.page.click("#sign-in-form button.big")
    await village.page.wait_for_selector("body[data-view=idle], body[data-view=warning]")
    await expect(village.page.locator("#link")).to_have_attribute("data-state", "online")
    await village.accessible()
    await qian.open("/registry/codes")
    await expect(page.locator("table code")).to_have_count(0)
