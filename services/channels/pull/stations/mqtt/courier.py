"""The MQTT client: it publishes to stations at QoS 1 and hears what they say. One replica has it at a time.

What a NATS client publishes arrives at QoS 0 and is not kept for who is offline, so this is an MQTT client.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Sequence
from urllib.parse import urlsplit

import aiomqtt
from prometheus_client import Counter, Gauge

from services.channels.pull.stations.mqtt import topics
from services.channels.pull.stations.mqtt.inbox import Inbox
from services.channels.pull.stations.mqtt.mailboxes import Letter, Mailboxes
from services.channels.pull.stations.mqtt.users import COURIER
from services.channels.pull.stations.store import mqtt
from services.channels.pull.stations.stream.hub import Hub
from services.kit.db import Database
from services.kit.errors import Retry
from services.kit.leadership import Leadership, LostLead
from services.kit.telemetry import log

LEASE = "mqtt"
AGAIN_S = 0.5
ACKNOWLEDGED_S = 20.0
AT_ONCE = 500
"""So many messages of stations are answered at the same time."""

REFUSED = 128
"""What is returned for a subscription that was refused; the library does not raise."""

CONNECTED = Gauge("yutian_mqtt_connected", "Whether this replica holds the MQTT connection")
PUBLISHED = Counter("yutian_mqtt_published_total", "Pages that nats-server has taken for stations")

_QUIET = logging.getLogger("yutian.mqtt")
_QUIET.setLevel(logging.ERROR)


class Courier:
    """Between the house and nats-server's MQTT listener."""

    def __init__(
        self,
        db: Database,
        leadership: Leadership,
        hub: Hub,
        boxes: Mailboxes,
        inbox: Inbox,
        url: str,
        password: str,
        look_s: float,
    ) -> None:
        self.db = db
        self.leadership = leadership
        self.hub = hub
        self.boxes = boxes
        self.inbox = inbox
        self.url = url
        self.look_s = look_s
        self._password = password
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def run(self) -> None:
        """Connect again and again, as long as this replica leads."""
        leads, away = True, False
        while leads:
            try:
                async with self._client() as client:
                    log.info("stations come by MQTT", server=self.url)
                    away = False
                    await self._serve(client)
            except* LostLead:
                leads = False
            except* (aiomqtt.MqttError, Retry, OSError) as errors:
                if not away:
                    log.warning("no MQTT", server=self.url, why=str(errors.exceptions[0]))
                away = True
            await asyncio.sleep(AGAIN_S)

    def _client(self) -> aiomqtt.Client:
        parts = urlsplit(self.url)
        client = aiomqtt.Client(
            parts.hostname or "127.0.0.1",
            parts.port or 1883,
            username=COURIER,
            password=self._password,
            identifier=COURIER,
            clean_session=False,
            protocol=aiomqtt.ProtocolVersion.V311,
            keepalive=15,
            timeout=ACKNOWLEDGED_S,
            max_inflight_messages=1000,
            tls_context=ssl.create_default_context() if parts.scheme == "mqtts" else None,
            logger=_QUIET,
        )
        # A report is acknowledged when it is stored, not when it has come; aiomqtt has no word for that.
        client._client.manual_ack_set(True)
        return client

    async def _serve(self, client: aiomqtt.Client) -> None:
        for name, qos in ((topics.ALL_REPORTS, 1), (topics.ALL_HEARTBEATS, 0)):
            codes = await client.subscribe(name, qos)
            if any(_number(code) >= REFUSED for code in codes):
                raise aiomqtt.MqttError(f"the subscription to {name} was refused")
        self.hub.everybody = self.boxes
        CONNECTED.set(1)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._look())
                group.create_task(self._publish(client))
                group.create_task(self._hear(client, group))
        finally:
            CONNECTED.set(0)
            self.hub.everybody = None
            self.boxes.forget()

    async def _look(self) -> None:
        while True:
            with contextlib.suppress(Retry):
                await self.boxes.look()
            await asyncio.sleep(self.look_s)

    async def _publish(self, client: aiomqtt.Client) -> None:
        while True:
            await self.boxes.wanted.wait()
            self.boxes.wanted.clear()
            while letters := await self.boxes.take():
                async with asyncio.TaskGroup() as group:
                    for letter in letters:
                        name = topics.topic(letter.key, topics.ALERTS)
                        group.create_task(client.publish(name, letter.page, qos=1, timeout=ACKNOWLEDGED_S))
                await self._keep(letters)

    async def _keep(self, letters: Sequence[Letter]) -> None:
        PUBLISHED.inc(len(letters))
        async with self.db.transaction() as tx:
            await self.leadership.guard(tx, LEASE)
            await mqtt.keep_cursors(tx, self.boxes.taken(letters))

    async def _hear(self, client: aiomqtt.Client, group: asyncio.TaskGroup) -> None:
        async for message in client.messages:
            await self._turns.acquire()
            group.create_task(self._answer(client, message))

    async def _answer(self, client: aiomqtt.Client, message: aiomqtt.Message) -> None:
        try:
            read = topics.read(message.topic.value)
            if read is not None and isinstance(message.payload, bytes):
                key, what = read
                answer = await self.inbox.hear(key, what, message.payload)
                await client.publish(topics.topic(key, topics.ANSWERS), answer, qos=0)
            # Not before: what could not be stored comes again.
            client._client.ack(message.mid, message.qos)
        except (Retry, aiomqtt.MqttError) as busy:
            log.warning("a station's message waits", why=str(busy))
        except Exception as bug:
            log.exception("a station's message was not understood", error=type(bug).__name__)
        finally:
            self._turns.release()


def _number(code: object) -> int:
    return int(getattr(code, "value", code))  # type: ignore[call-overload, no-any-return]
