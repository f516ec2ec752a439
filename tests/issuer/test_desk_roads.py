"""The desk says which roads are down before a warning is approved."""

from collections.abc import Collection

import httpx
import pytest

from contracts.values import Channel
from services.issuer import desk
from services.issuer.desk.roads import ChannelRoads, Down, Road
from tests.issuer.desk_make import Room, approved, in_review

CABLE = {"channel": "cable", "tested": True, "up": False, "seen": "the head-end answered 502"}
CABLE |= {"since": "2026-06-01T22:05:00+08:00", "took_ms": 3}
VOICE = {"channel": "voice", "tested": True, "up": False, "seen": "x", "since": None}
GOOD = {"channel": "broadcast", "tested": True, "up": True, "seen": "fine", "since": None}


class Told:
    """Roads as a test says they are."""

    def __init__(self, down: Down) -> None:
        self.now = down
        self.asked: list[Collection[Channel]] = []

    async def down(self, channels: Collection[Channel]) -> Down:
        self.asked.append(channels)
        return self.now


def say(room: Room, down: Down) -> Told:
    told = Told(down)
    parts: desk.Parts = room.app.state.parts["desk"]
    room.app.state.parts["desk"] = desk.Parts(parts.places, parts.looks, told, parts.sms_unit_cost)
    return told


async def test_the_approver_sees_the_roads_that_are_down(room: Room) -> None:
    told = say(room, Down((Road.model_validate(CABLE),)))
    address = await in_review(room)
    page = await (await room.person("li")).get(address)
    assert "1 条渠道链路现在中断" in page.text
    assert "有线电视" in page.text
    assert "有线电视前端应答 502" in page.text
    assert Channel.CABLE in told.asked[-1]


async def test_roads_that_nobody_could_ask_about_are_said_and_keep_nobody(room: Room) -> None:
    say(room, Down(away=True))
    address = await in_review(room)
    assert "未能查询渠道链路状态" in (await (await room.person("li")).get(address)).text
    assert (await approved(room, address, "li")).status == 303


async def test_when_all_is_well_nothing_is_said(room: Room) -> None:
    say(room, Down())
    address = await in_review(room)
    assert "链路" not in (await (await room.person("li")).get(address)).text


def _asking(answer: httpx.Response) -> ChannelRoads:
    def serve(request: httpx.Request) -> httpx.Response:
        assert request.headers["authorization"] == "Bearer key"
        return answer

    http = httpx.AsyncClient(transport=httpx.MockTransport(serve))
    return ChannelRoads(http, "http://channels", "key")


async def test_only_roads_of_this_warning_that_are_down_are_told() -> None:
    answer = httpx.Response(200, json={"data": [CABLE, VOICE, GOOD | {"tested": False, "up": False}]})
    down = await _asking(answer).down({Channel.CABLE, Channel.BROADCAST})
    assert [road.channel for road in down.roads] == [Channel.CABLE]
    assert not down.away


@pytest.mark.parametrize(
    "answer", [httpx.Response(503), httpx.Response(200, text="<html>"), httpx.Response(200, json={"data": 7})]
)
async def test_whatever_else_comes_is_nobody_there(answer: httpx.Response) -> None:
    assert (await _asking(answer).down({Channel.CABLE})).away
