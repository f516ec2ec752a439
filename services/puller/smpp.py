"""A short message centre over SMPP 3.4, by aiosmpplib: submit a text, be told the ids, hear the receipts."""

import asyncio
import logging
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import unquote, urlsplit

from aiosmpplib import ESME, PhoneNumber, SubmitSm
from aiosmpplib.broker import SimpleBroker
from aiosmpplib.correlator import SimpleCorrelator
from aiosmpplib.hook import AbstractHook
from aiosmpplib.protocol import DeliverSm, SmppMessage
from aiosmpplib.retrytimer import SimpleExponentialBackoff

from contracts.text import segments
from services.kit.errors import Invalid
from services.kit.telemetry import log

OK, QUEUE_FULL, THROTTLED = 0x00, 0x14, 0x58
_SUBMIT_RESP = 0x80000004
_HEAD = struct.Struct("!IIII")
_UDH = 0b01000000
ANSWER_S = 30.0
"""So long an answer is waited for; then nobody knows whether the number was submitted."""

Receipt = Callable[[str, str], None]
"""Hears the id of a message and the state that its receipt names."""

Halted = Callable[[], bool]
"""Tells whether a number must not be sent to any more."""


def never() -> bool:
    """Nothing halts it."""
    return False


@dataclass(frozen=True)
class Centre:
    """Where a centre is, and who we are there."""

    host: str
    port: int
    system_id: str
    password: str
    source: str = ""


def centre_of(url: str) -> Centre:
    """Read `smpp://name:password@host:port/source`; raise Invalid when it is not one. Nothing is repeated."""
    try:
        read = urlsplit(url)
        good = read.scheme == "smpp" and read.hostname and read.username
        port = read.port or 2775
    except ValueError:
        good, port = False, 0
    if not good:
        raise Invalid("--to", "is not an address", "send smpp://name:password@host:port/source")
    return Centre(
        str(read.hostname),
        port,
        unquote(read.username or ""),
        unquote(read.password or ""),
        read.path.strip("/"),
    )


@dataclass
class _Pending:
    """A number that was submitted and is not answered whole."""

    parts: int
    done: asyncio.Future[int]
    message: SubmitSm
    halted: Halted
    messages: list[str] = field(default_factory=list)


class Lost(Exception):
    """The answer of the centre was lost: nobody knows whether the number was submitted."""


class NotTaken(Exception):
    """The centre refuses a number for good."""


class Stopped(Exception):
    """A halt came before the number was submitted: it never is."""


class _Correlator(SimpleCorrelator):  # type: ignore[misc]
    """Keeps no receipts: our own file knows whose they are, also after a restart."""

    async def put_delivery(self, smsc_message_id: str, submit_sm: SubmitSm) -> None:
        """Keep nothing."""


class _Broker(SimpleBroker):  # type: ignore[misc]
    """What waits for the centre. While it is away much can change: nothing goes out that nobody waits for."""

    def __init__(self, wanted: Callable[[SmppMessage], bool]) -> None:
        super().__init__()
        self._wanted = wanted

    async def dequeue(self) -> SmppMessage:
        """Return the next message that is still wanted."""
        while not self._wanted(message := await super().dequeue()):
            pass
        return message


class Smsc(AbstractHook):  # type: ignore[misc]
    """A connection to a centre that comes back by itself."""

    def __init__(
        self, centre: Centre, on_receipt: Receipt, *, udh: bool = False, reconnect_ms: int = 500
    ) -> None:
        self.centre = centre
        self.udh = udh
        self._on_receipt = on_receipt
        self._sequences: dict[int, str] = {}
        self._pending: dict[str, _Pending] = {}
        self._esme = ESME(
            smsc_host=centre.host,
            smsc_port=centre.port,
            system_id=centre.system_id,
            password=centre.password,
            broker=_Broker(self._wanted),
            log_level=logging.CRITICAL,
            hook=self,
            correlator=_Correlator(centre.system_id, max_ttl_response=ANSWER_S),
            retry_timer=SimpleExponentialBackoff(min_delay=reconnect_ms, max_increases=5),
        )

    async def run(self) -> None:
        """Stay connected for ever."""
        await self._esme.start()

    @property
    def bound(self) -> bool:
        """True while the centre takes what we send."""
        return bool(self._esme._bound.is_set())

    async def ready(self) -> None:
        """Wait until the centre takes what we send: who asked for work before that would only keep it."""
        if not self.bound:
            log.warning("the message centre does not take us", host=self.centre.host, port=self.centre.port)
            await self._esme._bound.wait()

    async def submit(
        self, name: str, number: str, text: str, validity_s: int, halted: Halted = never
    ) -> list[str]:
        """Submit one text; return the ids of its parts; wait while told to.

        Raises Lost, NotTaken or Stopped.
        """
        pause = 0.2
        while True:
            if halted():
                raise Stopped
            status, messages = await self._submit_once(name, number, text, validity_s, halted)
            if status == OK:
                return messages
            if status not in (QUEUE_FULL, THROTTLED):
                raise NotTaken(f"SMPP status {status:#x}")
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)

    async def _submit_once(
        self, name: str, number: str, text: str, validity_s: int, halted: Halted
    ) -> tuple[int, list[str]]:
        parts = segments(text) if self.udh else 1
        message = self._message(name, number, text, validity_s, parts)
        pending = _Pending(parts, asyncio.get_running_loop().create_future(), message, halted)
        self._pending[name] = pending
        try:
            await self._esme.broker.enqueue(message)
            async with asyncio.timeout(ANSWER_S):
                return await pending.done, pending.messages
        except TimeoutError:
            raise Lost from None
        finally:
            self._pending.pop(name, None)

    def _wanted(self, message: SmppMessage) -> bool:
        """Tell whether somebody waits for a message, and it may still go out."""
        if not isinstance(message, SubmitSm):
            return True
        pending = self._pending.get(message.log_id)
        if pending is None or pending.message is not message or pending.done.done():
            return False
        if pending.halted():
            pending.done.set_exception(Stopped())
        return not pending.done.done()

    def _message(self, name: str, number: str, text: str, validity_s: int, parts: int) -> SubmitSm:
        long = self.udh and parts > 1
        return SubmitSm(
            short_message=text,
            source=PhoneNumber(self.centre.source),
            destination=PhoneNumber(number),
            validity_period=timedelta(seconds=max(60, validity_s)),
            encoding="ucs2",
            esm_class=_UDH if long else 0,
            auto_message_payload=not long,
            log_id=name,
        )

    async def sending(self, smpp_message: SmppMessage, pdu: bytes, client_id: str) -> None:  # noqa: ARG002
        """Note under which sequence number a part goes out."""
        if isinstance(smpp_message, SubmitSm):
            self._sequences[smpp_message.sequence_num] = smpp_message.log_id

    async def received(
        self,
        smpp_message: SmppMessage | None,
        pdu: bytes,
        client_id: str,  # noqa: ARG002
    ) -> None:
        """Hear answers and receipts, each part by itself."""
        _, command, status, sequence = _HEAD.unpack_from(pdu)
        if command == _SUBMIT_RESP:
            self._answered(sequence, status, pdu[_HEAD.size :].partition(b"\0")[0].decode("latin-1"))
        elif isinstance(smpp_message, DeliverSm) and smpp_message.is_receipt():
            said = smpp_message.parse_receipt()
            if said.get("id") and said.get("stat"):
                self._on_receipt(str(said["id"]), str(said["stat"]))

    async def send_error(self, smpp_message: SmppMessage, error: Exception, client_id: str) -> None:  # noqa: ARG002
        """Let a number whose submission broke off be asked for again; one that makes no message never is."""
        pending = self._pending.get(smpp_message.log_id) if isinstance(smpp_message, SubmitSm) else None
        if pending is not None and not pending.done.done():
            odd = isinstance(error, ValueError)
            pending.done.set_exception(NotTaken("no SMPP message can be made of it") if odd else Lost())

    def _answered(self, sequence: int, status: int, message: str) -> None:
        pending = self._pending.get(self._sequences.pop(sequence, ""))
        if pending is None or pending.done.done():
            return
        if status != OK:
            pending.done.set_result(status)
            return
        pending.messages.append(message)
        if len(pending.messages) == pending.parts:
            pending.done.set_result(OK)
