"""One warning, end to end: the story that everything else is about."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from services.laptop import story
from services.laptop.visitor import Visitor
from tests.flows.system import System, reconciled, settled, visitors

ONE_TOWN = "500110001"


def a_draft(level: str, **more: Any) -> dict[str, Any]:
    """Return a rainstorm for one town."""
    return {**story.red(datetime.now(UTC)), "level": level, "selection": {"towns": [ONE_TOWN]}, **more}


async def reached_stations(visitor: Visitor, warning: dict[str, Any]) -> set[str]:
    """Return the stations that a revision has reached."""
    path = f"/api/v1/warnings/{warning['warning_id']}/targets"
    found = await visitor.get(path, revision=warning["revision"], channel="station", limit=500)
    return {row["target"] for row in found["data"] if row["received_at"]}


async def tell_the_story(system: System) -> None:
    """Issue a red warning, see it reach everybody it is for and nobody else, lift it, ask the audit."""
    async with visitors(system) as people:
        rows = (await people.drafter.get("/api/v1/registry/stations", limit=1000))["data"]
        wanted = {row["code"] for row in rows if row["village_code"].startswith(ONE_TOWN)}
        red = await story.issue(people.drafter, (people.checker, people.signer), a_draft("RED"))
        account = await settled(people.drafter, red)
        assert {line["channel"] for line in account["channels"]} == {
            *("station", "sms", "area", "broadcast", "cable", "wechat", "app", "feed"),
            *("web", "media", "weibo", "upper"),
        }
        assert account["total"]["targeted"] == account["manifest_count"] == red["manifest"]["count"]
        assert account["total"]["failed"] + account["total"]["received"] == account["total"]["targeted"]
        assert await reached_stations(people.drafter, red) == wanted
        lifted = await story.lift(people.drafter, (people.checker, people.signer), red)
        after = await settled(people.drafter, lifted)
        assert await reached_stations(people.drafter, lifted) == wanted
        assert after["manifest_count"] == account["manifest_count"]
        await reconciled(people.auditor)
        told = await people.auditor.get(f"/api/v1/audit/warnings/{red['warning_id']}/timeline")
        assert told["data"]


async def test_one_warning_in_one_process(
    a_system: Callable[..., System], seeded: Callable[[System], Awaitable[None]]
) -> None:
    system = a_system(stations=23)
    await seeded(system)
    await system.start_in_one()
    await system.start_world()
    await tell_the_story(system)


@pytest.mark.long
@pytest.mark.timeout(300)
async def test_one_warning_through_five_services_and_replicas(
    a_system: Callable[..., System], database_url: str
) -> None:
    """On PostgreSQL router and channels run twice; a SQLite file has one writer, so each runs once."""
    system = a_system(stations=23, database_url=database_url)
    system.prepare()
    twice = {"router": 2, "channels": 2} if database_url.startswith("postgresql") else {}
    await system.start_split(twice)
    await system.start_world()
    await tell_the_story(system)
