"""The fault switch, before a partner that only counts, on a real port."""

import asyncio
import time
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from sandbox.faults import FaultKind, Faults, install
from tests.sandbox.sandbox_make import served


class Counter:
    def __init__(self) -> None:
        self.faults = Faults()
        self.heard: list[str] = []
        self.came = asyncio.Event()

    def app(self) -> FastAPI:
        app = FastAPI()
        install(app, self.faults, lambda: {"heard": len(self.heard)})

        @app.post("/say")
        async def say(request: Request) -> dict[str, Any]:
            self.heard.append((await request.body()).decode())
            self.came.set()
            return {"heard": len(self.heard)}

        return app


async def test_partner_without_faults_answers() -> None:
    partner = Counter()
    async with served(partner.app()) as client:
        assert (await client.post("/say", content="a")).json() == {"heard": 1}


async def test_dropped_call_does_nothing_and_breaks() -> None:
    partner = Counter()
    partner.faults.set("drop", times=1)
    async with served(partner.app()) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            await client.post("/say", content="a")
        assert partner.heard == []
        assert (await client.post("/say", content="a")).json() == {"heard": 1}


async def test_silent_partner_lets_the_caller_wait() -> None:
    partner = Counter()
    partner.faults.set("silent")
    async with served(partner.app()) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post("/say", content="a", timeout=0.3)
        assert partner.heard == []


async def test_whoever_waits_for_a_silent_partner_is_let_go_when_faults_are_cleared() -> None:
    partner = Counter()
    async with served(partner.app()) as client:
        await client.post("/faults", json={"kind": "silent"})
        waiting = asyncio.create_task(client.post("/say", content="a"))
        await asyncio.wait({waiting}, timeout=0.2)
        assert not waiting.done()
        await client.delete("/faults")
        with pytest.raises(httpx.RemoteProtocolError):
            await waiting
        assert partner.heard == []


async def test_delayed_partner_looks_at_it_later() -> None:
    partner = Counter()
    partner.faults.set("delay", seconds=0.3)
    async with served(partner.app()) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post("/say", content="a", timeout=0.1)
        assert partner.heard == []


async def test_late_partner_acts_before_it_answers() -> None:
    partner = Counter()
    partner.faults.set("late", seconds=0.4)
    async with served(partner.app()) as client:
        started = time.perf_counter()
        calling = asyncio.create_task(client.post("/say", content="a"))
        await partner.came.wait()
        assert time.perf_counter() - started < 0.3
        assert (await calling).json() == {"heard": 1}
        assert time.perf_counter() - started >= 0.4


async def test_call_that_arrives_twice_is_heard_twice_and_answered_once() -> None:
    partner = Counter()
    partner.faults.set("twice", times=1)
    async with served(partner.app()) as client:
        assert (await client.post("/say", content="long " * 50_000)).json() == {"heard": 2}
        assert partner.heard == ["long " * 50_000] * 2
        assert (await client.post("/say", content="b")).json() == {"heard": 3}


async def test_fault_on_another_path_leaves_this_one_alone() -> None:
    partner = Counter()
    partner.faults.set("drop", path="/other")
    async with served(partner.app()) as client:
        assert (await client.post("/say", content="a")).status_code == 200


async def test_switch_is_turned_and_shown_by_http_even_while_silent() -> None:
    partner = Counter()
    async with served(partner.app()) as client:
        setting = {"kind": "silent", "seconds": 2, "times": 3, "path": "/say", "code": None}
        assert (await client.post("/faults", json=setting)).json() == [setting]
        assert (await client.get("/faults")).json() == [setting]
        assert (await client.get("/state")).json() == {"heard": 0}
        assert (await client.delete("/faults", params={"kind": "silent"})).json() == []


@pytest.mark.parametrize(
    "body", [{}, {"kind": "explode"}, {"kind": "drop", "times": 0}, {"kind": "drop", "more": 1}]
)
async def test_unknown_fault_is_refused(body: dict[str, Any]) -> None:
    async with served(Counter().app()) as client:
        assert (await client.post("/faults", json=body)).status_code == 422


def test_fault_happens_as_often_as_it_was_set() -> None:
    faults = Faults()
    faults.set(FaultKind.REFUSE, times=2, path="/ebd")
    assert faults.take(FaultKind.REFUSE, "/other") is None
    assert faults.take(FaultKind.REFUSE, "/ebd")
    assert faults.take(FaultKind.REFUSE, "/ebd")
    assert faults.take(FaultKind.REFUSE, "/ebd") is None
