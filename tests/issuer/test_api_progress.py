"""Progress over HTTP: added up, and as a stream."""

import asyncio
from types import SimpleNamespace
from typing import Any

from services.issuer import api
from services.issuer.api.progress import stream_progress
from tests.issuer.api_make import Desk, id_of
from tests.issuer.reports_make import a_plan, a_report, hear, story


async def test_progress_adds_up_channel_by_channel(desk: Desk) -> None:
    issued = await desk.issued()
    zhang = await desk.person("zhang")
    warning = await desk.office.get(id_of(issued))
    path = f"/warnings/{issued['warning_id']}/progress"
    assert (await zhang.ask("GET", path))["adds_up"] is False
    await hear(desk.office, *story(warning))
    found = await zhang.ask("GET", path)
    assert found["adds_up"] is True
    assert found["total"]["targeted"] == found["manifest_count"] == 6
    stations = next(line for line in found["channels"] if line["channel"] == "station")
    assert stations["latency"] == {"p50_s": 3.0, "p95_s": 4.0, "max_s": 4.0, "first_s": 2.0}
    parts = ("confirmed", "delivered", "failed", "withdrawn", "expired", "open")
    for line in (*found["channels"], found["total"]):
        assert line["targeted"] == sum(line[part] for part in parts)
    page = await zhang.ask("GET", f"/warnings/{issued['warning_id']}/targets?limit=3")
    assert (len(page["data"]), page["has_more"]) == (3, True)
    rest = await zhang.ask("GET", f"/warnings/{issued['warning_id']}/targets?limit=3&cursor={page['next']}")
    assert (len(rest["data"]), rest["has_more"]) == (1, False)


async def test_a_stream_sends_progress_now_and_on_each_change(desk: Desk) -> None:
    issued = await desk.issued()
    warning = await desk.office.get(id_of(issued))
    parts: api.Parts = desk.app.state.parts["issuer"]
    running = asyncio.ensure_future(parts.watch.run())
    request: Any = SimpleNamespace(app=desk.app, state=SimpleNamespace())
    taken = await parts.watch.photograph(warning.warning_id, None)
    events = stream_progress(request, taken, parts)
    first = await anext(events)
    assert (first.event, first.data.total.targeted) == ("progress", 0)
    following = asyncio.ensure_future(anext(events))
    await hear(desk.office, a_plan(warning), a_report(warning, 1, {"queued": 4}))  # type: ignore[dict-item]
    parts.watch.changed(warning.warning_id)
    assert (await asyncio.wait_for(following, 5)).data.total.targeted == 6
    ending = asyncio.ensure_future(anext(events, None))
    await asyncio.sleep(0.05)
    desk.app.state.stopping.set()
    assert await asyncio.wait_for(ending, 2) is None
    running.cancel()


async def test_a_stream_is_framed_as_server_sent_events(desk: Desk) -> None:
    issued = await desk.issued()
    zhang = await desk.person("zhang")
    asyncio.get_running_loop().call_later(0.3, desk.app.state.stopping.set)
    body = await zhang.ask("GET", f"/warnings/{issued['warning_id']}/progress/stream")
    assert zhang.reply.headers["content-type"].startswith("text/event-stream")
    assert body.startswith(b"event: progress\ndata: {")
