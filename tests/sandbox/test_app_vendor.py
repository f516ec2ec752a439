"""The push vendor of the sandbox."""

from typing import Any

import httpx
import pytest

from sandbox import app
from sandbox.app import Device
from tests.clock import HandClock
from tests.sandbox.sandbox_make import START, calling

PHONES = {
    "r1": Device(frozenset({"500110110000"})),
    "r2": Device(frozenset({"500110110000", "farmers"}), "ios"),
    "r3": Device(frozenset({"500110112000"})),
}


class Talk:
    """A vendor, and us talking to it."""

    def __init__(self, **vendor: Any) -> None:
        self.clock = HandClock(START)
        self.vendor = app.Vendor("key", "secret", dict(PHONES), now=self.clock, **vendor)
        self.client = calling(app.create(self.vendor))
        self.client.auth = httpx.BasicAuth("key", "secret")

    def order(self, **changed: Any) -> dict[str, Any]:
        return {
            "platform": "all",
            "audience": {"tag": ["500110110000"]},
            "notification": {"alert": "暴雨红色预警信号"},
            "options": {"sendno": 7, "time_to_live": 3600},
        } | changed

    async def push(self, **changed: Any) -> httpx.Response:
        return await self.client.post("/v3/push", json=self.order(**changed))

    async def received(self, msg_id: str) -> dict[str, Any]:
        counts = (await self.client.get("/v3/received", params={"msg_ids": msg_id})).json()
        assert len(counts) == 1
        first: dict[str, Any] = counts[0]
        return first


async def test_push_to_a_tag_is_received_by_its_phones_a_little_later() -> None:
    talk = Talk()
    said = (await talk.push()).json()
    assert said["sendno"] == "7"
    assert (await talk.received(said["msg_id"]))["android_received"] == 0
    talk.clock.move(0.5)
    counts = await talk.received(said["msg_id"])
    assert (counts["android_received"], counts["ios_apns_sent"], counts["ios_apns_received"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("changed", "phones"),
    [
        ({"audience": "all"}, ("r1", "r2", "r3")),
        ({"audience": {"tag": ["500110110000", "500110112000"]}}, ("r1", "r2", "r3")),
        ({"audience": {"registration_id": ["r3", "r1", "r9", "r3"]}}, ("r3", "r1")),
        ({"audience": {"registration_id": ["r1", "r2"], "tag": ["farmers"]}}, ("r2",)),
        ({"platform": ["ios"]}, ("r2",)),
    ],
)
async def test_audience_is_whom_it_names(changed: dict[str, Any], phones: tuple[str, ...]) -> None:
    talk = Talk()
    assert (await talk.push(**changed)).status_code == 200
    assert [push.devices for push in talk.vendor.pushes.values()] == [phones]


async def test_phone_that_is_off_receives_nothing() -> None:
    talk = Talk(deaf={"r1"})
    msg_id = (await talk.push()).json()["msg_id"]
    talk.clock.move(1)
    assert (await talk.received(msg_id))["android_received"] == 0


async def test_same_cid_within_a_day_is_one_push() -> None:
    talk = Talk()
    first = (await talk.push(cid="delivery-1")).json()
    assert (await talk.push(cid="delivery-1")).json() == first
    talk.clock.move(86_401)
    assert (await talk.push(cid="delivery-1")).json()["msg_id"] != first["msg_id"]
    assert (len(talk.vendor.pushes), talk.vendor.repeated) == (2, 1)


async def test_push_that_overrides_takes_the_place_of_the_old_one() -> None:
    talk = Talk()
    first = int((await talk.push()).json()["msg_id"])
    second = int((await talk.push(options={"override_msg_id": first})).json()["msg_id"])
    talk.clock.move(1)
    assert [push.msg_id for push in talk.vendor.on_air()] == [second]
    assert (await talk.client.get("/state")).json()["on_air"] == [second]


@pytest.mark.parametrize("auth", [None, httpx.BasicAuth("key", "wrong"), httpx.BasicAuth("other", "secret")])
async def test_wrong_key_is_refused(auth: httpx.BasicAuth | None) -> None:
    talk = Talk()
    talk.client.auth = auth
    said = await talk.push()
    assert (said.status_code, said.json()["error"]["code"]) == (401, 1004)
    assert (await talk.client.get("/v3/received?msg_ids=1")).status_code == 401


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"audience": {"tag": ["nowhere"]}}, 1011),
        ({"audience": {}}, 1003),
        ({"audience": {"registration_id": [str(n) for n in range(1001)]}}, 1003),
        ({"audience": {"tag": [str(n) for n in range(21)]}}, 1003),
        ({"platform": ["palm"]}, 1003),
        ({"notification": {"alert": ""}}, 1003),
        ({"notification": {"alert": "长" * 1400}}, 1005),
        ({"options": {"time_to_live": -1}}, 1003),
        ({"cid": "two words"}, 1003),
        ({"colour": "red"}, 1003),
    ],
)
async def test_push_outside_the_rules_is_refused(changed: dict[str, Any], code: int) -> None:
    talk = Talk()
    said = await talk.push(**changed)
    assert (said.status_code, said.json()["error"]["code"]) == (400, code)
    assert talk.vendor.pushes == {}


async def test_body_that_is_no_json_is_refused() -> None:
    assert (await Talk().client.post("/v3/push", content=b"{")).json()["error"]["code"] == 1003


async def test_counts_of_an_unknown_push_are_empty_and_of_rubbish_an_error() -> None:
    talk = Talk()
    assert (await talk.received("1"))["android_received"] is None
    assert (await talk.client.get("/v3/received", params={"msg_ids": "x"})).status_code == 400


async def test_refusing_vendor_takes_the_retry() -> None:
    talk = Talk()
    talk.vendor.faults.set("refuse", times=1)
    assert [(await talk.push(cid="d1")).status_code for _ in range(2)] == [503, 200]


async def test_push_that_arrives_twice_is_one_push() -> None:
    talk = Talk()
    talk.vendor.faults.set("twice")
    assert (await talk.push(cid="d1")).status_code == 200
    assert (len(talk.vendor.pushes), talk.vendor.repeated) == (1, 1)
