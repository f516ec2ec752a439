"""Stations by MQTT, over nats-server's own listener: the same sequence, and nobody else's."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from contracts.outcome import TargetState
from contracts.registry import KeyHash, StationEntry
from contracts.values import Action, Mode, StationClass
from services.channels.pull.stations.mqtt import users
from services.kit.crypto import new_api_key, read_api_key
from services.kit.mqtt import hashed
from tests.channels.pull.mqtt_make import (
    REFUSED,
    Broker,
    Terminal,
    a_broker,
    a_terminal,
    an_mqtt_house,
    enrolled,
    there,
    until,
)
from tests.channels.pull.stations_make import ONE, TWO, Replica, a_request, photographs, soon
from tests.servers import NatsServer

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def broker(a_nats_server: Callable[..., NatsServer], tmp_path: Path) -> Broker:
    return a_broker(a_nats_server, tmp_path / "nats")


@pytest.fixture
async def house(
    sqlite_url: str, broker: Broker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Replica]:
    async with an_mqtt_house(sqlite_url, broker, tmp_path, monkeypatch) as replica:
        await enrolled(replica, broker, [ONE, TWO])
        yield replica


def report(terminal: Terminal, fact: str, **more: Any) -> dict[str, Any]:
    at = datetime.now(UTC).isoformat()
    return {"reports": [{"sequence": terminal.cursor, "fact": fact, "at": at, **more}]}


async def test_a_terminal_is_told_at_once_and_its_six_facts_are_those_of_every_station(
    house: Replica, broker: Broker
) -> None:
    async with a_terminal(house, broker) as terminal:
        request = a_request([ONE, TWO], uuid4(), notice=soon())
        await house.ask(request)
        await until(lambda: terminal.cursor == 1)
        assert [(one["sequence"], one["kind"]) for one in terminal.data] == [(1, "alert")]
        for body in (
            report(terminal, "acted", by="王芳"),
            report(terminal, "received"),
            report(terminal, "received"),
            report(terminal, "confirmed", by="王芳"),
        ):
            terminal.publish("reports", body)
        terminal.publish("reports", {"reports": [{"sequence": 1, "fact": "shouted"}]})
        terminal.publish("reports", b"\xff\x00 no JSON")
        await until(lambda: sum(one["of"] == "reports" for one in terminal.answers) == 6)
        answers = [one for one in terminal.answers if one["of"] == "reports"]
        assert sum(one.get("accepted", 0) for one in answers) == 4
        refused = [one["problem"] for one in answers if "problem" in one]
        assert sorted(one["errors"][0]["field"] for one in refused) == ["payload", "reports.0.fact"]
        assert all(one["server_time"] for one in answers)
        tally = (await photographs(house.db))[request.delivery_id].tally
        assert tally == {TargetState.ACTED: 1, TargetState.QUEUED: 1}
        terminal.beat(storage=12, temperature=41.5, volume=80, more={"rssi": -71})
        await until(lambda: terminal.answers[-1]["of"] == "heartbeat")
        assert terminal.answers[-1] | {"server_time": ""} == {
            "of": "heartbeat",
            "server_time": "",
            "clock_offset_ms": terminal.answers[-1]["clock_offset_ms"],
            "clock_wrong": False,
            "last_sequence": 1,
            "epoch": 0,
            "behind": False,
        }


async def test_a_station_hears_and_says_nothing_but_its_own(house: Replica, broker: Broker) -> None:
    foreign = [
        f"stations/live/{TWO}/alerts",
        f"stations/drill/{ONE}/alerts",
        f"stations/live/{ONE}/reports",
        "stations/#",
        "stations/live/+/alerts",
        "#",
        "$MQTT/sub/+",
    ]
    nosy = Terminal()
    async with a_terminal(house, broker, code=TWO) as neighbour:
        nosy.start(broker.port, house.keys[ONE, Mode.LIVE], subscribe=foreign, name="nosy")
        await until(lambda: bool(nosy.granted))
        assert nosy.granted == [REFUSED] * len(foreign)
        await house.ask(a_request([ONE, TWO], uuid4(), notice=soon()))
        await until(lambda: neighbour.cursor == 1)
        nosy.client.publish(f"stations/live/{TWO}/reports", b"{}", qos=1)
        assert (nosy.data, [one for one in neighbour.answers if one["of"] == "reports"]) == ([], [])
    # A name that is known does not give what belongs to it.
    thief = Terminal()
    thief.start(broker.port, house.keys[ONE, Mode.LIVE], name=f"{TWO}-live")
    await until(lambda: bool(thief.answers))
    await house.ask(a_request([TWO], uuid4(), notice=soon()))
    await house.ask(a_request([ONE], uuid4(), notice=soon()))
    await until(lambda: thief.cursor == 2)
    assert [one["sequence"] for one in thief.data] == [1, 2]
    for one in (nosy, thief):
        await asyncio.to_thread(one.stop)


@pytest.mark.parametrize("wrong", ["", "yt_live_000000000000_x", "another"])
async def test_who_has_no_key_of_the_registry_is_not_let_in(
    house: Replica, broker: Broker, wrong: str
) -> None:
    mine = house.keys[ONE, Mode.LIVE]
    stranger = Terminal()
    stranger.start(broker.port, {"another": f"{mine[:-1]}x"}.get(wrong, wrong), name="stranger")
    await until(lambda: stranger.refused)
    assert not stranger.connected
    await asyncio.to_thread(stranger.stop)


async def said_by_the_registry(house: Replica, keys: dict[str, list[str]]) -> None:
    """Have the registry say which keys each station has."""
    entries = []
    for code, mine in keys.items():
        hashes = []
        for key in mine:
            mode, key_id, sha256 = read_api_key(key) or ("", "", "")
            hashes.append(KeyHash(key_id=key_id, mode=Mode(mode), sha256=sha256, bcrypt=hashed(key)))
        kind = StationClass.TERMINAL
        entries.append(StationEntry(code=code, name=code, station_class=kind, keys=tuple(hashes)))
    await house.publish_block(entries)


async def test_keys_overlap_while_one_is_changed_and_a_dead_one_is_cut_off_within_a_second(
    house: Replica, broker: Broker
) -> None:
    was, theirs = house.keys[ONE, Mode.LIVE], house.keys[TWO, Mode.LIVE]
    now = new_api_key(Mode.LIVE)[1]
    async with a_terminal(house, broker) as old, a_terminal(house, broker, code=TWO) as neighbour:
        await said_by_the_registry(house, {ONE: [was, now], TWO: [theirs]})
        await until(lambda: now.split("_")[2] in (broker.folder / "stations-users.conf").read_text())
        house.keys[ONE, Mode.LIVE] = now
        async with a_terminal(house, broker, name="spare") as new:
            # Both are heard, by the same sequence.
            await house.ask(a_request([ONE, TWO], uuid4(), notice=soon()))
            await until(lambda: old.cursor == new.cursor == 1)
            begun = time.monotonic()
            await said_by_the_registry(house, {ONE: [now], TWO: [theirs]})
            await until(lambda: not old.connected)
            print("cut off after", time.monotonic() - begun)
            await until(lambda: old.refused)
            await house.ask(a_request([ONE, TWO], uuid4(), notice=soon()))
            await until(lambda: new.cursor == neighbour.cursor == 2)
            assert (new.connected, neighbour.connected, old.cursor) == (True, True, 1)


async def test_who_was_away_is_caught_up_and_a_server_that_restarts_loses_nothing(
    house: Replica, broker: Broker
) -> None:
    async with a_terminal(house, broker) as terminal:
        await house.ask(a_request([ONE], uuid4(), notice=soon()))
        await until(lambda: terminal.cursor == 1)
        await asyncio.to_thread(terminal.stop)
        gone = uuid4()
        await house.ask(a_request([ONE], gone, notice=soon()))
        await house.ask(a_request([ONE], gone, 2, action=Action.STOP, notice=soon()))
        await asyncio.to_thread(broker.server.kill)
        await house.ask(a_request([ONE], uuid4(), notice=soon()))
        await asyncio.to_thread(broker.server.start)
        await there(house)
        terminal.client.reconnect()
        terminal.client.loop_start()
        await until(lambda: terminal.cursor == 4, within_s=40)
        got = [(one["sequence"], one["kind"]) for one in terminal.data]
        # One by one as they were published, or as what they come to: in force, cancelled, a summary.
        assert got[0] == (1, "alert")
        assert {(3, "cancel"), (4, "alert")} <= set(got)
        terminal.publish("reports", report(terminal, "received"))
        await until(lambda: terminal.answers[-1].get("accepted") == 1)


def test_the_file_is_the_same_for_the_same_keys_and_a_pid_of_another_is_left_alone(tmp_path: Path) -> None:
    keys = [users.MqttKey("k1", (ONE, Mode.LIVE), "h")]
    assert users.content(keys, "secret") == users.content(keys, "secret")
    assert users.write(tmp_path / "users", b"one")
    assert not users.write(tmp_path / "users", b"one")
    (tmp_path / "pid").write_text(str(os.getpid()))
    assert users.server(tmp_path / "pid") is None
    users.Warden(tmp_path / "users", tmp_path / "pid").keep(b"two")
    assert (tmp_path / "users").read_bytes() == b"two"
