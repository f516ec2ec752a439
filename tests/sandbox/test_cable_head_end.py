"""The cable head-end of the sandbox: strict about orders, honest about what is on the screens."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from contracts.canonical import canonical_bytes
from sandbox import cable
from services.kit import sm
from tests.clock import HandClock
from tests.sandbox.sandbox_make import START, calling

KEY = b"an agreed secret of the head-end"


class Talk:
    """A head-end, and us talking to it."""

    def __init__(self) -> None:
        self.clock = HandClock(START)
        self.head_end = cable.HeadEnd(key=KEY, now=self.clock)
        self.client = calling(cable.create(self.head_end))

    def order(self, order_id: str = "order-001", **changed: Any) -> dict[str, Any]:
        at = self.clock.at
        return {
            "order_id": order_id,
            "action": "START",
            "severity": "RED",
            "event_type": "11B03",
            "area": ["500110110000", "500110112000"],
            "display_mode": "CRAWL",
            "text": "綦江区气象台发布暴雨红色预警信号",
            "start": at.isoformat(),
            "end": (at + timedelta(hours=1)).isoformat(),
            "expires": (at + timedelta(hours=3)).isoformat(),
        } | changed

    async def post(self, order: dict[str, Any], key: bytes = KEY) -> httpx.Response:
        code = sm.hmac_sm3(key, canonical_bytes(order)).hex()
        return await self.client.post("/orders", json=order, headers={"X-Signature": f"HMAC-SM3 {code}"})

    async def ask(self, order_id: str = "order-001") -> dict[str, Any]:
        answer: dict[str, Any] = (await self.client.get(f"/orders/{order_id}")).json()
        return answer


async def test_order_is_accepted_then_on_the_air_with_its_boxes() -> None:
    talk = Talk()
    assert (await talk.post(talk.order())).json() == {"order_id": "order-001", "status": "accepted"}
    talk.clock.move(0.5)
    said = await talk.ask()
    assert (said["status"], said["boxes"]) == ("on-air", 2400)
    assert said["started_at"].startswith("2026-06-01T22:05:00.4")
    assert [order.order_id for order in talk.head_end.on_air()] == ["order-001"]


async def test_order_ends_by_itself() -> None:
    talk = Talk()
    await talk.post(talk.order())
    talk.clock.move(3600)
    said = await talk.ask()
    assert (said["status"], said["stopped_at"]) == ("stopped", "2026-06-01T23:05:00.000+08:00")


async def test_stop_takes_the_order_off_the_air() -> None:
    talk = Talk()
    await talk.post(talk.order())
    talk.clock.move(1)
    await talk.post(talk.order("order-002", action="STOP", related_order_id="order-001"))
    assert (await talk.ask())["status"] == "on-air"
    talk.clock.move(0.2)
    assert (await talk.ask())["status"] == "stopped"
    assert (await talk.ask("order-002"))["status"] == "stopped"
    assert talk.head_end.on_air() == []


async def test_order_stopped_before_it_was_shown_never_started() -> None:
    talk = Talk()
    await talk.post(talk.order())
    await talk.post(talk.order("order-002", action="STOP", related_order_id="order-001"))
    talk.clock.move(5)
    assert "started_at" not in await talk.ask()


async def test_replacement_takes_the_place_of_the_old_order() -> None:
    talk = Talk()
    await talk.post(talk.order())
    talk.clock.move(1)
    await talk.post(talk.order("order-002", action="REPLACE", related_order_id="order-001"))
    talk.clock.move(1)
    assert [order.order_id for order in talk.head_end.on_air()] == ["order-002"]


async def test_same_order_twice_is_one_order() -> None:
    talk = Talk()
    first, second = await talk.post(talk.order()), await talk.post(talk.order())
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert (len(talk.head_end.orders), talk.head_end.repeated) == (1, 1)


async def test_another_order_under_a_used_id_is_refused() -> None:
    talk = Talk()
    await talk.post(talk.order())
    assert (await talk.post(talk.order(text="另一条"))).status_code == 409


async def test_order_signed_with_another_key_is_refused_and_not_kept() -> None:
    talk = Talk()
    assert (await talk.post(talk.order(), key=b"wrong")).status_code == 401
    assert (await talk.client.post("/orders", json=talk.order())).status_code == 401
    assert (await talk.client.get("/orders/order-001")).status_code == 404


async def test_order_changed_on_its_way_is_refused() -> None:
    talk = Talk()
    code = sm.hmac_sm3(KEY, canonical_bytes(talk.order())).hex()
    head = {"X-Signature": f"HMAC-SM3 {code}"}
    assert (await talk.client.post("/orders", json=talk.order(text="改"), headers=head)).status_code == 401


@pytest.mark.parametrize("mode", ["FULL", "SWITCH"])
async def test_forced_mode_needs_an_approver_and_red_or_orange(mode: str) -> None:
    talk = Talk()
    said = await talk.post(talk.order(display_mode=mode))
    assert (said.status_code, said.json()["status"]) == (422, "rejected")
    assert "approver" in said.json()["reason"]
    held = {"approver": "李四", "contact_s": 180, "program_number": 1}
    for number, colour in enumerate(("YELLOW", "BLUE")):
        order = talk.order(f"order-10{number}", display_mode=mode, severity=colour, **held)
        assert "red and orange" in (await talk.post(order)).json()["reason"]
    for number, missing in enumerate(("contact_s", "program_number")[: 1 + (mode == "SWITCH")]):
        order = talk.order(f"order-15{number}", display_mode=mode, **(held | {missing: None}))
        assert missing in (await talk.post(order)).json()["reason"]
    taken = talk.order("order-200", display_mode=mode, severity="ORANGE", **held)
    assert (await talk.post(taken)).status_code == 200
    ended = talk.order("order-201", display_mode=mode, action="STOP", related_order_id="order-200")
    assert (await talk.post(ended)).status_code == 200


async def test_a_forced_screen_is_given_back_when_nobody_asks_after_it_any_more() -> None:
    talk = Talk()
    held = {"display_mode": "FULL", "approver": "李四", "contact_s": 60}
    await talk.post(talk.order(**held))
    for _ in range(3):
        talk.clock.move(50)
        assert (await talk.ask())["status"] == "on-air"
    talk.clock.move(61)
    said = await talk.ask()
    assert (said["status"], said["reason"]) == ("stopped", "contact lost")
    assert said["stopped_at"] == "2026-06-01T22:08:30.000+08:00"
    talk.clock.move(10)
    assert (await talk.ask())["status"] == "stopped"
    assert talk.head_end.on_air() == []


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"text": "长" * 121}, "text"),
        ({"text": "一\n二"}, "text"),
        ({"text": ""}, "text"),
        ({"title": "长" * 21}, "title"),
        ({"area": []}, "area"),
        ({"area": ["500112000000"]}, "area"),
        ({"area": ["500110"]}, "area"),
        ({"severity": "PURPLE"}, "severity"),
        ({"event_type": "rain"}, "event_type"),
        ({"end": "2026-06-01T22:00:00+08:00"}, "end"),
        ({"end": "2026-06-02T22:00:00+08:00"}, "end"),
        ({"start": "2026-06-01T22:05:00"}, "start"),
        ({"related_order_id": "order-000"}, "related_order_id"),
        ({"action": "STOP"}, "related_order_id"),
        ({"action": "STOP", "related_order_id": "order-000"}, "related_order_id"),
        ({"audio_url": "file:///etc/passwd"}, "audio_url"),
        ({"note": "more"}, "note"),
    ],
)
async def test_order_outside_the_rules_is_rejected_with_its_field(
    changed: dict[str, Any], field: str
) -> None:
    talk = Talk()
    said = await talk.post(talk.order(**changed))
    assert said.status_code == 422
    assert said.json()["reason"].startswith(field)
    kept = await talk.ask()
    assert (kept["status"], kept["reason"]) == ("rejected", said.json()["reason"])


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"order_id": "\\ud800"}', b"[" * 100_000])
async def test_body_that_is_no_order_is_a_bad_request(body: bytes) -> None:
    assert (await Talk().client.post("/orders", content=body)).status_code == 400


async def test_refusing_head_end_keeps_nothing() -> None:
    talk = Talk()
    talk.head_end.faults.set("refuse", times=1)
    assert (await talk.post(talk.order())).status_code == 503
    assert (await talk.post(talk.order())).status_code == 200


async def test_health_and_state_say_what_is_on_the_air() -> None:
    talk = Talk()
    await talk.post(talk.order())
    talk.clock.move(1)
    assert (await talk.client.get("/health")).json()["on_air"] == 1
    assert (await talk.client.get("/state")).json()["on_air"] == ["order-001"]
