"""kill -9 between any two steps, then a restart: no target is lost, none stays open, the chain is whole."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from services.houses import OPENERS
from services.kit.errors import Problem
from services.laptop import story
from tests.flows.system import System, reconciled, settled, visitors

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]

Make = Callable[..., System]
Lay = Callable[[System], Awaitable[None]]

POINTS = (
    *("consume.received:router", "consume.handled:router", "outbox.written:router"),
    *("outbox.committed:router", "consume.committed:router", "consume.acknowledged:router"),
    *("relay.read:router", "relay.published:router", "relay.marked:router"),
    *("consume.committed:stations", "push.answered:broadcast", "ledger.committed:audit"),
)
"""Between every two steps of consume, outbox and relay, once; then one step of the houses that follow."""


async def begin(system: System) -> dict[str, Any] | None:
    """Issue a warning, through whatever dies on the way; return it as far as it got."""
    draft: dict[str, Any] | None = None
    with contextlib.suppress(httpx.HTTPError, Problem):
        async with visitors(system) as people:
            draft = await people.drafter.post(
                "/api/v1/warnings", await story.among_others(people.drafter, story.a_small_one())
            )
            await story.pass_review(people.drafter, (people.signer,), draft)
    return draft


async def finish(system: System, draft: dict[str, Any] | None) -> None:
    """See the warning through, and every target of its manifest accounted for."""
    assert draft
    async with visitors(system) as people:
        warning = await people.drafter.get(f"/api/v1/warnings/{draft['warning_id']}")
        if warning["state"] in ("draft", "review"):
            warning = await story.pass_review(people.drafter, (people.signer,), warning)
        account = await settled(people.drafter, warning, within=120)
        assert account["total"]["targeted"] == warning["manifest"]["count"]
        await reconciled(people.auditor)


async def test_a_process_killed_between_any_two_steps_loses_nothing(a_system: Make, seeded: Lay) -> None:
    """Die at one point after the other, with what the last death left to do; then see everything through."""
    system = a_system(stations=23)
    await seeded(system)
    await system.start_in_one()
    await system.start_world()
    drafts = []
    for point in POINTS:
        system.processes["all"].kill()
        system.begin_in_one(YUTIAN_FAIL_AT=point)
        if await system.answers():
            drafts.append(await begin(system))
        await system.processes["all"].died()
    await system.restart("all")
    assert any(drafts)
    for draft in filter(None, drafts):
        await finish(system, draft)


async def test_each_service_killed_alone_loses_nothing(a_system: Make, seeded: Lay) -> None:
    """Kill one service after the other, each with a warning just under way; then see all of them through."""
    system = a_system(stations=23)
    await seeded(system)
    await system.start_split({})
    await system.start_world()
    drafts = []
    for service in OPENERS:
        drafts.append(await begin(system))
        system.processes[f"{service}-0"].kill()
        await system.restart(f"{service}-0")
    for draft in drafts:
        await finish(system, draft)


async def test_a_killed_bus_loses_nothing(a_system: Make, seeded: Lay) -> None:
    system = a_system(stations=23)
    await seeded(system)
    await system.start_in_one()
    await system.start_world()
    system.nats.kill()
    draft = await begin(system)
    system.nats.start()
    await finish(system, draft)


async def test_a_bus_that_lost_its_disk_is_filled_again_from_the_outboxes(
    a_system: Make, seeded: Lay
) -> None:
    system = a_system(stations=23)
    await seeded(system)
    await system.start_in_one()
    draft = await begin(system)
    system.nats.wipe()
    system.nats.start()
    await system.apply_streams()
    system.yutian("outbox", "replay", "--since", "2020-01-01T00:00:00")
    await system.start_world()
    await finish(system, draft)
