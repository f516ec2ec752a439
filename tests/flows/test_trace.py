"""One trace for each warning, across all hops, read from an in-memory exporter."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from unittest.mock import patch

import httpx
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from services.houses import openers
from services.kit.http import create_app
from services.kit.process import open_floor, run
from services.kit.settings import Settings
from services.laptop import story
from tests.flows.system import System, settled_plan, visitors

HOPS = {"POST approve", "router-plan-live", "channels-deliver-station-live", "issuer-follow-live"}


async def test_one_trace_holds_every_hop_of_a_warning(
    a_system: Callable[..., System], seeded: Callable[[System], Awaitable[None]], tmp_path: Path
) -> None:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    system = a_system()
    await seeded(system)
    with patch.dict(os.environ, {**system.env, "YUTIAN_PORT": str(system.port)}):
        settings = Settings.load()
        async with open_floor(settings, "trace") as floor:
            opened = [await opener(floor) for opener in openers("all").values()]
            app = create_app(floor, opened)
            served = asyncio.ensure_future(run(settings, app, opened, floor.bus))
            try:
                await _ready(system.url)
                async with visitors(system) as people:
                    draft = story.a_small_one()
                    warning = await story.issue(people.drafter, (people.signer,), draft)
                    await settled_plan(people.drafter, warning)
                    await _seen(exporter)
            finally:
                app.state.stopping.set()
                await asyncio.gather(served, return_exceptions=True)


async def _ready(url: str) -> None:
    async with httpx.AsyncClient(base_url=url) as http, asyncio.timeout(60):
        while True:
            try:
                if (await http.get("/ready")).status_code == httpx.codes.OK:
                    return
            except httpx.HTTPError:
                pass
            await asyncio.sleep(0.05)


async def _seen(exporter: InMemorySpanExporter) -> None:
    """Wait until some trace has a span of every hop."""
    async with asyncio.timeout(30):
        while True:
            names: dict[int, set[str]] = {}
            for span in exporter.get_finished_spans():
                names.setdefault(span.context.trace_id, set()).add(span.name)
            if any(found >= HOPS for found in names.values()):
                return
            await asyncio.sleep(0.05)
