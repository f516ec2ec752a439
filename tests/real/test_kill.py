"""kill -9 between any two steps, then a restart: no target is lost, none stays open, the chain is whole."""

import asyncio
import contextlib
from collections.abc import Callable

import httpx
import pytest

from services.kit.errors import Problem
from services.laptop import story
from tests.flows.conftest import a_system, seeded  # noqa: F401 (fixtures)
from tests.flows.system import System, five_free_ports, reconciled, settled, visitors

assert five_free_ports

POINTS = (
    *("outbox.written:issuer", "outbox.committed:issuer", "relay.read:issuer", "relay.published:issuer"),
    *("relay.marked:issuer", "consume.received:router", "consume.handled:router"),
    *("consume.committed:router", "consume.acknowledged:router", "relay.published:router"),
    *("consume.handled:stations", "consume.committed:stations", "relay.published:stations"),
    *("consume.handled:gateways", "consume.committed:gateways", "consume.handled:issuer"),
    *("push.claimed:broadcast", "push.answered:broadcast", "push.written:broadcast"),
    *("ledger.appended:audit", "ledger.committed:audit"),
)


async def issued(system: System) -> dict[str, object]:
    """Issue a warning through whatever dies on the way; return it once it is in force."""
    async with visitors(system) as people:
        draft = await people.drafter.post("/api/v1/warnings", story.a_small_one())
        path = f"/api/v1/warnings/{draft['warning_id']}"
        with contextlib.suppress(httpx.HTTPError, Problem):
            await story.pass_review(people.drafter, (people.signer,), draft)
        await asyncio.sleep(0)
        found: dict[str, object] = {"path": path, **draft}
    return found


async def finished(system: System, draft: dict[str, object]) -> None:
    """See the warning through after the restart, and everything accounted for."""
    async with visitors(system) as people:
        warning = await people.drafter.get(str(draft["path"]))
        if warning["state"] in ("draft", "review"):
            warning = await story.pass_review(people.drafter, (people.signer,), warning)
        account = await settled(people.drafter, warning)
        assert account["total"]["targeted"] == warning["manifest"]["count"]
        await reconciled(people.auditor)


@pytest.mark.parametrize("point", POINTS)
async def test_a_process_killed_between_two_steps_loses_nothing(
    point: str,
    a_system: Callable[..., System],  # noqa: F811
    seeded: Callable[[System], None],  # noqa: F811
) -> None:
    system = a_system(stations=23)
    seeded(system)
    await system.start_in_one()
    await system.start_world()
    system.processes["all"].kill()
    await system.start_in_one(YUTIAN_FAIL_AT=f"{point}:1")
    draft: dict[str, object] = {}
    with contextlib.suppress(httpx.HTTPError, Problem):
        draft = await issued(system)
    await system.processes["all"].died()
    await system.restart("all")
    if not draft:
        draft = await issued(system)
    await finished(system, draft)


async def test_a_killed_bus_loses_nothing(
    a_system: Callable[..., System],  # noqa: F811
    seeded: Callable[[System], None],  # noqa: F811
) -> None:
    system = a_system(stations=23)
    seeded(system)
    await system.start_in_one()
    await system.start_world()
    system.nats.kill()
    draft = await issued(system)
    system.nats.start()
    await finished(system, draft)


async def test_a_bus_that_lost_its_disk_is_filled_again_from_the_outboxes(
    a_system: Callable[..., System],  # noqa: F811
    seeded: Callable[[System], None],  # noqa: F811
) -> None:
    system = a_system(stations=23)
    seeded(system)
    await system.start_in_one()
    await system.start_world()
    draft = await issued(system)
    system.nats.wipe()
    system.nats.start()
    system.yutian("streams", "apply")
    system.yutian("outbox", "replay", "--since", "2020-01-01T00:00:00")
    await finished(system, draft)
