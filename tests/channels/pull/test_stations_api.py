"""The public contract of stations, over a real server."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.outcome import TargetState
from contracts.values import Action, Level, Mode
from tests.channels.pull.stations_make import (
    Replica,
    a_notice,
    a_replica,
    a_request,
    codes,
    photographs,
)

ONE, TWO = codes(2)


def soon(**more: Any) -> Any:
    return a_notice(expires=datetime.now(UTC) + timedelta(hours=6), **more)


@pytest.fixture
async def house(sqlite_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Replica]:
    async with a_replica(sqlite_url, clean_nats_url, tmp_path) as replica:
        await replica.enrol(codes(2))
        yield replica


@pytest.fixture
async def http(house: Replica) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=house.url, timeout=20) as client:
        yield client


def path(what: str, code: str = ONE) -> str:
    return f"/api/v1/stations/{code}/{what}"


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


async def test_reports_are_stored_when_they_are_answered(house: Replica, http: httpx.AsyncClient) -> None:
    request = a_request(codes(2), uuid4(), notice=soon())
    await house.ask(request)
    now = datetime.now(UTC).isoformat()
    told = [
        {"sequence": 1, "fact": "received", "at": now},
        {"warning_id": str(request.warning_id), "revision": 1, "fact": "confirmed", "at": now, "by": "李强"},
        {"sequence": 8, "fact": "received", "at": now},
        {"warning_id": str(uuid4()), "revision": 1, "fact": "received", "at": now},
    ]
    answer = await http.post(path("reports"), json={"reports": told}, headers=house.bearer(ONE))
    assert answer.status_code == 200
    body = answer.json()
    assert (body["accepted"], body["early"], body["unknown"]) == (2, 1, [2])
    tally = (await photographs(house.db))[request.delivery_id].tally
    assert tally == {TargetState.CONFIRMED: 1, TargetState.QUEUED: 1}


async def test_reports_of_many_stations_share_transactions(house: Replica, http: httpx.AsyncClient) -> None:
    many = codes(60)
    await house.enrol(many)
    request = a_request(many, uuid4(), notice=soon())
    await house.ask(request)
    body = {"reports": [{"sequence": 1, "fact": "received", "at": datetime.now(UTC).isoformat()}]}
    answers = await asyncio.gather(
        *(http.post(path("reports", code), json=body, headers=house.bearer(code)) for code in many)
    )
    assert {answer.status_code for answer in answers} == {200}
    taken = (await photographs(house.db))[request.delivery_id]
    assert taken.tally == {TargetState.RECEIVED: 60}
    assert taken.report < 40


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reports": [{"fact": "received", "at": "2026-06-01T12:00:00+08:00"}]}, "reports.0.sequence"),
        (
            {"reports": [{"sequence": 1, "revision": 1, "fact": "received", "at": "2026-06-01T12:00:00Z"}]},
            "reports.0.sequence",
        ),
        (
            {"reports": [{"sequence": 1, "fact": "confirmed", "at": "2026-06-01T12:00:00+08:00"}]},
            "reports.0.by",
        ),
        (
            {"reports": [{"sequence": 1, "fact": "received", "at": "2026-06-01T12:00:00"}]},
            "body.reports.0.at",
        ),
        (
            {"reports": [{"sequence": 1, "fact": "queued", "at": "2026-06-01T12:00:00Z"}]},
            "body.reports.0.fact",
        ),
        (
            {"reports": [{"sequence": 0, "fact": "received", "at": "2026-06-01T12:00:00Z"}]},
            "body.reports.0.sequence",
        ),
        ({"reports": []}, "body.reports"),
        ({"reports": [], "phone": "13800000000"}, "body.phone"),
        ({"reports": [], "13800000000": "phone"}, "body.(unknown field)"),
    ],
)
async def test_a_wrong_report_is_refused_with_the_field_and_nothing_of_it_is_stored(
    house: Replica, http: httpx.AsyncClient, body: dict[str, Any], field: str
) -> None:
    await house.ask(a_request([ONE], uuid4(), notice=soon()))
    answer = await http.post(path("reports"), json=body, headers=house.bearer(ONE))
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert field in [error["field"] for error in answer.json()["errors"]]
    assert all(error["mend"] for error in answer.json()["errors"])
    assert "13800000000" not in answer.text
    assert {p.report for p in (await photographs(house.db)).values()} == {1}


async def test_a_body_beyond_the_limit_is_refused(house: Replica, http: httpx.AsyncClient) -> None:
    async def rubbish() -> AsyncIterator[bytes]:
        for _ in range(160):
            yield b"x" * 65536

    said = await http.post(path("reports"), content=b"x" * 300_000, headers=house.bearer(ONE))
    assert said.status_code == 413
    assert said.json()["status"] == 413
    unsaid = await http.post(path("reports"), content=rubbish(), headers=house.bearer(ONE))
    assert unsaid.status_code == 413


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


async def test_a_station_that_reports_what_nobody_gave_it_is_stopped_at_last(
    house: Replica, http: httpx.AsyncClient
) -> None:
    def junk() -> dict[str, Any]:
        now = datetime.now(UTC).isoformat()
        report = {"revision": 1, "fact": "received", "at": now}
        return {"reports": [{"warning_id": str(uuid4()), **report} for _ in range(500)]}

    answers = [
        (await http.post(path("reports"), json=junk(), headers=house.bearer(ONE))).status_code
        for _ in range(3)
    ]
    assert answers == [200, 200, 409]


async def test_the_examples_of_the_open_api_page_work(house: Replica, http: httpx.AsyncClient) -> None:
    await house.ask(a_request([ONE], uuid4(), notice=soon()))
    api = (await http.get("/openapi.json")).json()
    for what, name in (("reports", "ReportsBody"), ("heartbeat", "HeartbeatBody")):
        for example in api["components"]["schemas"][name]["examples"]:
            headers = {**house.bearer(ONE), "Idempotency-Key": uuid4().hex}
            for _ in range(2):
                answer = await http.post(path(what), json=example, headers=headers)
                assert answer.status_code == 200, answer.text
