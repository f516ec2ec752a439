"""What rings, for whom, and when a warning is about to run out."""

import asyncio
from datetime import timedelta

from contracts.values import Level
from services.issuer import store
from services.issuer.actions.announcing import announce_due
from services.issuer.actions.ending import CLOCK
from services.issuer.actions.ringing import Why, rings
from services.issuer.actions.shift import shift
from tests.issuer.desk_make import Room
from tests.issuer.follow_make import ZHAO, facts, published, whys
from tests.issuer.issuer_make import CHEN, LI, NOW, SUN, WANG, ZHANG, Office, leading

# What rings


async def test_a_draft_rings_for_those_who_may_approve_it_and_for_nobody_else(office: Office) -> None:
    await office.submitted(level=Level.RED)
    heard = {by.username: await whys(office, by) for by in (ZHANG, LI, WANG, CHEN, SUN, ZHAO)}
    waits = ["approval"]
    assert heard == {"zhang": [], "li": waits, "wang": waits, "chen": waits, "sun": [], "zhao": []}


async def test_what_the_bus_has_not_taken_is_not_yet_out(office: Office) -> None:
    warning = await office.issued()
    assert await whys(office, ZHANG) == []
    office.clock.move(seconds=3)
    assert await whys(office, ZHANG) == ["spooled"]
    (standing,) = (await shift(office.db, office.catalogue)).in_force
    assert standing.spooled_since == warning.updated_at
    await published(office)
    assert await whys(office, ZHANG) == []
    assert (await shift(office.db, office.catalogue)).in_force[0].spooled_since is None


# Expiry


async def test_the_end_is_announced_two_hours_and_half_an_hour_before_once_each(office: Office) -> None:
    warning = await office.issued(expires=NOW + timedelta(hours=6))
    await published(office)
    leadership = await leading(office)

    async def announced() -> int:
        return await announce_due(office.db, leadership, CLOCK, office.catalogue.promises)

    assert await announced() == 0
    for hours, expected in ((4, ["120"]), (1.5, ["120", "30"]), (0.1, ["120", "30"])):
        office.clock.move(hours=hours)
        await announced()
        await announced()
        told = [fact.detail["minutes"] for fact in await facts(office, "warning.runs-out-soon")]
        assert [str(minutes) for minutes in told] == expected
        assert await whys(office, ZHANG) == ["ending"]
    async with office.db.read() as connection:
        story = await store.events.of_warning(connection, warning.warning_id)
    assert [event.note for event in story if event.act == "runs out soon"] == ["120", "30"]


# Afterwards


async def test_rings_have_keys_that_are_new_once(office: Office) -> None:
    review = await office.submitted(level=Level.RED)
    (first,) = await rings(office.db, office.catalogue, WANG)
    assert first.why is Why.APPROVAL
    await office.approve(review, LI)
    (second,) = await rings(office.db, office.catalogue, WANG)
    assert second.key != first.key


async def test_the_bell_is_live_and_needs_no_bus(room: Room) -> None:
    watch = room.app.state.parts["issuer"].watch
    looking = asyncio.create_task(watch.look())
    try:
        seen = watch.desk()
        seen = await watch.wait_desk(seen, 5)
        waiting = asyncio.create_task(watch.wait_desk(seen, 5))
        await room.office.submitted()
        assert await asyncio.wait_for(waiting, 4) > seen
        assert len(await rings(room.office.db, room.office.catalogue, WANG)) == 1
        assert await rings(room.office.db, room.office.catalogue, ZHANG) == []
        assert room.office.clock.now() == NOW
    finally:
        looking.cancel()
