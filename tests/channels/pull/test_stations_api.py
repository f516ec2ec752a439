"""The public contract of stations, over a real server."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.values import Action, Level, Mode
from tests.channels.pull.stations_make import ONE, TWO, Replica, a_request, codes, path, soon


async def test_a_station_reads_what_it_lacks_and_its_number_is_the_truth(
    house: Replica, http: httpx.AsyncClient
) -> None:
    request = a_request(codes(2), uuid4(), notice=soon(), cap_xml="<alert>綦江</alert>")
    await house.ask(request)
    answer = await http.get(path("alerts"), headers=house.bearer(ONE))
    page = answer.json()
    (alert,) = page["data"]
    assert (page["next"], page["has_more"]) == (1, False)
    assert page["server_time"].endswith("+08:00")
    assert alert["sequence"] == 1
    assert (alert["kind"], alert["mode"], alert["level"]) == ("alert", "live", "RED")
    assert alert["cap_xml"] == "<alert>綦江</alert>"
    assert alert["expires"].endswith("+08:00")
    assert alert["areas"] == [{"code": "500110110000", "name": "赶水镇"}]
    empty = (await http.get(path("alerts?after=1"), headers=house.bearer(ONE))).json()
    assert (empty["data"], empty["next"]) == ([], 1)


async def test_a_long_poll_is_answered_when_something_comes(house: Replica, http: httpx.AsyncClient) -> None:
    waiting = asyncio.ensure_future(http.get(path("alerts?wait=20"), headers=house.bearer(ONE)))
    while not house.hub.followed(ONE, Mode.LIVE):
        await asyncio.sleep(0.01)
    await house.ask(a_request(codes(2), uuid4(), notice=soon()))
    answer = await asyncio.wait_for(waiting, 5)
    assert [alert["sequence"] for alert in answer.json()["data"]] == [1]


async def test_a_long_poll_ends_with_nothing_when_its_key_is_taken_back(
    house: Replica, http: httpx.AsyncClient
) -> None:
    waiting = asyncio.ensure_future(http.get(path("alerts?wait=60"), headers=house.bearer(ONE)))
    while not house.hub.followed(ONE, Mode.LIVE):
        await asyncio.sleep(0.01)
    await house.publish_block([])
    answer = await asyncio.wait_for(waiting, 20)
    assert answer.json()["data"] == []
    assert (await http.get(path("alerts"), headers=house.bearer(ONE))).status_code == 401


async def test_a_long_poll_ends_with_nothing_when_its_time_is_over(
    house: Replica, http: httpx.AsyncClient
) -> None:
    answer = await http.get(path("alerts?wait=1"), headers=house.bearer(ONE))
    assert answer.json()["data"] == []


async def test_what_was_missed_comes_red_first_then_cancels_then_one_summary(
    house: Replica, http: httpx.AsyncClient
) -> None:
    lifted = uuid4()
    await house.ask(a_request([ONE], lifted, notice=soon()))
    await house.ask(a_request([ONE], uuid4(), notice=soon(level=Level.BLUE)))
    await house.ask(a_request([ONE], uuid4(), notice=soon(level=Level.RED)))
    await house.ask(a_request([ONE], lifted, 2, action=Action.STOP, notice=soon()))
    page = (await http.get(path("alerts"), headers=house.bearer(ONE))).json()
    assert [(a["sequence"], a["kind"]) for a in page["data"]] == [
        (3, "alert"),
        (2, "alert"),
        (4, "cancel"),
        (1, "summary"),
    ]
    assert page["next"] == 4
    summary = page["data"][-1]
    assert summary["count"] == 1
    assert summary["items"][0]["warning_id"] == str(lifted)
    assert summary["items"][0]["ended"] is True


async def test_a_station_that_claims_more_than_it_was_given_begins_anew(
    house: Replica, http: httpx.AsyncClient
) -> None:
    await house.ask(a_request([ONE], uuid4(), notice=soon()))
    page = (await http.get(path("alerts?after=77"), headers=house.bearer(ONE))).json()
    assert [alert["sequence"] for alert in page["data"]] == [1]


@pytest.mark.parametrize(
    "method_path", [("GET", "stream"), ("GET", "alerts"), ("GET", ""), ("POST", "heartbeat")]
)
async def test_a_wrong_key_is_unknown_and_the_key_of_another_is_forbidden(
    house: Replica, http: httpx.AsyncClient, method_path: tuple[str, str]
) -> None:
    method, what = method_path
    beat = {"terminal": "t1", "seq": 0, "clock": datetime.now(UTC).isoformat()}
    body = beat if method == "POST" else None
    wrong = house.bearer(ONE)["Authorization"][:-4] + "AAAA"
    for headers, status in (
        ({}, 401),
        ({"Authorization": wrong}, 401),
        ({"Authorization": "Bearer x"}, 401),
        (house.bearer(TWO), 403),
    ):
        answer = await http.request(method, path(what).rstrip("/"), json=body, headers=headers)
        assert answer.status_code == status, (what, headers)
        assert "AAAA" not in answer.text


async def test_the_mode_of_a_key_decides_which_sequence_is_read(
    house: Replica, http: httpx.AsyncClient
) -> None:
    await house.ask(a_request([ONE], uuid4(), notice=soon(), mode=Mode.DRILL))
    live = (await http.get(path("alerts"), headers=house.bearer(ONE))).json()
    drill = (await http.get(path("alerts"), headers=house.bearer(ONE, Mode.DRILL))).json()
    assert live["data"] == []
    assert drill["data"][0]["mode"] == "drill"
    assert drill["data"][0]["title"].startswith("【演练】")
    assert "演练" in drill["data"][0]["speech"]


async def test_a_heartbeat_is_answered_with_time_offset_and_whether_something_is_missing(
    house: Replica, http: httpx.AsyncClient
) -> None:
    await house.ask(a_request([ONE], uuid4(), notice=soon()))
    clock = datetime.now(UTC) + timedelta(minutes=3)
    beat = {"terminal": "t1", "seq": 0, "clock": clock.isoformat(), "battery": 80, "screen": "on"}
    answer = (await http.post(path("heartbeat"), json=beat, headers=house.bearer(ONE))).json()
    assert 170_000 < answer["clock_offset_ms"] <= 180_000
    assert (answer["behind"], answer["last_sequence"], answer["clock_wrong"]) == (True, 1, True)
    state = (await http.get(path("").rstrip("/"), headers=house.bearer(ONE))).json()
    assert (state["presence"], state["last_sequence"]) == ("online", 1)
    assert [item["sequence"] for item in state["open"]] == [1]


@pytest.mark.parametrize(
    "wrong", [{"battery": 101}, {"seq": -1}, {"colour": "red"}, {"terminal": "a b"}, {"clock": "now"}]
)
async def test_a_wrong_heartbeat_is_refused(
    house: Replica, http: httpx.AsyncClient, wrong: dict[str, Any]
) -> None:
    beat = {"terminal": "t1", "seq": 0, "clock": datetime.now(UTC).isoformat(), **wrong}
    answer = await http.post(path("heartbeat"), json=beat, headers=house.bearer(ONE))
    assert answer.status_code == 422


async def test_the_desk_reads_all_stations_page_by_page(house: Replica, http: httpx.AsyncClient) -> None:
    await house.enrol(codes(5))
    beat = {"terminal": "t1", "seq": 0, "clock": datetime.now(UTC).isoformat()}
    await http.post(path("heartbeat"), json=beat, headers=house.bearer(ONE))
    internal = house.floor.keys.active("internal")[1].decode()
    desk = {"Authorization": f"Bearer {internal}"}
    first = (await http.get("/api/v1/stations?limit=3", headers=desk)).json()
    rest = (await http.get("/api/v1/stations", params={"after": first["next"]}, headers=desk)).json()
    assert [s["code"] for s in first["data"] + rest["data"]] == list(codes(5))
    assert first["data"][0]["presence"] == "online"
    assert first["data"][1]["presence"] is None
    assert (rest["has_more"], rest["next"]) == (False, None)
    assert (await http.get("/api/v1/stations?after=%C3%A4", headers=desk)).status_code == 422
    assert (await http.get("/api/v1/stations")).status_code == 401


async def test_a_key_that_the_registry_takes_back_is_dead_and_its_stream_ends(
    house: Replica, http: httpx.AsyncClient
) -> None:
    old = house.bearer(ONE)
    async with http.stream("GET", path("stream"), headers=old) as stream:
        chunks = stream.aiter_bytes()
        assert b"hello" in await anext(chunks)
        assert (await http.get(path("alerts"), headers=old)).status_code == 200
        await house.enrol([ONE, TWO])
        async with asyncio.timeout(2):
            assert [chunk async for chunk in chunks] == []
    assert (await http.get(path("alerts"), headers=old)).status_code == 401
    assert (await http.get(path("alerts"), headers=house.bearer(ONE))).status_code == 200


async def test_the_examples_of_the_open_api_page_work(house: Replica, http: httpx.AsyncClient) -> None:
    await house.ask(a_request([ONE], uuid4(), notice=soon()))
    api = (await http.get("/openapi.json")).json()
    for what, name in (("reports", "ReportsBody"), ("heartbeat", "HeartbeatBody")):
        for example in api["components"]["schemas"][name]["examples"]:
            headers = {**house.bearer(ONE), "Idempotency-Key": uuid4().hex}
            for _ in range(2):
                answer = await http.post(path(what), json=example, headers=headers)
                assert answer.status_code == 200, answer.text
