"""Streams over a real server: what stations get, how slow readers are treated, and that replicas agree."""

import asyncio
import contextlib
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import httpx
import orjson
import pytest

from contracts.outcome import TargetState
from contracts.values import Action, Mode, Withdrawal
from sandbox.stations.wire import Wire
from services.channels.pull.stations.actions.deliver import deliver
from services.channels.pull.stations.actions.end import end
from tests.channels.pull.stations_make import ONE, Replica, a_replica, a_request, codes, photographs, soon
from tests.channels.pull.stream_make import Listener, listening, publish, stuck_reader


async def test_a_station_is_greeted_then_gets_each_alert_as_it_comes(house: Replica) -> None:
    async with listening(house, ONE) as (station,):
        hello = orjson.loads(station.events[0].data)
        assert (hello["station"], hello["mode"], hello["last"]) == (ONE, "live", 0)
        await house.ask(a_request(codes(2), uuid4(), notice=soon()))
        await house.ask(a_request([ONE], uuid4(), notice=soon()))
        alerts = await station.until(2)
    assert [(alert["sequence"], alert["kind"]) for alert in alerts] == [(1, "alert"), (2, "alert")]
    assert [event.id for event in station.events[1:]] == [1, 2]


async def test_a_station_goes_on_from_the_last_id_that_it_has(house: Replica) -> None:
    for _ in range(3):
        await house.ask(a_request([ONE], uuid4(), notice=soon()))
    async with listening(house, ONE, after=2) as (station,):
        await station.until(1)
        await house.ask(a_request([ONE], uuid4(), notice=soon()))
        alerts = await station.until(2)
    assert [alert["sequence"] for alert in alerts] == [3, 4]


async def test_only_the_last_frame_of_a_catch_up_moves_the_cursor(house: Replica) -> None:
    lifted = uuid4()
    await house.ask(a_request([ONE], lifted, notice=soon()))
    await house.ask(a_request([ONE], uuid4(), notice=soon()))
    await house.ask(a_request([ONE], lifted, 2, action=Action.STOP, notice=soon()))
    async with listening(house, ONE) as (station,):
        alerts = await station.until(3)
    assert [(alert["sequence"], alert["kind"]) for alert in alerts] == [
        (2, "alert"),
        (3, "cancel"),
        (1, "summary"),
    ]
    assert [event.id for event in station.events[1:]] == [None, None, 3]


async def test_a_halt_stops_what_is_on_air(house: Replica) -> None:
    request = a_request(codes(2), uuid4(), notice=soon())
    async with listening(house, ONE) as (station,):
        await house.ask(request)
        await station.until(1)
        async with house.db.transaction() as tx:
            await end(tx, request.warning_id, 1, Withdrawal.HALTED, house.hub.poke)
        alerts = await station.until(2)
    assert [alert["kind"] for alert in alerts] == ["alert", "halt"]
    assert alerts[1]["warning_id"] == str(request.warning_id)
    assert "停止播发" in alerts[1]["title"]


@pytest.mark.parametrize("wrong", ["x", "-1", "1.5", "٣", "9" * 40])
async def test_a_last_id_that_is_none_is_refused(house: Replica, wrong: str) -> None:
    async with httpx.AsyncClient(base_url=house.url) as client:
        headers = {**house.bearer(ONE), "Last-Event-ID": wrong.encode()}
        answer = await client.get(f"/api/v1/stations/{ONE}/stream", headers=headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Last-Event-ID"


async def test_a_poke_that_was_lost_is_made_good(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUTIAN_STATIONS_SWEEP_S", "0.1")
    async with a_replica(sqlite_url, clean_nats_url, tmp_path) as house:
        await house.enrol([ONE])
        async with listening(house, ONE) as (station,):
            async with house.db.transaction() as tx:
                await deliver(tx, a_request([ONE], uuid4(), notice=soon()), lambda _: None)
            assert [alert["sequence"] for alert in await station.until(1)] == [1]


async def test_a_quiet_stream_is_kept_alive_by_comments(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUTIAN_STATIONS_KEEPALIVE_S", "0.1")
    async with a_replica(sqlite_url, clean_nats_url, tmp_path) as house:
        await house.enrol([ONE])
        got = b""
        address = f"{house.url}/api/v1/stations/{ONE}/stream"
        async with (
            httpx.AsyncClient() as client,
            client.stream("GET", address, headers=house.bearer(ONE)) as stream,
        ):
            assert stream.headers["content-type"] == "text/event-stream"
            assert stream.headers["x-accel-buffering"] == "no"
            async for chunk in stream.aiter_bytes():
                got += chunk
                if got.count(b":\n\n") >= 2:
                    break


async def test_the_oldest_of_too_many_connections_gives_way(house: Replica) -> None:
    async with listening(house, *[ONE] * 9) as stations:
        async with asyncio.timeout(5):
            while not any(one.ended for one in stations):
                await asyncio.sleep(0.01)
        assert sum(one.ended for one in stations) == 1


async def test_a_hundred_stations_are_told_though_one_of_them_never_reads(house: Replica) -> None:
    many = codes(100)
    await house.enrol(many)
    stuck, neighbours = many[-1], many[:3]
    with stuck_reader(house, stuck):
        async with listening(house, *many[:-1]) as stations:
            while not house.hub.followed(stuck, Mode.LIVE):
                await asyncio.sleep(0.01)
            big = "<alert>" + "御" * 70_000 + "</alert>"
            rounds = 0
            while house.hub.followed(stuck, Mode.LIVE):
                rounds += 1
                assert rounds < 60, "the stuck one was not dropped"
                await house.ask(a_request([*neighbours, stuck], uuid4(), notice=soon(), cap_xml=big))
                await stations[0].until(rounds)
            await house.ask(a_request(many, uuid4(), notice=soon()))
            for station in stations:
                wanted = rounds + 1 if station.code in neighbours else 1
                alerts = await station.until(wanted, within_s=30)
                assert [alert["sequence"] for alert in alerts] == list(range(1, wanted + 1))
    async with listening(house, stuck) as (again,):
        alerts = await again.until(rounds + 1)
    assert sorted(alert["sequence"] for alert in alerts) == list(range(1, rounds + 2))


async def test_a_slow_reader_gets_everything_in_order(house: Replica) -> None:
    with stuck_reader(house, ONE) as slow:
        while not house.hub.followed(ONE, Mode.LIVE):
            await asyncio.sleep(0.01)
        for _ in range(6):
            big = "<alert>" + "御" * 20_000 + "</alert>"
            await house.ask(a_request([ONE], uuid4(), notice=soon(), cap_xml=big))
        slow.setblocking(False)
        loop, got = asyncio.get_running_loop(), b""
        async with asyncio.timeout(20):
            while got.count(b"\nevent: alert\n") < 6:
                got += await loop.sock_recv(slow, 8192)
    assert [int(part.split(b"\n")[0]) for part in got.split(b"id: ")[1:]] == [1, 2, 3, 4, 5, 6]


async def test_a_stream_ends_when_the_replica_stops(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        house = await stack.enter_async_context(a_replica(sqlite_url, clean_nats_url, tmp_path))
        await house.enrol([ONE])
        station = Listener(ONE)
        following = asyncio.ensure_future(station.follow(house))
        while not station.events:
            await station.changed.wait()
            station.changed.clear()
        polling = asyncio.ensure_future(
            Wire(house.url).ask("GET", f"/api/v1/stations/{ONE}/alerts?wait=60", house.bearer(ONE))
        )
        while house.hub.followed(ONE, Mode.LIVE) < 2:
            await asyncio.sleep(0.01)
        async with asyncio.timeout(5):
            await stack.aclose()
            await following
            assert (await polling).json()["data"] == []
    assert station.ended


async def test_two_replicas_serve_stations_connected_to_either(
    postgres_house_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    many = codes(20)
    async with (
        a_replica(postgres_house_url, clean_nats_url, tmp_path / "a", "a") as one,
        a_replica(postgres_house_url, clean_nats_url, tmp_path / "a", "b") as other,
    ):
        await one.enrol(many)
        other.keys = one.keys
        async with listening(one, *many[::2]) as here, listening(other, *many[1::2]) as there:
            for replica in (one, other, one):
                await replica.ask(a_request(many, uuid4(), notice=soon()))
            for station in here + there:
                assert [a["sequence"] for a in await station.until(3)] == [1, 2, 3]


async def test_a_request_on_the_bus_reaches_the_station_and_its_report_reaches_the_outbox(
    house: Replica,
) -> None:
    request = a_request(codes(2), uuid4(), notice=soon())
    async with listening(house, ONE) as (station,):
        await publish(house, request)
        (alert,) = await station.until(1)
        body = orjson.dumps(
            {
                "reports": [
                    {"sequence": alert["sequence"], "fact": "played", "at": datetime.now(UTC).isoformat()}
                ]
            }
        )
        headers = {**house.bearer(ONE), "Content-Type": "application/json"}
        answer = await Wire(house.url).ask("POST", f"/api/v1/stations/{ONE}/reports", headers, body)
        assert answer.status == 200
    tally = (await photographs(house.db))[request.delivery_id].tally
    assert tally == {TargetState.PLAYED: 1, TargetState.QUEUED: 1}
