"""What the tests of the sandbox share: when it begins, and ways to call a partner."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

START = datetime(2026, 6, 1, 14, 5, tzinfo=UTC)


def calling(app: FastAPI) -> httpx.AsyncClient:
    """Return a client that calls the application without a network."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://partner")


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.up = asyncio.Event()

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.up.set()


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the application on a real port, and yield a client of it."""
    server = _Server(uvicorn.Config(app, port=0, log_level="critical", timeout_graceful_shutdown=1))
    running = asyncio.create_task(server.serve())
    await server.up.wait()
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=5) as client:
            yield client
    finally:
        server.should_exit = True
        await running
