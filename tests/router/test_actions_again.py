"""What the audit misses of plans and requests the router says again; what has ended it leaves alone."""

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from contracts.delivery import DeliveryReported, DeliveryRequested, PlanMade
from contracts.difference import ROUTER, DifferenceTold
from contracts.fact import Fact
from contracts.message import Message
from contracts.values import Channel, Lane, Mode
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.outbox import OUTBOX
from services.router.actions.again import again
from services.router.actions.end import end
from services.router.actions.hear import hear
from services.router.actions.plan import plan
from tests.audit.watch_make import Watching, watching
from tests.clock import HandClock
from tests.outbox import said
from tests.router.registry_make import a_district
from tests.router.router_make import AWarning, a_halt, a_report, fill, forget_said, of_kind, pinned


@pytest.fixture
async def world(database_url: str, tmp_path: Path) -> AsyncIterator[Watching]:
    """An audit that watches."""
    async with watching(database_url, tmp_path / "audit") as opened:
        yield opened


@pytest.fixture
async def warning(db: Database, crypto: SoftwareCrypto) -> AWarning:
    """A red warning for the whole district, planned."""
    await fill(db, crypto, a_district())
    warning = AWarning(await pinned(db, crypto))
    await forget_said(db)
    async with db.transaction() as tx:
        await plan(tx, warning.issued(), crypto)
    return warning


async def _hear(db: Database, *reports: DeliveryReported) -> None:
    for report in reports:
        async with db.transaction() as tx:
            await hear(tx, report)


async def _told(db: Database, *told: DifferenceTold) -> list[Message]:
    """Tell the router; return what it says to that, beside facts."""
    before = len(await said(db))
    for one in told:
        if one.owner == ROUTER:
            async with db.transaction() as tx:
                await again(tx, one)
    return [m for m in (await said(db))[before:] if not isinstance(m, Fact)]


async def test_a_plan_that_got_lost_is_said_again_and_the_alarm_ends(
    db: Database, warning: AWarning, world: Watching
) -> None:
    first, *requests = await said(db)
    reports = [a_report(request) for request in of_kind(requests, DeliveryRequested)]
    await world.say(warning.issued(), *requests, *reports)
    await world.round(seconds=61)
    assert "plan-missing" in await world.whats()
    found = await _told(db, *await world.told())
    assert found == [first], "the very plan, once"
    ids = [row["message_id"] for row in await db.rows(OUTBOX.select())]
    assert len(set(ids)) == len(ids), "under a new id, or the bus would take it for a repetition"
    await world.say(*found)
    await world.round(seconds=5)
    assert await world.whats() == []


@pytest.mark.parametrize("taken", [False, True])
async def test_requests_that_got_lost_are_said_again_and_the_alarms_end(
    db: Database, warning: AWarning, world: Watching, taken: bool
) -> None:
    made, *requests = await said(db)
    lost = [r for r in of_kind(requests, DeliveryRequested) if r.channel in (Channel.SMS, Channel.STATION)]
    reports = [a_report(request) for request in of_kind(requests, DeliveryRequested)]
    if taken:
        await _hear(db, *reports)
    await world.say(warning.issued(), made, *(r for r in requests if r not in lost), *reports)
    await world.round(seconds=61)
    assert set(await world.whats()) == {"delivery-not-requested", "targets-forgotten"}
    found = await _told(db, *await world.told())
    asked = of_kind(found, DeliveryRequested)
    assert {r.delivery_id for r in asked} == {r.delivery_id for r in lost}
    assert all(request in lost for request in asked), "the very requests"
    await world.say(*found, *await _told(db, *await world.told()))
    await world.round(seconds=5)
    assert await world.whats() == []


async def test_only_what_is_missed_is_asked_again(db: Database, warning: AWarning, world: Watching) -> None:
    requests = of_kind(await said(db), DeliveryRequested)
    one = next(r for r in requests if r.channel is Channel.SMS)
    told = _difference(warning, "delivery-silent", Channel.SMS, (one.delivery_id,))
    assert await _told(db, told) == [one]
    stranger = _difference(AWarning(warning.manifest), "delivery-silent", Channel.SMS, (one.delivery_id,))
    assert await _told(db, stranger) == []
    drill = told.model_copy(update={"mode": Mode.DRILL})
    assert await _told(db, drill) == []


async def test_what_has_ended_or_expired_is_not_asked_for_again(
    db: Database, warning: AWarning, clock: HandClock
) -> None:
    made = of_kind(await said(db), PlanMade)
    told = _difference(warning, "delivery-not-requested", Channel.STATION)
    missing = _difference(warning, "plan-missing", None)
    clock.at = warning.expires
    assert await _told(db, told) == [], "it has expired"
    clock.move(hours=-6)
    async with db.transaction() as tx:
        await end(tx, a_halt(warning))
    assert await _told(db, told) == [], "it was stopped"
    assert await _told(db, missing) == made, "a plan asks nobody for anything"
    kinds = [fact.kind for fact in of_kind(await said(db), Fact)]
    assert kinds == ["difference.declined", "difference.declined", "difference.driven"]


def _difference(
    warning: AWarning, what: str, channel: Channel | None, deliveries: tuple[UUID, ...] = ()
) -> DifferenceTold:
    return DifferenceTold(
        mode=Mode.LIVE,
        lane=Lane.URGENT,
        owner=ROUTER,
        what=what,
        warning_id=warning.warning_id,
        revision=1,
        at=warning.expires,
        time=1,
        channel=channel,
        deliveries=deliveries,
    )
