"""Stream, poll and MQTT: whatever happens, and whoever was away, all three have the same sequence."""

import asyncio
import random
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest

from contracts.values import Action, Mode, Withdrawal
from services.channels.pull.stations.actions.end import end
from tests.channels.pull.mqtt_make import Terminal, a_broker, an_mqtt_house, until
from tests.channels.pull.stations_make import ONE, Replica, a_request, path, sequences, soon
from tests.channels.pull.stream_make import Listener
from tests.servers import NatsServer

ROUNDS = 40


class Streamer:
    """A station on a stream, which may go away."""

    def __init__(self, house: Replica) -> None:
        self.house = house
        self.listener = Listener(ONE)
        self.task: asyncio.Task[None] | None = None

    def come(self) -> None:
        self.task = asyncio.create_task(self.listener.follow(self.house, self.listener.cursor))

    async def go(self) -> None:
        if self.task:
            self.task.cancel()
            await asyncio.gather(self.task, return_exceptions=True)
        self.task = None


async def polled(house: Replica, http: httpx.AsyncClient, cursor: int, into: list[dict[str, object]]) -> int:
    while True:
        query = {"after": cursor, "wait": 0}
        page = (await http.get(path("alerts"), params=query, headers=house.bearer(ONE))).json()
        into += page["data"]
        cursor = page["next"]
        if not page["has_more"]:
            return cursor


def shown(data: list[dict[str, object]]) -> set[tuple[object, object]]:
    """Return what was shown: the numbers of what is not summed up; a summary names the rest."""
    return {(one["sequence"], one["kind"]) for one in data if one["kind"] != "summary"}


async def act(house: Replica, luck: random.Random, alive: list[tuple[UUID, int]]) -> None:
    """Do one thing to the warnings: issue, update, lift or halt."""
    deed = luck.choice(("issue", "issue", "update", "lift", "halt")) if alive else "issue"
    if deed == "issue":
        alive.append((uuid4(), 1))
        await house.ask(a_request([ONE], alive[-1][0], notice=soon()))
        return
    place = luck.randrange(len(alive))
    warning, revision = alive[place]
    if deed == "update":
        alive[place] = (warning, revision + 1)
        await house.ask(a_request([ONE], warning, revision + 1, action=Action.REPLACE, notice=soon()))
        return
    del alive[place]
    if deed == "lift":
        await house.ask(a_request([ONE], warning, revision + 1, action=Action.STOP, notice=soon()))
        return
    async with house.db.transaction() as tx:
        await end(tx, warning, revision, Withdrawal.HALTED, house.hub.poke)


@pytest.mark.timeout(150)
async def test_all_three_agree_after_whatever_has_happened(
    sqlite_url: str,
    a_nats_server: Callable[..., NatsServer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker, luck = a_broker(a_nats_server, tmp_path / "nats"), random.Random(5)
    async with (
        an_mqtt_house(sqlite_url, broker, tmp_path, monkeypatch) as house,
        httpx.AsyncClient(base_url=house.url, timeout=20) as http,
    ):
        await house.enrol([ONE])
        key = house.keys[ONE, Mode.LIVE]
        await until(lambda: key.split("_")[2] in (broker.folder / "stations-users.conf").read_text())
        terminal, streamer, cursor, got = Terminal(), Streamer(house), 0, list[dict[str, object]]()
        terminal.start(broker.port, key)
        await until(lambda: bool(terminal.answers))
        streamer.come()
        alive: list[tuple[UUID, int]] = []
        for _ in range(ROUNDS):
            await act(house, luck, alive)
            match luck.randrange(6):
                case 0:
                    await streamer.go()
                case 1:
                    await asyncio.to_thread(terminal.stop)
                case 2:
                    cursor = await polled(house, http, cursor, got)
                case 3 if streamer.task is None:
                    streamer.come()
                case 4 if not terminal.connected:
                    terminal.client.reconnect()
                    terminal.client.loop_start()
        last = (await sequences(house.db, ONE))[-1][0]
        if streamer.task is None:
            streamer.come()
        if not terminal.connected:
            terminal.client.reconnect()
            terminal.client.loop_start()
        cursor = await polled(house, http, cursor, got)
        await until(lambda: terminal.cursor == streamer.listener.cursor == last, within_s=60)
        assert cursor == last
        await streamer.go()
        await asyncio.to_thread(terminal.stop)
        agreed(await standing(house, http), await sequences(house.db, ONE), terminal, streamer, got)


async def standing(house: Replica, http: httpx.AsyncClient) -> set[tuple[object, object]]:
    """Return what a station that comes now, with nothing, is shown."""
    fresh: list[dict[str, object]] = []
    await polled(house, http, 0, fresh)
    return shown(fresh)


def agreed(
    now: set[tuple[object, object]],
    given: list[tuple[int, str]],
    terminal: Terminal,
    streamer: Streamer,
    got: list[dict[str, object]],
) -> None:
    """See that each has all that stands and every end, and that nobody has what was not given."""
    assert now
    for data in (terminal.data, streamer.listener.alerts(), got):
        assert now <= shown(data) <= set(given)
        numbers = [one["sequence"] for one in data if one["kind"] != "summary"]
        assert len(numbers) == len(set(numbers))
        told = len(numbers) + sum(int(str(one["count"])) for one in data if one["kind"] == "summary")
        # Of what overlaps, a summary counts some twice.
        assert told >= len(given)
