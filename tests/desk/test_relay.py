"""A town's desk in a browser: it adds a note to a warning in force, and sees what a village tells back."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from tests.browser import PHONE
from tests.desk.conftest import Duty

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(300, func_only=True)]
TOWN = "500110110"
WORDS = "转移点：镇中心小学；赶安路K3塌方，请绕行；值班电话见村务公开栏。"


async def a_warning(duty: Duty, http: httpx.AsyncClient) -> dict[str, Any]:
    """Issue an orange warning for the town and its neighbour, by the API."""
    held = {}
    for username in ("zhang", "wang"):
        await duty.person(username)
        held[username] = {"authorization": f"Bearer {duty.system.tokens[username]}"}
    towns = {"towns": [TOWN, "500110111"]}
    draft = {"mode": "live", "hazard": "11B06", "level": "ORANGE", "selection": towns}
    made = (await http.post("/api/v1/warnings", json=draft, headers=held["zhang"])).json()
    path = f"/api/v1/warnings/{made['warning_id']}"
    review = (await http.post(f"{path}/submit", headers=held["zhang"])).json()
    hashes = {name: review[name] for name in ("content_sha256", "manifest_sha256")}
    answer = await http.post(f"{path}/approve", json=hashes, headers=held["wang"])
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def told_back(duty: Duty, http: httpx.AsyncClient, warning: dict[str, Any]) -> None:
    """Let a village of the town ask for help."""
    known = duty.system.credentials()
    station = next(one["code"] for one in known["stations"] if one["code"].startswith(TOWN))
    told = {
        "warning_id": warning["warning_id"],
        "revision": 1,
        "at": datetime.now(UTC).isoformat(),
        "by": "王芳",
        "relayed": True,
        "reached": 206,
        "missed": 6,
        "help": "三户老人需要转移",
        "road_cut": True,
        "road_where": "赶安路K3",
    }
    headers = {"authorization": f"Bearer {known['keys'][station]['live']}"}
    answer = await http.post(f"/api/v1/stations/{station}/backs", json=told, headers=headers)
    assert answer.status_code == 200, answer.text


async def test_a_town_adds_a_note_and_sees_what_a_village_tells(duty: Duty) -> None:
    async with httpx.AsyncClient(base_url=duty.system.url, timeout=60) as http:
        warning = await a_warning(duty, http)
        await told_back(duty, http, warning)
    zhao = await duty.person("zhao")
    page = await zhao.open("/notes")
    await zhao.accessible()
    await page.click(f"main a[href='/notes/{warning['warning_id']}']")
    await page.fill("#text", WORDS)
    await expect(page.locator("#so-far")).to_have_text(str(len(WORDS)))
    await page.click("button[value=look]")
    await expect(page.locator("#looked")).to_contain_text("补充】")
    await zhao.accessible()
    await zhao.picture("town-note")
    await page.set_viewport_size(PHONE)
    await zhao.accessible()
    await page.click("button[value=send]")
    await page.wait_for_url("**/notes#sent")
    await expect(page.locator("main")).to_contain_text(WORDS)
    await zhao.accessible()
    await zhao.picture("town-notes")
    page = await zhao.open(f"/duty/{TOWN}")
    await expect(page.locator("#backs")).to_contain_text("三户老人需要转移")
    await zhao.accessible()
    await zhao.picture("duty-backs")
