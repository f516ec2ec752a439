"""Files that leave: cut when the process stops or somebody hangs up, and their end is said in every case."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import httpx
import pytest
from fastapi import FastAPI

from services.audit.api.leaving import FileAnswer, Leaving
from services.kit.errors import Retry
from tests.audit.test_pages import served


@dataclass
class Endless:
    """An app whose one file never ends."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def app(self) -> FastAPI:
        """Return the app."""
        app = FastAPI()

        async def fetch() -> FileAnswer:
            return FileAnswer(self.pieces(), self.stop, self.end, "application/jsonl", {})

        app.add_api_route("/file", fetch, response_model=None)
        return app

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield for ever."""
        while True:
            yield b"x" * 10_000
            await asyncio.sleep(0)

    async def end(self) -> None:
        """Note that it ended."""
        self.ended.set()


async def test_a_file_is_cut_when_the_process_stops() -> None:
    endless = Endless()
    async with served(endless.app()) as url, httpx.AsyncClient(base_url=url) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            async with client.stream("GET", "/file") as reply:
                async for _ in reply.aiter_bytes():
                    endless.stop.set()
        assert endless.ended.is_set()


async def test_a_file_that_nobody_reads_is_cut_as_well() -> None:
    endless = Endless()
    async with served(endless.app()) as url, httpx.AsyncClient(base_url=url) as client:
        async with client.stream("GET", "/file"):
            endless.stop.set()
            async with asyncio.timeout(10):
                await endless.ended.wait()


async def test_the_end_is_said_when_somebody_hangs_up() -> None:
    endless = Endless()
    async with served(endless.app()) as url, httpx.AsyncClient(base_url=url) as client:
        async with client.stream("GET", "/file") as reply:
            async for _ in reply.aiter_bytes():
                break
        async with asyncio.timeout(10):
            await endless.ended.wait()


async def test_places_are_few_and_come_back() -> None:
    leaving, said = Leaving(), []

    async def say() -> None:
        said.append(leaving.now)

    for _ in range(3):
        leaving.begin()
    with pytest.raises(Retry, match="as many lists"):
        leaving.begin()
    leaving.free()
    await leaving.say(say())
    leaving.begin()
    assert said == [2]


async def test_the_end_is_said_although_whoever_waits_is_cancelled() -> None:
    leaving, said = Leaving(), asyncio.Event()

    async def say() -> None:
        await asyncio.sleep(0.05)
        said.set()

    task = asyncio.ensure_future(leaving.say(say()))
    await asyncio.sleep(0)
    task.cancel()
    async with asyncio.timeout(10):
        await said.wait()
