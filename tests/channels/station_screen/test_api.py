"""What the screen asks of the house, and what it is told."""

import httpx
import orjson
import pytest

from contracts.fact import Fact
from contracts.values import Level, Mode
from services.channels.pull.stations.screen import shell
from services.channels.pull.stations.screen.rules import FILE, Rules, rules
from services.kit.xmlsig import CapSigner
from tests.channels.pull.stations_make import ONE, TWO, Replica, path
from tests.channels.station_screen.screen_make import POINTS, Office
from tests.outbox import said


@pytest.fixture
async def http(office: Office) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=office.house.url, timeout=20)


async def test_a_screen_learns_its_place_its_keys_and_its_rules(
    house: Replica, office: Office, http: httpx.AsyncClient
) -> None:
    reply = await http.get(path("screen"), headers=house.bearer(ONE))
    found = reply.json()
    assert [point["name"] for point in found["hazard_points"]] == [point.name for point in POINTS]
    assert found["duty_name"] == "王芳"
    assert {key["mode"] for key in found["keys"]} == {"live", "drill"}
    assert found["rules"]["rounds"]["RED"] == 0
    assert found["version"] == shell.version()
    certificate = CapSigner(house.floor.keys).certificate(Mode.LIVE)
    assert certificate.split()[2][:30] not in reply.text


async def test_without_its_own_key_nothing_is_said(house: Replica, http: httpx.AsyncClient) -> None:
    assert (await http.get(path("screen"))).status_code == 401
    assert (await http.get(path("screen"), headers=house.bearer(TWO))).status_code == 403
    body = {"heard": True, "at": "2026-06-01T09:31:00+08:00", "volume": 80}
    assert (await http.post(path("sound-tests"), json=body)).status_code == 401


async def test_a_sound_test_stands_in_the_ledger(house: Replica, http: httpx.AsyncClient) -> None:
    for heard in (True, False, None):
        body = {"heard": heard, "at": "2026-06-01T09:31:00+08:00", "by": "王芳", "volume": 80}
        reply = await http.post(path("sound-tests"), json=body, headers=house.bearer(ONE))
        assert reply.status_code == 200, reply.text
    facts = [one for one in await said(house.db) if isinstance(one, Fact)]
    told = [(one.kind, one.about, one.detail["heard"]) for one in facts]
    assert told == [("station.sound-tested", ONE, heard) for heard in (True, False, None)]
    odd = {"heard": True, "at": "2026-06-01T09:31:00+08:00", "volume": 101}
    reply = await http.post(path("sound-tests"), json=odd, headers=house.bearer(ONE))
    assert reply.status_code == 422
    assert "volume" in reply.text


async def test_the_page_asks_for_nothing_inline_and_all_its_files_are_there(http: httpx.AsyncClient) -> None:
    shown = await http.get("/station")
    assert "script-src 'self'" in shown.headers["content-security-policy"]
    assert "<style" not in shown.text
    assert 'style="' not in shown.text
    assert all("src=" in part.partition(">")[0] for part in shown.text.split("<script")[1:])
    assert "工作站编码" in shown.text
    assert "Code of the station" in (await http.get("/station?lang=en")).text
    listed = orjson.loads((await http.get("/station/shell.json")).content)
    for name in listed["files"]:
        assert (await http.get(name)).status_code == 200, name
    worker = await http.get("/station/worker.js")
    assert worker.headers["service-worker-allowed"] == "/station"


def test_the_rules_keep_drills_apart_and_red_sounding() -> None:
    found = rules()
    assert not set(found.alarms.live.values()) & set(found.alarms.drill.values())
    assert found.night.floor[Level.RED] >= found.volume.floor[Level.RED]
    known = found.model_dump()
    for wrong in (
        {"rounds": {**known["rounds"], "RED": 3}},
        {"alarms": {**known["alarms"], "drill": known["alarms"]["live"]}},
        {"night": {**known["night"], "floor": {"RED": 80}}},
        {"alarms": {**known["alarms"], "test": "nothing"}},
    ):
        with pytest.raises(ValueError):
            Rules.model_validate({**known, **wrong})
    assert FILE.exists()
