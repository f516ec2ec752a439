"""The door: keys, floods, rubbish, and numbers that never come back in an error."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import structlog

from services.channels.pull.gateways.api.door import MOST_BYTES
from services.channels.pull.gateways.store import gateways
from tests.channels.pull.gateways.house import GatewaysHouse
from tests.channels.pull.gateways.requests import phones

PATHS = [
    ("POST", "/leases"),
    ("POST", "/leases/x:extend"),
    ("POST", "/leases/x:report"),
    ("POST", "/receipts"),
    ("GET", "/halts"),
    ("GET", "/status"),
]


@pytest.mark.parametrize(("method", "path"), PATHS)
async def test_nobody_comes_in_without_his_own_key(a_house: GatewaysHouse, method: str, path: str) -> None:
    body = {} if method == "GET" else {"json": {}}
    url = f"/api/v1/gateways/cmcc{path}"
    assert (await a_house.client.request(method, url, **body)).status_code == 401
    wrong = {"authorization": "Bearer yt_live_000000000000_" + "x" * 43}
    assert (await a_house.client.request(method, url, headers=wrong, **body)).status_code == 401
    spoilt = {"authorization": f"Bearer {a_house.keys['live']}x"}
    assert (await a_house.client.request(method, url, headers=spoilt, **body)).status_code == 401
    assert (await a_house.call(method, path, "other", gateway="cmcc", **body)).status_code == 403


async def test_a_key_does_not_change_its_mode_by_its_looks(a_house: GatewaysHouse) -> None:
    posing = a_house.keys["drill"].replace("yt_drill_", "yt_live_")
    reply = await a_house.client.get(
        "/api/v1/gateways/cmcc/status", headers={"authorization": f"Bearer {posing}"}
    )
    assert reply.status_code == 401


async def test_a_revoked_key_is_refused_at_once(house: GatewaysHouse) -> None:
    assert (await house.call("GET", "/status")).status_code == 200
    async with house.db.transaction() as tx:
        await gateways.replace(tx, ())
    assert (await house.call("GET", "/status")).status_code == 401


@pytest.mark.parametrize("path", ["/leases", "/leases/x:extend", "/leases/x:report", "/receipts"])
async def test_ten_megabytes_of_rubbish_are_refused(a_house: GatewaysHouse, path: str) -> None:
    reply = await a_house.call("POST", path, content=b"\xff" * 10_000_000)
    assert reply.status_code == 413
    headers = {"idempotency-key": "flood", "content-type": "application/json"}
    assert (await a_house.call("POST", path, content=_flood(), headers=headers)).status_code == 413


async def _flood() -> AsyncIterator[bytes]:
    for _ in range(MOST_BYTES // 100_000 + 2):
        yield b"[" * 100_000


@pytest.mark.parametrize("path", ["/leases", "/leases/x:report", "/receipts"])
@pytest.mark.parametrize("body", [b"", b"rubbish", b"[" * 100_000, b"\xff\xfe", b'"13900230000"', b"NaN"])
async def test_what_is_not_json_is_refused(a_house: GatewaysHouse, path: str, body: bytes) -> None:
    reply = await a_house.call("POST", path, content=body, headers={"content-type": "application/json"})
    assert reply.status_code in (400, 422)
    assert "13900230000" not in reply.text


@pytest.mark.parametrize(
    "wanted", [{"max_batches": 0}, {"max_batches": 101}, {"wait_s": 61}, {"wait_s": -1}, {"most": 1}]
)
async def test_more_than_is_given_is_not_asked_for(a_house: GatewaysHouse, wanted: dict[str, int]) -> None:
    assert (await a_house.call("POST", "/leases", json=wanted)).status_code == 422


async def test_no_number_comes_back_in_an_error_or_stays_in_a_log(
    a_house: GatewaysHouse, capsys: pytest.CaptureFixture[str]
) -> None:
    await a_house.deliver(a_house.batch(phones(1)))
    (item,) = await a_house.lease()
    number = "13912345678"
    with structlog.testing.capture_logs() as logged:
        replies = [
            await a_house.report(item, state=number),
            await a_house.report(item, results=[[number, number]]),
            await a_house.report(item, results=[[number, "DELIVRD"]]),
            await a_house.report(item, **{number: 1}),
            await a_house.receipts((number, number, number)),
            await a_house.receipts((item["delivery_id"], number, "DELIVRD")),
            await a_house.call("POST", "/leases", json={"max_batches": number}),
        ]
    assert number not in "".join(r.text for r in replies)
    assert number not in json.dumps(logged, default=str) + "".join(capsys.readouterr())


async def test_an_answer_with_numbers_is_kept_nowhere(a_house: GatewaysHouse) -> None:
    await a_house.deliver(a_house.batch(phones(1)))
    headers = {"idempotency-key": "again"}
    first = await a_house.call("POST", "/leases", json={}, headers=headers)
    assert len(first.json()["data"]) == 1
    assert first.headers["cache-control"] == "no-store"
    assert (await a_house.call("POST", "/leases", json={}, headers=headers)).json()["data"] == []


async def test_many_connections_wait_at_once(a_house: GatewaysHouse) -> None:
    waiting = [asyncio.ensure_future(a_house.lease(wait_s=20)) for _ in range(60)]
    await asyncio.sleep(0.5)
    await a_house.deliver(*(a_house.batch(phones(1), part=str(i)) for i in range(60)))
    pulled = await asyncio.wait_for(asyncio.gather(*waiting), 15)
    assert sum(len(items) for items in pulled) == 60
