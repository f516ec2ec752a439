"""The LEDGER stream, read by place: what it is, and what lies at a sequence."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from nats.aio.msg import Msg
from nats.js.api import RawStreamMsg
from nats.js.errors import NotFoundError

from services.audit.model.entry import Heard
from services.kit.bus import Bus, Lost
from services.kit.clock import microseconds
from services.kit.errors import Retry

NAME = "LEDGER"
DURABLE = "audit-record"
BATCH = 256

_V1_TOKENS = 9
"""`$JS.ACK.<stream>.<consumer>.<delivered>.<sequence>.<consumer sequence>.<nanoseconds>.<pending>`;
the longer form has domain and account before the stream."""


@dataclass(frozen=True)
class Life:
    """One life of the stream: when it was made, and what it holds."""

    created_at: datetime
    first: int
    last: int


def heard_of(message: Msg) -> Heard:
    """Return a message that a consumer delivered. Nanoseconds are cut, as `_heard_of_raw` cuts them."""
    tokens = message.reply.split(".")
    sequence, nanoseconds = (tokens[5], tokens[7]) if len(tokens) == _V1_TOKENS else (tokens[7], tokens[9])
    name = _id(message.headers)
    return Heard(int(sequence), int(nanoseconds) // 1000, name, message.subject, message.data)


def _id(headers: Mapping[str, str] | None) -> str:
    return (headers or {}).get("Nats-Msg-Id", "")


class LedgerStream:
    """Reads the stream by sequence; every trouble with the bus is a Retry."""

    def __init__(self, bus: Bus) -> None:
        self.bus = bus

    async def life(self) -> Life:
        """Return which stream this is and what it holds."""
        try:
            info = await self.bus.jetstream.stream_info(NAME)
        except NotFoundError as error:
            raise Retry(f"stream {NAME} is not there; run `yutian streams apply`", after=2) from error
        except Lost as error:
            raise Retry(f"the bus does not answer: {type(error).__name__}", after=1) from error
        if info.created is None:
            raise Retry(f"the bus does not say when stream {NAME} was made", after=1)
        return Life(info.created, info.state.first_seq, info.state.last_seq)

    async def delivered(self) -> int:
        """Return the last sequence that the consumer was given, 0 while there is no consumer."""
        try:
            info = await self.bus.jetstream.consumer_info(NAME, DURABLE)
        except NotFoundError:
            return 0
        except Lost as error:
            raise Retry(f"the bus does not answer: {type(error).__name__}", after=1) from error
        return (info.delivered.stream_seq or 0) if info.delivered else 0

    async def at(self, sequence: int) -> Heard | None:
        """Return what lies at a sequence, None when nothing does any more."""
        return await self._get(sequence, after=False)

    async def stretch(
        self, first: int, upto: int, most: int = BATCH
    ) -> tuple[list[Heard], list[tuple[int, int]]]:
        """Return what the stream has from `first` on, so many at most, and the gaps before and between."""
        begin = await self._get(first, after=True)
        if begin is None or begin.sequence > upto:
            return [], [(first, upto)]
        rest = range(begin.sequence + 1, min(upto + 1, begin.sequence + most))
        found = await asyncio.gather(*map(self.at, rest))
        heard = [begin, *(one for one in found if one is not None)]
        gaps = [(first, begin.sequence - 1)] if begin.sequence > first else []
        gaps += [(place, place) for place, one in zip(rest, found, strict=True) if one is None]
        return heard, gaps

    async def _get(self, sequence: int, *, after: bool) -> Heard | None:
        """Return the message at a sequence, or the first one from there on."""
        subject = ">" if after else None
        try:
            raw = await self.bus.jetstream.get_msg(NAME, seq=sequence, subject=subject, next=after)
        except NotFoundError:
            return None
        except Lost as error:
            raise Retry(f"the bus does not answer: {type(error).__name__}", after=1) from error
        return _heard_of_raw(raw)


def _heard_of_raw(raw: RawStreamMsg) -> Heard:
    if raw.seq is None or raw.time is None:
        raise Retry("the bus gave a message without its place", after=1)
    return Heard(raw.seq, microseconds(raw.time), _id(raw.headers), raw.subject or "", raw.data or b"")
