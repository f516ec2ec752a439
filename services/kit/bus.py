"""The bus: publish a message with its id, deliver a message to a handler, then acknowledge it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import nats
import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError

from services.kit.errors import Refused, Retry
from services.kit.settings import Settings
from services.kit.telemetry import log

HEARTBEAT_S = 5
"""JetStream shows this often that an idle pull is alive; after two and a half it is rebuilt."""

PULL_S = 60
ACK_WAIT_S = 30
FIRST_CONNECT_S = 10
"""How long the bus is waited for at the start; later it is waited for for ever."""

_PULL_OVER = ("404", "408")
"""A pull ran out; any other end means that the consumer or its stream is gone."""

Lost = (nats.errors.Error, JetStreamError, OSError, TimeoutError)
"""What the client raises when the bus is away or has lost its disk."""


class Bus:
    """A connection to NATS. Services publish through their outbox, not through this."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.jetstream = client.jetstream(timeout=5)
        self._pulls: set[asyncio.Queue[Msg | None]] = set()

    @classmethod
    async def connect(cls, settings: Settings, name: str) -> "Bus":
        """Connect and keep reconnecting for ever; raise Refused when the first try fails."""
        client = Client()
        bus = cls(client)
        try:
            async with asyncio.timeout(FIRST_CONNECT_S):
                await client.connect(
                    settings.nats_url,
                    name=name,
                    password=settings.nats_password.get_secret_value() if settings.nats_password else None,
                    user="yutian" if settings.nats_password else None,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=0.25,  # type: ignore[arg-type]
                    ping_interval=10,
                    max_outstanding_pings=2,
                    connect_timeout=3,
                    allow_reconnect=True,
                    error_cb=bus._trouble,
                    reconnected_cb=bus._reconnected,
                )
        except (nats.errors.Error, OSError, TimeoutError) as error:
            raise Refused(
                f"no bus at {settings.nats_place()}: {type(error).__name__}",
                mend="start nats-server, or set YUTIAN_NATS_URL",
            ) from None
        return bus

    @property
    def connected(self) -> bool:
        """True while the connection stands."""
        return bool(self.client.is_connected)

    async def ping(self) -> None:
        """See that the bus answers; raise Retry when it does not."""
        if not self.connected:
            raise Retry("the bus is away", after=1)

    async def publish(
        self, subject: str, payload: bytes, headers: Mapping[str, str], message_id: str, wait_s: float = 5
    ) -> None:
        """Publish into a stream and wait for the acknowledgement; raise Retry when it does not come."""
        if not self.connected:
            raise Retry("the bus is away", after=1)
        try:
            await self.jetstream.publish(
                subject, payload, timeout=wait_s, headers={**headers, "Nats-Msg-Id": message_id}
            )
        except Lost as error:
            raise Retry(f"the bus did not take a message: {type(error).__name__}", after=1) from error

    async def pulled(
        self, stream: str, durable: str, subjects: tuple[str, ...], *, batch: int = 32
    ) -> AsyncIterator[list[Msg]]:
        """Yield messages of a durable consumer as they come, at least one and at most `batch` at a time.

        Raises Retry when the bus falls silent; whoever supervises this calls it again. The stream must
        exist; the consumer is made when it does not.
        """
        await self._ensure_consumer(stream, durable, subjects)
        queue: asyncio.Queue[Msg | None] = asyncio.Queue()
        inbox = self.client.new_inbox()
        subscription = await self.client.subscribe(inbox, cb=queue.put)
        self._pulls.add(queue)
        try:
            asked = 0
            while True:
                if asked <= 0:
                    await self._ask(stream, durable, inbox, batch)
                    asked = batch
                messages, ended = await self._next(queue, batch)
                asked = 0 if ended else asked - len(messages)
                if messages:
                    yield messages
        finally:
            self._pulls.discard(queue)
            with contextlib.suppress(Exception):
                await subscription.unsubscribe()

    async def _ask(self, stream: str, durable: str, inbox: str, batch: int) -> None:
        request = {"batch": batch, "expires": PULL_S * 10**9, "idle_heartbeat": HEARTBEAT_S * 10**9}
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"
        await self.client.publish(subject, orjson.dumps(request), reply=inbox)

    async def _next(self, queue: asyncio.Queue[Msg | None], batch: int) -> tuple[list[Msg], bool]:
        """Return what has come, and whether the pull request is used up; wait for the first."""
        try:
            # Not wait_for: in Python 3.11 it swallows a cancellation that meets a message.
            async with asyncio.timeout(HEARTBEAT_S * 2.5):
                first = await queue.get()
        except TimeoutError:
            raise Retry("the bus fell silent", after=0) from None
        messages: list[Msg] = []
        ended = self._sort(first, messages)
        while not ended and len(messages) < batch and not queue.empty():
            ended = self._sort(queue.get_nowait(), messages)
        return messages, ended

    @staticmethod
    def _sort(message: Msg | None, messages: list[Msg]) -> bool:
        if message is None:
            raise Retry("the bus came back", after=0)
        headers = message.headers or {}
        status, why = headers.get("Status"), headers.get("Description", "")
        if not status:
            messages.append(message)
            return False
        if status in _PULL_OVER or "batch completed" in why.lower():
            return True
        if status != "100":
            raise Retry(f"the bus ended a pull: {why or status}", after=0.5)
        return False

    async def _ensure_consumer(self, stream: str, durable: str, subjects: tuple[str, ...]) -> None:
        config = ConsumerConfig(
            durable_name=durable,
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT_S,
            max_deliver=-1,
            max_ack_pending=1000,
            filter_subjects=list(subjects) or None,
        )
        try:
            await self.jetstream.add_consumer(stream, config)
        except NotFoundError as error:
            raise Retry(f"stream {stream} is not there; run `yutian streams apply`", after=2) from error
        except Lost as error:
            raise Retry(
                f"the bus did not give consumer {durable}: {type(error).__name__}", after=1
            ) from error

    async def poke(self, subject: str, note: Any) -> None:
        """Tell every replica something that may be lost (core NATS); raise nothing when the bus is away."""
        with contextlib.suppress(*Lost):
            await self.client.publish(subject, orjson.dumps(note))

    async def on_poke(self, subject: str, act: Callable[[Any], Awaitable[None]]) -> None:
        """Call `act` with every poke on a subject."""

        async def hear(message: Msg) -> None:
            await act(orjson.loads(message.data))

        await self.client.subscribe(subject, cb=hear)

    async def close(self) -> None:
        """Close the connection."""
        with contextlib.suppress(Exception):
            await self.client.flush(timeout=1)
        with contextlib.suppress(Exception):
            await self.client.close()

    async def _trouble(self, error: Exception) -> None:
        log.warning("bus trouble", error=type(error).__name__)

    async def _reconnected(self) -> None:
        for queue in self._pulls:
            queue.put_nowait(None)
