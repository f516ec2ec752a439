"""What a rule, an amendment and a late answer do to the calls of escalation."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import select

from contracts.delivery import DeliveryRequested, is_call
from contracts.registry import StationEntry, VillageBlock
from contracts.sparing import DeliverySpared
from contracts.values import AreaSelection, Channel, Lane, Level, StationClass
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.errors import Invalid
from services.router.actions.amend import Decision, amend, drift
from services.router.actions.copy import copy
from services.router.actions.library import Library
from services.router.actions.preview import preview
from services.router.actions.rulebook import ESCALATION, Rulebook
from services.router.model.rules import kept, read
from services.router.store import answers, callees, duties
from services.router.store.callees import Callee
from services.router.store.tables import CALLEES, DELIVERIES
from tests.clock import HandClock
from tests.outbox import said
from tests.router.duty_make import FIRST, SECOND, Tower, a_district_with_rosters, a_tower, a_turn
from tests.router.registry_make import NOON, TOWNS, Block, changed
from tests.router.router_make import a_question, fill, forget_said, of_kind
from tests.router.test_duty_api import as_, served

LATE = f"{TOWNS[0]}-K1"


@pytest.fixture
async def tower(db: Database, crypto: SoftwareCrypto, clock: HandClock) -> Tower:
    """A red warning in a district with rosters."""
    return await a_tower(db, crypto, clock)


async def ladder_of(tower: Tower, place: str) -> list[str]:
    """Return the rungs that a place has climbed."""
    duty = await tower.duty(place)
    async with tower.db.read() as connection:
        return [s.name for s in (await answers.steps(connection, [duty.duty_id]))[duty.duty_id]]


async def test_a_running_clock_keeps_its_ladder_when_the_file_changes(tower: Tower, tmp_path: Path) -> None:
    file = tmp_path / "escalation.yaml"
    file.write_text(ESCALATION.ours())
    book = Rulebook(tower.db, str(file), ESCALATION)
    await book.open()
    tower.escalation, tower.hands = book, replace(tower.hands, escalation=book)
    await tower.publish()
    await tower.at(0)
    before = book.rules.sha256
    quick = ESCALATION.ours().replace("2026-11-1", "quick").replace("after_s: 180", "after_s: 100", 2)
    file.write_text(quick)
    await book.look()
    assert (book.rules.version, list(book.faults)) == ("quick", [])
    await tower.at(100)
    assert await ladder_of(tower, FIRST) == ["first-call", "other-way"]
    async with tower.db.read() as connection:
        climb = await duties.climb_of(connection, tower.warning.warning_id, 1)
    assert climb is not None
    assert (climb.rules, climb.rules_sha256) == ("2026-11-1", before)
    await tower.anew()
    await tower.publish()
    await tower.at(100)
    assert await ladder_of(tower, FIRST) == ["first-call", "other-way", "second-call"]


async def test_a_wrong_file_of_escalation_is_refused_loudly_and_seen_on_the_page(
    tower: Tower, tmp_path: Path
) -> None:
    file = tmp_path / "escalation.yaml"
    file.write_text(ESCALATION.ours())
    book = Rulebook(tower.db, str(file), ESCALATION)
    await book.open()
    file.write_text(ESCALATION.ours().replace("unless: received", "unless: delivered", 1))
    await book.look()
    tower.escalation = book
    assert book.rules.version == "2026-11-1"
    assert REGISTRY.get_sample_value("yutian_router_escalation_refused") == 1
    assert [f.kind for f in await tower.facts("escalation.refused")] == ["escalation.refused"]
    async with served(tower) as http:
        page = (await http.get("/duty", headers=as_("signer"))).text
        told = (await http.get("/api/v1/duty", headers=as_("signer"))).json()
    assert "2026-11-1" in page
    assert "colours.RED.place.1.unless" in page
    assert [fault["field"] for fault in told["escalation_faults"]] == ["colours.RED.place.1.unless"]
    again = Rulebook(tower.db, str(file), ESCALATION)
    await again.open()
    assert (again.rules.version, bool(again.faults)) == ("2026-11-1", True)
    file.write_text(ESCALATION.ours())
    await book.look()
    assert REGISTRY.get_sample_value("yutian_router_escalation_refused") == 0


def test_a_routing_rule_that_telephones_is_refused_and_one_in_force_is_still_read() -> None:
    text = "version: v\nrules:\n - {name: all, channels: [sms, voice]}\n"
    with pytest.raises(Invalid) as refused:
        read(text)
    (fault,) = refused.value.faults
    assert (fault.field, "escalation.yaml" in fault.mend) == ("rules[0] all (line 3).channels", True)
    assert kept(text).version == "v"


async def test_lane_and_patience_of_a_rule_hold_for_calls_too(
    db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    tower = await a_tower(db, crypto, clock, Level.YELLOW)
    rules = read("version: v\nrules:\n - {name: now, channels: all, lane: urgent, asked_again_s: 7}\n")
    question = a_question(AreaSelection(towns=TOWNS[:3]), level=Level.YELLOW)
    manifest = (await preview(db, Library(crypto), rules, question, pin=True)).manifest
    tower.warning = replace(tower.warning, manifest=manifest)
    await tower.publish()
    calls = await tower.at(300)
    assert calls
    assert {call.request.lane for call in calls} == {Lane.URGENT}
    waiting = await db.rows(
        select(DELIVERIES).where(DELIVERIES.c.channel == Channel.SMS, DELIVERIES.c.requested_at == clock.at)
    )
    assert {row["asked_again_s"] for row in waiting} == {7}
    assert {row["next_at"] for row in waiting} == {clock.at + timedelta(seconds=7)}


async def test_a_station_that_an_amendment_brings_has_the_whole_ladder_before_it(tower: Tower) -> None:
    await tower.publish()
    await tower.at(0)
    await tower.at(650)
    library = Library(tower.crypto)
    village = a_district_with_rosters()[FIRST]
    assert isinstance(village, VillageBlock)
    late = StationEntry(code=LATE, name=LATE, station_class=StationClass.SCREEN, kind="key-unit")
    new = (*village.rosters, a_turn("new-4", "responsible", 4, FIRST))
    block = village.model_copy(update={"stations": (*village.stations, late), "rosters": new})
    async with tower.db.transaction() as tx:
        await copy(tx, changed(FIRST, block, tower.crypto, tower.clock.now()), tower.crypto)
    version = (await drift(tower.db, library, tower.warning.warning_id)).registry.version
    await forget_said(tower.db)
    decision = Decision(version, True, "wang")
    await amend(tower.db, library, tower.crypto, tower.warning.warning_id, decision)
    requests = [r for r in of_kind(await said(tower.db), DeliveryRequested) if not is_call(r.delivery_id)]
    assert LATE in {target for request in requests for target in request.targets}
    await tower.at(650)
    duty = await tower.duty(LATE)
    assert (duty.village, duty.started_at) == (FIRST, NOON + timedelta(seconds=650))
    assert await ladder_of(tower, LATE) == ["first-call"]
    voice = [c for c in await tower.calls() if c.channel is Channel.VOICE]
    assert f"{FIRST}-1" in {name for call in voice for name in call.names}
    await tower.at(650 + 180)
    assert await ladder_of(tower, LATE) == ["first-call", "other-way", "second-call"]
    await tower.answer(tower.hash("new-4"), channel=Channel.SMS)
    assert not (await tower.duty(FIRST)).silent
    assert (await tower.duty(LATE)).silent, "a village answers for itself, not for a school in it"


async def test_a_no_to_an_amendment_has_a_reason(tower: Tower) -> None:
    with pytest.raises(Invalid, match="reason"):
        await amend(
            tower.db,
            Library(tower.crypto),
            tower.crypto,
            tower.warning.warning_id,
            Decision("0" * 64, False, "wang"),
        )


async def test_an_answer_that_came_another_way_stops_the_telephones_it_makes_needless(tower: Tower) -> None:
    both = a_turn("twice-1", "responsible", 1, FIRST)
    more: dict[str, Block] = {}
    for key, name in ((FIRST, f"{FIRST}-2"), (SECOND, "solo-2")):
        village = a_district_with_rosters()[key]
        assert isinstance(village, VillageBlock)
        own = a_turn(name, "responsible", 1, key)
        more[key] = village.model_copy(update={"rosters": (both, own)})
    await fill(tower.db, tower.crypto, more)
    await tower.publish()
    await tower.at(0)
    await tower.at(301)
    await forget_said(tower.db)
    await tower.answer(FIRST)
    spared = of_kind(await said(tower.db), DeliverySpared)
    assert [(one.channel, one.targets) for one in spared] == [(Channel.VOICE, (tower.hash(f"{FIRST}-2"),))]
    assert spared[0].lane is Lane.URGENT
    await forget_said(tower.db)
    await tower.answer(SECOND)
    (last,) = of_kind(await said(tower.db), DeliverySpared)
    assert set(last.targets) == {tower.hash("twice-1"), tower.hash("solo-2")}


async def test_who_is_called_for_another_place_while_one_answers_is_still_called(tower: Tower) -> None:
    await tower.publish()
    await tower.at(0)
    await tower.at(301)
    await forget_said(tower.db)
    own, other = await tower.duty(FIRST), await tower.duty(SECOND)
    mine = (CALLEES.c.duty_id == str(own.duty_id)) & CALLEES.c.called_at.is_not(None)
    called = [row["hash"] for row in await tower.db.rows(select(CALLEES.c.hash).where(mine))]
    assert called
    climb = (own.warning_id, own.revision)
    async with tower.db.transaction() as tx:
        await duties.lock_climbs(tx, [climb])
        answer = asyncio.create_task(tower.answer(FIRST))
        await asyncio.wait([answer], timeout=0.5)
        assert not answer.done()
        also = [Callee(other.duty_id, *climb, name, "王芳", own=False, called_at=tx.now) for name in called]
        await callees.keep(tx, also)
    await answer
    assert not (await tower.duty(FIRST)).silent
    assert not of_kind(await said(tower.db), DeliverySpared)
