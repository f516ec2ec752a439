"""A house as it runs: its siblings on a real bus, and HTTP on a real port."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import uvicorn

from services.kit.door import DoorProtocol
from services.kit.http import create_app
from services.kit.process import Floor, Service, cancel, house_siblings


@contextlib.asynccontextmanager
async def running(floor: Floor, service: Service, patience_s: int | None = None) -> AsyncIterator[str]:
    """Run a service as one replica; yield its address; `patience_s` cuts off what hangs at its end."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        create_app(floor, [service]),
        http=DoorProtocol,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=patience_s,
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    http = asyncio.ensure_future(server.serve([listener]))
    siblings = [sibling for house in service.houses for sibling in house_siblings(floor.bus, house)]
    tasks = [asyncio.ensure_future(sibling()) for sibling in siblings]
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await cancel(tasks)
        await http
