"""Run the whole sandbox in one process: `python -m sandbox CONFIG`."""

import asyncio
import contextlib
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import orjson
import uvicorn
from fastapi import FastAPI
from fastapi.responses import PlainTextResponse

from sandbox import partners
from sandbox.broadcast_calls import Caller
from sandbox.gateways import GatewaysWorld
from sandbox.newsrooms import Newsrooms
from sandbox.stations import StationsWorld


class World:
    """Stations and gateways, with the phones between them, and the partners that are called."""

    def __init__(self, config: dict[str, Any]) -> None:
        credentials = orjson.loads(Path(config["credentials"]).read_bytes())
        self.config = config
        credentials["stations"] = credentials["stations"][: config.get("stations")]
        towns = sorted({f"{s['code'][:9]}000" for s in credentials["stations"]})
        self.stations = StationsWorld(config["base_url"], credentials, config["certificate"])
        self.gateways = GatewaysWorld(config["base_url"], credentials, on_sms=self.stations.on_sms)
        self.http = httpx.AsyncClient(timeout=10)
        self.partners = partners.make(config, credentials["people"], towns)
        self.newsrooms = Newsrooms(config["base_url"], credentials.get("newsrooms", {}))

    def state(self) -> dict[str, Any]:
        """Return what everybody in the world has seen so far."""
        return {
            "stations": self.stations.view(),
            "gateways": self.gateways.view(),
            "newsrooms": self.newsrooms.view(),
            **{name: state.view() for name, (_, state) in self.partners.items()},
        }

    def face(self) -> FastAPI:
        """Return the application that shows the state of the world."""
        app = FastAPI(title="Yutian sandbox", docs_url=None, redoc_url=None)

        @app.get("/ready", response_class=PlainTextResponse)
        async def ready() -> str:
            return "ready\n"

        @app.get("/state")
        async def state() -> dict[str, Any]:
            return self.state()

        return app

    async def run(self) -> None:
        """Run until SIGTERM or until a part falls."""
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        apps = {"world": self.face(), **{name: app for name, (app, _) in self.partners.items()}}
        servers = _servers(apps, self.config["ports"])
        tasks = [asyncio.ensure_future(server.serve()) for server in servers]
        calls = Caller(self.partners["broadcast"][1], self.http)
        people = (self.stations.run(), self.gateways.run(), self.newsrooms.run(), calls.run())
        others = (self.partners[name][1].run() for name in ("push", "upper"))
        tasks += [asyncio.ensure_future(one) for one in (*people, *others)]
        stop = asyncio.ensure_future(stopping.wait())
        done, _ = await asyncio.wait({*tasks, stop}, return_when=asyncio.FIRST_COMPLETED)
        for server in servers:
            server.should_exit = True
        for task in [*tasks[len(servers) :], stop]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for task in done - {stop}:
            task.result()


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """Leave signals to the world."""
        yield


def _servers(apps: Mapping[str, FastAPI], ports: Mapping[str, int]) -> list[_Server]:
    return [
        _Server(
            uvicorn.Config(
                app,
                host="127.0.0.1",
                port=ports[name],
                log_level="warning",
                lifespan="off",
                timeout_graceful_shutdown=1,
            )
        )
        for name, app in apps.items()
    ]


def main() -> None:
    """Run the sandbox of a configuration file."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m sandbox CONFIG")
    config = orjson.loads(Path(sys.argv[1]).read_bytes())
    asyncio.run(World(config).run())


if __name__ == "__main__":
    main()
