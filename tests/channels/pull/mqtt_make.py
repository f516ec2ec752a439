"""A nats-server with MQTT, a house whose stations come by it, and terminals by paho, as vendors have."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import paho.mqtt.client as paho

from contracts.values import Mode
from services.laptop import bus_conf
from tests.channels.pull.stations_make import ONE, Replica, a_replica
from tests.servers import NatsServer, free_port

REFUSED = 128


@dataclass
class Broker:
    """Where the listener is, and the files around it."""

    server: NatsServer
    folder: Path
    port: int


def a_broker(bring: Callable[..., NatsServer], folder: Path) -> Broker:
    """Start a nats-server as a laptop has it."""
    port = free_port()
    bus_conf.write(folder, free_port(), port)
    server = bring(folder, bus_conf.stations(folder, port))
    return Broker(server, folder, port)


@asynccontextmanager
async def an_mqtt_house(url: str, broker: Broker, folder: Path, monkeypatch: Any) -> AsyncIterator[Replica]:
    """Run a house that takes MQTT, and wait until it does."""
    settings = {
        "URL": f"mqtt://127.0.0.1:{broker.port}",
        "USERS": str(broker.folder / bus_conf.USERS),
        "PID": str(broker.folder / bus_conf.PID),
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"YUTIAN_MQTT_{name}", value)
    async with a_replica(url, broker.server.url, folder) as house:
        await there(house)
        yield house


async def there(house: Replica, within_s: float = 30) -> None:
    """Wait until the courier is connected."""
    await until(lambda: house.hub.everybody is not None, within_s)


async def until(done: Callable[[], bool], within_s: float = 20) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(within_s):
        while not done():
            await asyncio.sleep(0.02)


async def enrolled(house: Replica, broker: Broker, stations: list[str]) -> None:
    """Give stations new keys, and wait until nats-server's file has them."""
    await house.enrol(stations)
    ids = [key.split("_")[2] for key in house.keys.values()]
    await until(lambda: all(one in (broker.folder / "stations-users.conf").read_text() for one in ids))
    await until(lambda: "Reloaded: authorization" in (broker.folder / "server.log").read_text())


@dataclass
class Terminal:
    """A terminal by paho: one session, its own four topics, and the sequence as its truth."""

    code: str = ONE
    mode: Mode = Mode.LIVE
    cursor: int = 0
    data: list[dict[str, Any]] = field(default_factory=list)
    answers: list[dict[str, Any]] = field(default_factory=list)
    granted: list[int] = field(default_factory=list)
    connected: bool = False
    refused: bool = False
    client: Any = None

    def topic(self, what: str) -> str:
        return f"stations/{self.mode}/{self.code}/{what}"

    def start(self, port: int, key: str, *, subscribe: list[str] | None = None, name: str = "") -> None:
        """Connect with a key; what is received is kept here."""
        identifier = name or f"{self.code}-{self.mode}"
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, identifier, False, protocol=paho.MQTTv311)
        if key:
            client.username_pw_set(key.split("_")[2], key)
        wanted = subscribe or [self.topic("alerts"), self.topic("answers")]

        def on_connect(client: Any, _: Any, __: Any, reason: Any, ___: Any) -> None:
            self.connected, self.refused = not reason.is_failure, reason.is_failure
            if self.connected:
                client.subscribe([(one, 1) for one in wanted])

        def on_subscribe(_: Any, __: Any, ___: Any, codes: Any, ____: Any) -> None:
            self.granted = [code.value for code in codes]
            self.beat()

        def on_disconnect(*_: Any) -> None:
            self.connected = False

        client.on_connect, client.on_subscribe, client.on_disconnect = on_connect, on_subscribe, on_disconnect
        client.on_message = self.on_message
        client.reconnect_delay_set(0.1, 0.5)
        client.connect_async("127.0.0.1", port, keepalive=10)
        client.loop_start()
        self.client = client

    def on_message(self, _: Any, __: Any, message: Any) -> None:
        """Take a page that follows what is known; ask again when there is a gap."""
        body = orjson.loads(message.payload)
        if message.topic != self.topic("alerts"):
            self.answers.append(body)
            if body.get("last_sequence", self.cursor) < self.cursor:
                self.cursor = 0
                self.beat()
        elif body["after"] > self.cursor:
            self.beat()
        elif body["next"] > self.cursor:
            self.data += [one for one in body["data"] if one["sequence"] > self.cursor]
            self.cursor = body["next"]
            if body["has_more"]:
                self.beat()

    def beat(self, **more: Any) -> None:
        """Give a sign of life, which also asks for what is missing."""
        clock = datetime.now(UTC).isoformat()
        self.publish("heartbeat", {"terminal": "t1", "seq": self.cursor, "clock": clock, **more}, qos=0)

    def publish(self, what: str, body: Any, qos: int = 1) -> None:
        payload = body if isinstance(body, bytes) else orjson.dumps(body)
        self.client.publish(self.topic(what), payload, qos=qos)

    def stop(self) -> None:
        """Go away; the session stays."""
        with contextlib.suppress(Exception):
            self.client.disconnect()
        self.client.loop_stop()


@asynccontextmanager
async def a_terminal(
    house: Replica, broker: Broker, *, name: str = "", **more: Any
) -> AsyncIterator[Terminal]:
    """Run a terminal with the key of its station, connected and subscribed."""
    terminal = Terminal(**more)
    terminal.start(broker.port, house.keys[terminal.code, terminal.mode], name=name)
    try:
        await until(lambda: terminal.granted == [1, 1] and bool(terminal.answers))
        yield terminal
    finally:
        await asyncio.to_thread(terminal.stop)
