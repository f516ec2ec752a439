"""The screen goes offline and comes back, sounds, is confirmed, and never says what it does not know."""

import asyncio

import pytest
from playwright.async_api import Route, expect

from contracts.back import Back
from contracts.values import Action, Level, Mode
from services.channels.pull.stations.store import backs
from services.registry.api.codes import Provisioned
from services.registry.api.keys import KeyShown
from tests.channels.pull.stations_make import ONE
from tests.channels.station_screen.conftest import Opening
from tests.channels.station_screen.screen_make import PHONE, Office, accessible, pictures, sign_in

NEEDS_A_TOUCH = """(() => {
  const Real = AudioContext;
  let touched = false;
  addEventListener("pointerdown", () => (touched = true), true);
  window.AudioContext = class extends Real {
    get state() { return touched ? super.state : "suspended"; }
    resume() { return touched ? super.resume() : new Promise(() => {}); }
  };
})();"""
"""What a browser does that nobody has touched; a driven one counts every question as a touch."""

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300, func_only=True)]


async def test_it_warns_sounds_is_confirmed_and_after_an_outage_shows_exactly_what_it_missed(
    office: Office, browser_page: Opening
) -> None:
    page = await browser_page()
    await page.goto(f"{office.url}/station")
    await page.wait_for_selector("body[data-view=sign-in]")
    await pictures(page, "sign-in")
    await accessible(page)
    await sign_in(page, office)
    await expect(page.locator("#calm-words")).to_have_text("本村当前没有生效的预警")
    await pictures(page, "idle")
    await accessible(page)

    red = await office.issue("暴雨", Level.RED)
    await expect(page.locator("#w-name")).to_have_text("暴雨红色预警信号")
    await expect(page.locator("#w-trust")).to_have_attribute("data-state", "verified")
    await expect(page.locator("#here-list")).to_contain_text("转移到：村小学操场")
    await expect(page.locator("body")).to_have_attribute("data-sounding", "live RED")
    played = await office.until(red, "played")
    assert played["received_at"] <= played["verified_at"] <= played["played_at"]
    await office.issue("雷电", Level.ORANGE)
    for place, words in enumerate(("暴雨红色预警信号待确认", "雷电橙色预警信号待确认")):
        await expect(page.locator("#others button").nth(place)).to_contain_text(words)
    await pictures(page, "red")
    await accessible(page)

    await page.fill("#by", "李强")
    await page.click("#confirm-button")
    confirmed = await office.until(red, "confirmed")
    assert confirmed["confirmed_by"] == "李强"
    await expect(page.locator("#confirmed")).to_contain_text("李强")
    await expect(page.locator("#confirmed")).to_have_attribute("data-told", "yes")
    await expect(page.locator("body")).not_to_have_attribute("data-sounding", "live RED")

    await page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    await office.cut()
    await expect(page.locator("#offline")).to_contain_text("起离线")
    await pictures(page, "offline")
    await accessible(page)
    await page.reload()
    await expect(page.locator("#w-name")).to_have_text("暴雨红色预警信号")
    await expect(page.locator("#offline")).to_contain_text("起离线")
    await expect(page.locator("#confirmed")).to_contain_text("李强")

    gale = await office.issue("大风", Level.RED)
    over = await office.issue("冰雹", Level.ORANGE)
    await office.say(over, 2, Action.STOP)
    await office.say(red, 2, Action.STOP)
    await office.mend()
    await expect(page.locator("#missed")).to_be_visible()
    missed = page.locator("#missed-list li")
    await expect(missed).to_have_count(4)
    told = await missed.all_inner_texts()
    for words in ("大风红色", "冰雹橙色", "暴雨红色"):
        assert any(words in one for one in told), told
    assert not any("雷电" in one for one in told), told
    await expect(page.locator("#offline")).to_be_hidden()
    await expect(page.locator("#w-name")).to_have_text("大风红色预警信号")
    await office.until(gale, "played")
    await pictures(page, "missed")
    await accessible(page)


async def test_a_drill_cannot_be_taken_for_a_warning_and_a_warning_goes_before_it(
    office: Office, browser_page: Opening
) -> None:
    page = await browser_page(size=PHONE)
    await sign_in(page, office, language="en")
    drill = await office.issue("暴雨", Level.RED, mode=Mode.DRILL)
    await expect(page.locator("#w-name")).to_contain_text("【演练】")
    await expect(page.locator("#drill")).to_contain_text("not a real warning")
    await expect(page.locator("body")).to_have_attribute("data-sounding", "drill RED")
    await office.until(drill, "played")
    await pictures(page, "drill")
    await accessible(page)
    await office.issue("大雾", Level.YELLOW)
    await expect(page.locator("#w-name")).to_have_text("大雾 Yellow warning signal")
    await expect(page.locator("#drill")).to_be_hidden()
    await expect(page.locator("#others button")).to_have_count(2)
    await page.locator("#others button").nth(1).click()
    await expect(page.locator("#w-name")).to_contain_text("【演练】")


async def test_what_is_forged_foreign_or_expired_is_refused_and_what_cannot_be_told_is_said(
    office: Office, browser_page: Opening
) -> None:
    page = await browser_page()
    await sign_in(page, office)
    forged = await office.issue("暴雨", Level.RED, forged="1毫米")
    await expect(page.locator("#notes")).to_contain_text("拒收了一条消息：内容在途中被改动")
    foreign = await office.issue("大风", Level.RED, key=Mode.DRILL)
    await office.issue("雷电", Level.ORANGE, hours=-1)
    await office.issue("高温", Level.YELLOW)
    await expect(page.locator("#w-name")).to_have_text("高温黄色预警信号")
    await expect(page.locator("#others")).to_be_hidden()
    for refused in (forged, foreign):
        assert (await office.facts(refused))["received_at"] is None
    # The keys that this screen was given are gone: it shows the warning, and that nobody verified it.
    await page.evaluate(
        """() => { const name = "yutian.station.credentials"; const kept = JSON.parse(localStorage[name]);
        kept.trust = []; localStorage[name] = JSON.stringify(kept); }"""
    )
    await page.reload()
    await office.issue("冰雹", Level.RED)
    await expect(page.locator("#w-name")).to_have_text("冰雹红色预警信号")
    await expect(page.locator("#w-trust")).to_have_text("未核实：本屏没有核实用的公钥")
    await pictures(page, "unverified")


async def test_where_sound_needs_a_touch_it_is_asked_for_and_nothing_counts_as_played_before(
    office: Office, browser_page: Opening
) -> None:
    page = await browser_page()
    await sign_in(page, office)
    await page.add_init_script(NEEDS_A_TOUCH)
    await page.reload()
    red = await office.issue("暴雨", Level.RED)
    await expect(page.locator("#w-name")).to_have_text("暴雨红色预警信号")
    await expect(page.locator("#allow-sound")).to_be_visible()
    await office.until(red, "verified")
    assert (await office.facts(red))["played_at"] is None
    await pictures(page, "touch")
    await accessible(page)
    await page.click("#allow-sound")
    await expect(page.locator("#allow-sound")).to_be_hidden()
    await office.until(red, "played")
    await office.say(red, 2, Action.STOP)
    await expect(page.locator("#w-name")).to_have_text("预警解除 暴雨红色预警信号")
    await pictures(page, "lifted")


async def test_the_village_reports_back(office: Office, browser_page: Opening) -> None:
    page = await browser_page()
    await sign_in(page, office)
    red = await office.issue("暴雨", Level.RED)
    await page.click("#open-back")
    await pictures(page, "back")
    await accessible(page)
    await page.check("[name=relayed]")
    await page.fill("[name=reached]", "212")
    await page.fill("[name=road]", "赶安路K3")
    await page.fill("#back-by", "李强")
    await page.click("#back-form button.big")
    await expect(page.locator("#back-dialog")).to_be_hidden()
    await expect(page.locator("#notes")).to_contain_text("已上报")
    async with office.house.db.read() as connection:
        told = await backs.told(connection, (ONE, Mode.LIVE), red, 1)
    assert told is not None
    assert told.back == Back(by="李强", relayed=True, reached=212, road_cut=True, road_where="赶安路K3")


async def test_a_report_back_without_a_line_is_kept_and_sent_when_the_line_is_back(
    office: Office, browser_page: Opening
) -> None:
    page = await browser_page()
    await sign_in(page, office)
    red = await office.issue("暴雨", Level.RED)
    await expect(page.locator("#open-back")).to_be_visible()
    await office.cut()
    await page.click("#open-back")
    await page.fill("[name=help]", "桥断了，三户被困")
    await page.fill("#back-by", "李强")
    await page.click("#back-form button.big")
    await expect(page.locator("#back-dialog")).to_be_hidden()
    await expect(page.locator("#notes")).to_contain_text("已保存")
    await page.reload()
    await office.mend()
    async with asyncio.timeout(60):
        while True:
            async with office.house.db.read() as connection:
                if told := await backs.told(connection, (ONE, Mode.LIVE), red, 1):
                    break
            await asyncio.sleep(0.1)
    assert told.back.help == "桥断了，三户被困"


async def test_a_village_signs_in_with_the_code_that_it_was_given_and_its_keys_outlive_a_power_cut(
    office: Office, browser_page: Opening
) -> None:
    page = await browser_page()
    made = [KeyShown(key_id="k", owner=ONE, mode=mode, key=office.house.keys[ONE, mode]) for mode in Mode]
    answer = Provisioned(station=ONE, keys=made, server_time="2026-06-01T12:00:00+08:00")
    asked: list[dict[str, str]] = []
    learnt = False

    async def exchange(route: Route) -> None:
        asked.append(route.request.post_data_json)
        if len(asked) == 1:
            await route.fulfill(status=404, json={"title": "Not found"})
        else:
            await route.fulfill(status=201, json=answer.model_dump(mode="json"))

    async def not_yet(route: Route) -> None:
        await (route.continue_() if learnt else route.fulfill(status=401, json={}))

    await page.route("**/api/v1/registry/provision", exchange)
    await page.route(f"**/api/v1/stations/{ONE}/screen", not_yet)
    await page.goto(f"{office.url}/station#code=123456789012")
    await expect(page.locator("#once")).to_have_value("123456789012")
    await expect(page).to_have_url(f"{office.url}/station")
    await page.click("#sign-in-form button")
    await expect(page.locator("#sign-in-fault")).to_contain_text("配置码无效或已失效")
    await page.fill("#once", "1234 5678 9013")
    async with page.expect_response(f"**/api/v1/stations/{ONE}/screen"):
        await page.click("#sign-in-form button")
    # The power goes while the key is not known everywhere; the code is used up, the keys are here.
    learnt = True
    await page.reload()
    await expect(page.locator("body")).to_have_attribute("data-view", "idle")
    assert [one["code"] for one in asked] == ["123456789012", "1234 5678 9013"]
    kept = await page.evaluate("JSON.parse(localStorage['yutian.station.credentials'])")
    assert (kept["code"], len(kept["keys"]), len(kept["trust"])) == (ONE, 2, 2)


async def test_what_the_house_never_takes_holds_up_nothing_and_a_name_is_told_as_it_is_seen(
    office: Office, browser_page: Opening
) -> None:
    page = await browser_page()
    await sign_in(page, office)
    odd = {"sequence": 1, "fact": "confirmed", "at": "2026-06-01T22:06:30+08:00"}
    kept = f"yutian.station.{ONE}.live"
    await page.goto(f"{office.url}/static/stations/station.webmanifest")
    await page.evaluate(
        "([name, fact]) => localStorage.setItem(name, JSON.stringify({ mode: 'live', facts: [fact] }))",
        [kept, odd],
    )
    await page.goto(f"{office.url}/station")
    red = await office.issue("暴雨", Level.RED)
    await expect(page.locator("#w-name")).to_have_text("暴雨红色预警信号")
    await page.fill("#by", "王\u202e芳\u200b")
    await page.click("#confirm-button")
    assert (await office.until(red, "confirmed"))["confirmed_by"] == "王芳"


ASKED_AGAIN = """async () => {
  const { Link } = await import("/static/stations/link.js");
  const asked = [];
  window.fetch = (_, { signal }) => {
    asked.push(signal.aborted);
    return asked.length > 1 ? new Promise(() => {}) : Promise.reject(new TypeError("no network"));
  };
  const nothing = () => {};
  const parts = { onEntry: nothing, onCursor: nothing, onState: nothing, onTime: nothing };
  const link = new Link({ code: "1", key: "k", mode: "live", cursor: () => 0, ...parts });
  link.failures = 6;
  link.run();
  const soon = () => new Promise((resolve) => setTimeout(resolve, 20));
  for (let turn = 0; turn < 100 && !link.wake; turn += 1) await soon();
  link.again();
  for (let turn = 0; turn < 100 && asked.length < 2; turn += 1) await soon();
  return asked;
}"""


async def test_when_the_network_is_back_it_is_tried_at_once(office: Office, browser_page: Opening) -> None:
    page = await browser_page()
    await page.goto(f"{office.url}/station")
    await page.wait_for_selector("body[data-view=sign-in]")
    assert await page.evaluate(ASKED_AGAIN) == [False, False]
