"""Red, silent, and nothing received: then, and only then, Beidou says it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.fact import Fact
from contracts.registry import StationEntry
from contracts.values import Action, Level, Mode, StationClass, Withdrawal
from sandbox.beidou import AIR, BeidouCard
from sandbox.faults import FaultKind
from services.channels.pull.stations.actions import beidou
from services.channels.pull.stations.actions.beidou import Fallback
from services.channels.pull.stations.actions.presence import Beat, beat
from services.channels.pull.stations.beidou.card import Card, CardRules
from services.channels.pull.stations.beidou.frame import Frame, Garbled, decode
from services.channels.pull.stations.beidou.serial import Device
from services.channels.pull.stations.model import Kind
from services.channels.pull.stations.store import stations
from services.kit.db import Database
from services.kit.errors import Refused, Retry
from tests.channels.pull.stations_make import NOON, a_notice, a_request, ask, received, stop, tell
from tests.clock import HandClock
from tests.outbox import said

KEY = b"0123456789abcdef"
FALLBACK = Fallback(KEY, timedelta(seconds=60), 78)
SILENT, HEARD, NEIGHBOUR = "500110001001", "500110001002", "500110002001"


@pytest.fixture
async def villages(db: Database) -> Database:
    """Three villages with a station each, two of them in one town."""
    async with db.transaction() as tx:
        for code in (SILENT, HEARD, NEIGHBOUR):
            entry = StationEntry(code=code, name=code, station_class=StationClass.TERMINAL)
            await stations.learn(tx, code, "0" * 64, NOON, code, [entry])
    return db


def a_card(clock: HandClock, **rules: Any) -> tuple[BeidouCard, Card]:
    device = BeidouCard(now=lambda: clock.now().timestamp(), **rules)
    return device, Card(device, CardRules("0242407", device.size, device.interval_s))


async def lives(db: Database, code: str, mode: Mode = Mode.LIVE) -> None:
    async with db.transaction() as tx:
        await beat(tx, [Beat(code, mode, "t1", 0, tx.now, {})])


async def planned(db: Database) -> int:
    async with db.transaction() as tx:
        return await beidou.plan(tx, FALLBACK)


async def facts(db: Database) -> list[str]:
    return [one.kind for one in await said(db) if isinstance(one, Fact)]


async def issued(db: Database, *targets: str, level: Level = Level.RED, **more: Any) -> UUID:
    warning_id = uuid4()
    await ask(db, a_request(targets, warning_id, notice=a_notice(level), **more))
    return warning_id


def heard(device: BeidouCard) -> list[Frame]:
    return [decode(one, KEY) for one in device.air]


async def test_only_a_silent_station_that_lacks_red_is_told_after_a_minute(
    villages: Database, clock: HandClock
) -> None:
    device, card = a_card(clock)
    await lives(villages, HEARD)
    await issued(villages, SILENT, HEARD)
    await issued(villages, SILENT, level=Level.ORANGE)
    assert await planned(villages) == 0
    clock.move(61)
    await lives(villages, HEARD)
    assert await planned(villages) == 1
    assert await planned(villages) == 0
    assert await beidou.send_next(villages, card) == 60
    assert await beidou.send_next(villages, card) is None
    (frame,) = heard(device)
    assert (frame.kind, frame.level, frame.event, frame.mode) == (Kind.ALERT, Level.RED, "11B03", Mode.LIVE)
    assert frame.is_for(SILENT)
    assert not frame.is_for(NEIGHBOUR)
    assert await facts(villages) == ["beidou.frame-made", "beidou.frame-sent"]


async def test_a_town_is_named_only_when_all_of_it_is_warned(villages: Database, clock: HandClock) -> None:
    device, card = a_card(clock)
    await issued(villages, SILENT, HEARD)
    await issued(villages, SILENT)
    clock.move(61)
    assert await planned(villages) == 2
    await beidou.send_next(villages, card)
    clock.move(61)
    await beidou.send_next(villages, card)
    assert {(one.towns, one.villages) for one in heard(device)} == {
        ((SILENT[:9],), ()),
        ((), (SILENT,)),
    }


async def test_who_has_it_meanwhile_or_a_warning_that_ended_costs_no_message(
    villages: Database, clock: HandClock
) -> None:
    device, card = a_card(clock)
    await issued(villages, SILENT)
    ended = await issued(villages, NEIGHBOUR)
    clock.move(61)
    assert await planned(villages) == 2
    await tell(villages, (SILENT, received(1)))
    await stop(villages, ended, 1, Withdrawal.EXPIRED)
    assert await beidou.send_next(villages, card) == 0
    assert await beidou.send_next(villages, card) == 0
    assert await beidou.send_next(villages, card) is None
    assert device.air == []
    assert {"beidou.frame-needless", "beidou.frame-over"} <= set(await facts(villages))


async def test_the_lift_of_what_beidou_said_is_said_at_once(villages: Database, clock: HandClock) -> None:
    device, card = a_card(clock)
    warning_id = await issued(villages, SILENT)
    clock.move(61)
    await planned(villages)
    await beidou.send_next(villages, card)
    await ask(villages, a_request([SILENT], warning_id, 2, action=Action.STOP))
    assert await planned(villages) == 1
    clock.move(61)
    await beidou.send_next(villages, card)
    first, second = heard(device)
    assert (first.kind, second.kind) == (Kind.ALERT, Kind.CANCEL)
    assert second.number > first.number


async def test_too_early_is_refused_by_the_card_and_tried_again_in_time(
    villages: Database, clock: HandClock
) -> None:
    device, card = a_card(clock)
    await card.send(b"\x01")
    await issued(villages, SILENT)
    clock.move(58)
    await issued(villages, NEIGHBOUR, mode=Mode.DRILL)
    clock.move(1.5)
    assert await planned(villages) == 0
    clock.move(60)
    assert await planned(villages) == 2
    await beidou.send_next(villages, card)
    wait_s = await beidou.send_next(villages, card)
    assert device.early == 1
    assert wait_s is not None
    assert 50 < wait_s <= 61
    clock.move(wait_s)
    await beidou.send_next(villages, card)
    live, drill = [decode(one, KEY) for one in device.air[1:]]
    assert (live.mode, drill.mode) == (Mode.LIVE, Mode.DRILL)
    assert "beidou.frame-failed" not in await facts(villages)


async def test_a_lost_frame_is_silence_and_a_garbled_one_is_refused(clock: HandClock) -> None:
    device, card = a_card(clock, interval_s=1.0)
    device.faults.set(FaultKind.DROP, path=AIR, times=1)
    await card.send(b"\x01" * 20)
    assert device.air == []
    clock.move(2)
    device.faults.set(FaultKind.REFUSE, path=AIR, times=1)
    await card.send(b"\x01" * 20)
    with pytest.raises(Garbled):
        decode(device.air[0], KEY)
    with pytest.raises(Refused):
        await card.send(b"\x01" * 79)


async def test_a_real_line_carries_it_and_a_card_pulled_out_is_an_error(clock: HandClock) -> None:
    device = BeidouCard()
    path, pull = device.plug_in()
    port = Device.open(path, 9600)
    card = Card(port, replace(CardRules("0242407"), interval_s=1.0))
    await card.send(b"\x02" * 30)
    assert device.air == [b"\x02" * 30]
    with pytest.raises(Retry, match="too early"):
        await card.send(b"\x02")
    pull()
    with pytest.raises(Retry):
        await card.send(b"\x02")
    port.close()
    with pytest.raises(Retry, match="cannot be opened"):
        Device.open("/dev/no-such-card", 9600)
