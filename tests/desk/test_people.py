"""People in a real browser: enrol a second factor, sign in by its code, two operators make a signer."""

import time

import httpx
import pytest
from playwright.async_api import Page, expect
from pyotp import TOTP

from services.laptop.visitor import Visitor
from tests.browser import DESKTOP, PHONE
from tests.desk.conftest import Duty, Seat

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(300, func_only=True)]
CHOSEN = "kettle-glacier-nineteen"


async def passed(seat: Seat, username: str, password: str) -> Page:
    """Type a name and a password at the door."""
    page = await seat.open("/sign-in")
    await page.fill("#username", username)
    await page.fill("#password", password)
    await page.keyboard.press("Enter")
    return page


async def made(duty: Duty, username: str) -> str:
    """Let two operators make a signer on the pages, and return the password that one of them gives."""
    qian, wu = await duty.person("qian"), await duty.person("wu")
    page = await qian.open("/accounts/new")
    await qian.accessible()
    await page.fill("#username", username)
    await page.fill("#display_name", "周敏")
    await page.check("input[value=signer]")
    await qian.picture("account-new")
    await page.click("main button")
    await page.wait_for_url("**/accounts")
    await expect(page.locator("#waiting")).to_be_visible()
    page = await wu.open("/accounts")
    await wu.accessible()
    await wu.picture("accounts")
    await page.click("button:text-is('确认')")
    await page.wait_for_url(f"**/accounts/{username}")
    await page.click("button:has-text('发放密码')")
    given = await page.inner_text("#given")
    await wu.accessible()
    await wu.picture("account")
    return given


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
async def test_a_new_signer_is_made_by_two_enrols_and_signs_in_by_code(duty: Duty, size: object) -> None:
    username = f"zhou-{size['width']}"  # type: ignore[index]
    given = await made(duty, username)
    zhou = await duty.stranger(size)  # type: ignore[arg-type]
    page = await passed(zhou, username, given)
    await page.wait_for_url("**/account/password")
    await zhou.accessible()
    await zhou.picture("password")
    for field, words in (("password", given), ("new", CHOSEN), ("again", CHOSEN)):
        await page.fill(f"#{field}", words)
    await page.click("main button")
    await page.wait_for_url("**/account/second-factor")
    await zhou.accessible()
    await zhou.picture("second-factor")
    secret = (await page.inner_text("#secret")).replace(" ", "")
    await page.fill("#code", TOTP(secret).at(time.time()))
    await page.click("main button")
    await expect(page.locator(".codes li")).to_have_count(10)
    await zhou.accessible()
    await zhou.picture("recovery")
    await page.click("main .button")
    await page.wait_for_url(f"{zhou.url}/")
    await signs_in_by_code(duty, username, secret, size)


async def signs_in_by_code(duty: Duty, username: str, secret: str, size: object) -> None:
    """Sign in with the next code, as a phone whose clock is fast shows it; look at one's own account."""
    seat = await duty.stranger(size)  # type: ignore[arg-type]
    page = await passed(seat, username, CHOSEN)
    await expect(page.locator("#code")).to_be_focused()
    await seat.accessible()
    await seat.picture("code")
    await page.fill("#code", TOTP(secret).at(time.time(), counter_offset=1))
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{seat.url}/")
    page = await seat.open("/account")
    await expect(page.locator("tbody tr")).to_have_count(2)
    await seat.accessible()
    await seat.picture("own-account")
    await page.click("text=退出其他所有会话")
    await expect(page.locator("tbody tr")).to_have_count(1)


async def test_a_deed_that_met_an_ended_session_goes_on_after_signing_in(duty: Duty) -> None:
    async with httpx.AsyncClient(base_url=duty.system.url, timeout=30) as http:
        found = await Visitor(http).session_of(duty.accounts["zhang"])
        zhang = await duty.stranger()
        cookie = {"name": "yutian", "value": found["token"], "url": zhang.url}
        await zhang.page.context.add_cookies([cookie])  # type: ignore[list-item]
        page = await zhang.open("/account/password")
        headers = {"authorization": f"Bearer {found['token']}"}
        await http.delete("/api/v1/sessions/current", headers=headers)
    await page.fill("#password", "not-kept-at-all")
    await page.fill("#new", CHOSEN)
    await page.fill("#again", CHOSEN)
    await page.click("main button")
    await expect(page.locator("main")).to_contain_text("所填内容都已保留")
    assert "not-kept-at-all" not in await page.content()
    await zhang.accessible()
    await zhang.picture("signed-out")
    await page.fill("#username", "zhang")
    await page.fill("#password", duty.passwords["zhang"])
    await page.keyboard.press("Enter")
    await expect(page.locator("main button")).to_be_focused()
    await zhang.accessible()
    await zhang.picture("go-on")
    await page.keyboard.press("Enter")
    await expect(page.locator("#errors")).to_be_visible()


async def test_keys_are_proposed_by_one_operator_and_seen_by_another(duty: Duty) -> None:
    qian, wu = await duty.person("qian"), await duty.person("wu")
    page = await qian.open("/registry/keys")
    await page.fill("#owner", "cmcc")
    await page.uncheck("input[value=live]")
    await page.click("main form:has(#owner) button")
    await expect(page.locator("main")).to_contain_text("qian")
    await qian.accessible()
    page = await wu.open("/registry/keys")
    await wu.picture("keys")
    await page.click("button:text-is('确认')")
    await expect(page.locator("dd code")).to_contain_text("yt_drill_")
    await wu.accessible()
