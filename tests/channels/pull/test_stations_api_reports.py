"""The public contract of stations, over a real server: reports."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.outcome import TargetState
from tests.channels.pull.stations_make import ONE, Replica, a_request, codes, path, photographs, soon


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
