"""What was open at a moment: the same whatever order it was heard in, and only what had happened by then."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from contracts.amendment import PlanAmended
from contracts.delivery import DeliveryReported, PlannedDelivery, delivery_id_of
from contracts.message import Message
from contracts.outcome import TargetState
from contracts.plan import ChannelTargets
from contracts.values import Channel, Lane, Mode
from contracts.warning import WarningPublished
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import NOON, STATIONS, TOWN, AWarning, a_fact

ONE = TargetState


@pytest.fixture
async def audit(database_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Asked]:
    async with asked(database_url, clean_nats_url, tmp_path) as found:
        yield found


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def late(message: Message, seconds: float) -> Message:
    """Return a message of so many seconds after noon."""
    return message.model_copy(update={"at": after(seconds)})


def story(warning: AWarning) -> list[Message]:
    """Return a warning of which batches are reported at 20 and 80 seconds."""
    said: list[Message] = []
    reported = 0
    for message in warning.whole():
        if isinstance(message, DeliveryReported) and message.channel is Channel.SMS:
            reported += 1
            message = late(message, 20 if reported == 1 else 80)
        said.append(message)
    return said


async def stood(audit: Asked, seconds: float, **query: Any) -> Any:
    return await audit.json("/open", at=after(seconds).isoformat(), **query)


async def channels(audit: Asked, seconds: float) -> dict[str, Any]:
    (warning,) = (await stood(audit, seconds))["data"]
    assert all(line["adds_up"] for line in warning["channels"])
    return {line["channel"]: line for line in warning["channels"]}


@pytest.mark.parametrize("seed", [None, 1, 2])
async def test_channels_stand_as_they_stood_then(audit: Asked, seed: int | None) -> None:
    said = story(AWarning())
    if seed is not None:
        Random(seed).shuffle(said)
    await audit.book.say(*said)
    begin = await channels(audit, 1)
    assert (begin["station"]["targeted"], begin["station"]["open"], begin["station"]["silent"]) == (3, 3, 3)
    assert (begin["sms"]["targeted"], begin["sms"]["open"], begin["sms"]["silent"]) == (5, 5, 5)
    middle = await channels(audit, 30)
    assert {n: middle["station"][n] for n in ("confirmed", "delivered", "open", "silent")} == {
        "confirmed": 0,
        "delivered": 2,
        "open": 1,
        "silent": 1,
    }
    assert (middle["sms"]["open"], middle["sms"]["silent"]) == (5, 0)
    assert middle["broadcast"]["delivered"] == 1
    end = await channels(audit, 100)
    assert (end["station"]["confirmed"], end["station"]["failed"], end["station"]["open"]) == (1, 1, 0)
    assert (end["sms"]["delivered"], end["sms"]["failed"]) == (4, 1)


async def test_updates_replace_lifts_are_listed_and_ends_end(audit: Asked) -> None:
    warning, muted, halted, drill = AWarning(), AWarning(), AWarning(), AWarning(mode=Mode.DRILL)
    supersedes = [{"warning_id": muted.warning_id, "revision": 1}]
    update = warning.updated(2).model_copy(update={"at": after(60)})
    muting = AWarning().published(supersedes=supersedes).model_copy(update={"at": after(60)})
    await audit.book.say(late(warning.cancelled(3), 120), update, late(halted.halted(), 60))
    await audit.book.say(muting, drill.published())
    await audit.book.say(warning.published(), muted.published(), halted.published())

    async def states(seconds: float, **query: Any) -> set[tuple[str, int, str]]:
        found = await stood(audit, seconds, **query)
        assert found["total"] == len(found["data"])
        return {(w["warning_id"], w["revision"], w["state"]) for w in found["data"]}

    first, other, stop = (str(w.warning_id) for w in (warning, muted, halted))
    live = {"mode": "live"}
    assert await states(-1) == set()
    assert await states(1, **live) == {(first, 1, "in-force"), (other, 1, "in-force"), (stop, 1, "in-force")}
    assert await states(61, **live) == {
        (first, 2, "in-force"),
        (str(muting.warning_id), 1, "in-force"),
    }
    assert (first, 3, "cancelled") in await states(121)
    assert len(await states(121)) == 3
    assert await states(7 * 3600) == set()
    assert await states(1, mode="drill") == {(str(drill.warning_id), 1, "in-force")}


async def test_an_amendment_counts_from_when_it_was_made(audit: Asked) -> None:
    warning = AWarning()
    new = ("500110001009",)
    amended = PlanAmended(
        mode=Mode.LIVE,
        lane=Lane.URGENT,
        warning_id=warning.warning_id,
        revision=1,
        number=1,
        at=after(60),
        by="li",
        registry_version="0" * 64,
        channels=(ChannelTargets.named(Channel.STATION, new),),
        deliveries=(
            PlannedDelivery(
                delivery_id=delivery_id_of(warning.warning_id, 1, Channel.STATION, "a1"),
                channel=Channel.STATION,
                size=1,
            ),
        ),
    )
    await audit.book.say(amended, *story(warning))
    await audit.book.say(amended)
    assert (await channels(audit, 30))["station"]["targeted"] == 3
    assert (await channels(audit, 61))["station"]["targeted"] == len(STATIONS) + 1


async def test_escalations_of_before_the_moment_are_counted_and_named(audit: Asked) -> None:
    warning = AWarning()

    def duty(kind: str, seconds: float, **detail: Any) -> Message:
        name = str(warning.warning_id)
        return a_fact(kind=kind, warning_id=name, about=STATIONS[0], at=after(seconds), detail=detail)

    await audit.book.say(
        *story(warning), duty("duty.climbed", 30, rung="second-call", called=3, instead="town-desk")
    )
    await audit.book.say(
        duty("duty.climbed", 40, rung=7, called="many", instead=None), duty("duty.answered", 90)
    )
    (found,) = (await stood(audit, 50))["data"]
    assert found["climbed"] == {"duty.climbed": 2}
    assert [(e["rung"], e["called"], e["instead"]) for e in found["escalations"]] == [
        (None, None, None),
        ("second-call", 3, "town-desk"),
    ]
    (later,) = (await stood(audit, 95))["data"]
    assert later["climbed"] == {"duty.climbed": 2, "duty.answered": 1}


async def test_what_stood_is_paged(audit: Asked) -> None:
    many: list[WarningPublished] = [AWarning().published() for _ in range(5)]
    await audit.book.say(*many)
    page = await stood(audit, 1, limit=2)
    assert page["total"] == 5
    ids = [w["warning_id"] for w in page["data"]]
    while page["next"] is not None:
        page = await stood(audit, 1, limit=2, skip=page["next"])
        ids += [w["warning_id"] for w in page["data"]]
    assert sorted(ids) == sorted(str(m.warning_id) for m in many)


async def test_a_request_without_a_plan_and_a_plan_without_a_request_show(audit: Asked) -> None:
    unplanned, unasked = AWarning(), AWarning()
    await audit.book.say(unplanned.published(), *unplanned.requests())
    await audit.book.say(unasked.published(), unasked.plan())
    found = {w["warning_id"]: w for w in (await stood(audit, 1))["data"]}
    assert not found[str(unplanned.warning_id)]["planned"]
    lines = {line["channel"]: line for line in found[str(unplanned.warning_id)]["channels"]}
    assert (lines["station"]["targeted"], lines["sms"]["targeted"]) == (3, 5)
    lines = {line["channel"]: line for line in found[str(unasked.warning_id)]["channels"]}
    assert (lines["sms"]["open"], lines["sms"]["unasked"], lines["sms"]["silent"]) == (5, 5, 0)
    assert lines["broadcast"]["targeted"] == 1
    assert TOWN


async def test_the_page_of_a_moment_shows(audit: Asked) -> None:
    warning = AWarning()
    climbed = a_fact(kind="duty.climbed", warning_id=str(warning.warning_id), about=STATIONS[0], detail={})
    await audit.book.say(*story(warning), climbed)
    for query in (
        {},
        {"at": "2026-06-01T12:00:30"},
        {"at": "2026-06-01 12:00", "mode": "live", "lang": "en"},
    ):
        reply = await audit.get("/audit/open", **query)
        assert reply.status_code == 200, reply.text
        assert str(warning.warning_id) in reply.text
    for bad in ("yesterday", "0001-01-01T00:00:00", "9999-12-31T23:59:59+00:00"):
        assert (await audit.get("/audit/open", at=bad)).status_code == 422, bad
        assert (await audit.get("/api/v1/audit/open", at=bad)).status_code == 422, bad
