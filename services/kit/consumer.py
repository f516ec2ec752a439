"""Consumers: a message comes in, a handler runs in a transaction of its own, the message is acknowledged."""

import asyncio
import base64
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from nats.aio.msg import Msg
from pydantic import ValidationError

from contracts import message_class
from contracts.fact import DeadLetter
from contracts.message import Message, filter_subject
from contracts.streams import stream_of
from contracts.values import Lane, Mode
from services.kit import failpoints, telemetry
from services.kit.bus import Bus
from services.kit.db import Database, Transaction
from services.kit.errors import NotFound, Refused, Reject, Retry
from services.kit.outbox import AlreadyHandled
from services.kit.telemetry import log

Handler = Callable[[Transaction, Message], Awaitable[None]]

MOST_TRIES_OF_A_BUG = 20
"""After so many tries a message that meets a bug is buried, loudly."""

PATIENCE = timedelta(hours=24)
"""How long a message without an expiry of its own is tried."""

LONGEST_S = {Lane.URGENT: 30.0, Lane.ROUTINE: 300.0}


@dataclass(frozen=True)
class Subscription:
    """A durable consumer of one mode and lane, and what is done with its messages."""

    durable: str
    stream: str
    subjects: tuple[str, ...]
    handle: Handler
    mode: Mode = Mode.LIVE
    lane: Lane = Lane.ROUTINE
    brief: bool = False
    """Whether its transactions ask for little and wait for nobody between (see `Database.transaction`)."""


def subscriptions(
    name: str,
    heard: Sequence[type[Message]],
    handle: Handler,
    *,
    key: str = "*",
    lanes: Sequence[Lane] = tuple(Lane),
    brief: bool = False,
) -> list[Subscription]:
    """Return one subscription for each mode and lane: `<service>-<verb>[-<key>]-<mode>-<lane>`.

    All messages heard must live in one stream; `key` is the subject's key token, such as a channel.
    """
    (stream,) = {stream_of(m.noun, m.verb) for m in heard}
    return [
        Subscription(
            durable="-".join([name, *([key] if key != "*" else []), mode, lane]),
            stream=stream,
            subjects=tuple(filter_subject(m, mode, lane, key) for m in heard),
            handle=handle,
            mode=mode,
            lane=lane,
            brief=brief,
        )
        for mode in Mode
        for lane in lanes
    ]


def delay(tries: int, lane: Lane) -> float:
    """Return how long to wait before the next try: 1-2-4-8 s and so on, jittered, bounded by lane."""
    return min(2.0 ** (tries - 1), LONGEST_S[lane]) * random.uniform(0.8, 1.2)  # noqa: S311 (jitter)


async def consume(bus: Bus, db: Database, subscription: Subscription) -> None:
    """Consume for ever; rebuild the pull whenever the bus falls silent or comes back."""
    while True:
        try:
            async for messages in bus.pulled(
                subscription.stream, subscription.durable, subscription.subjects
            ):
                for message in messages:
                    await handle(db, subscription, message)
        except Retry as error:
            log.info("consumer rebuilt", consumer=subscription.durable, why=error.why)
            await asyncio.sleep(error.after or 0.05)
        except Exception as error:
            log.exception("consumer failed", consumer=subscription.durable, error=type(error).__name__)
            await asyncio.sleep(1)


async def handle(db: Database, subscription: Subscription, raw: Msg) -> None:
    """Handle one message: acknowledge, delay or bury it."""
    with telemetry.consuming(subscription.durable, raw.subject, raw.headers or {}):
        failpoints.reach("consume.received", db.house)
        try:
            message = message_class(raw.subject).from_bytes(raw.data)
            once = (subscription.durable, message_id(raw))
            async with db.transaction(once, brief=subscription.brief) as tx:
                await subscription.handle(tx, message)
                failpoints.reach("consume.handled", db.house)
            failpoints.reach("consume.committed", db.house)
        except AlreadyHandled:
            telemetry.handled(subscription.durable, "again")
        except (Retry, NotFound) as problem:
            await _later_or_bury(db, subscription, raw, problem)
            return
        except (Refused, Reject, ValidationError) as problem:
            await _bury(db, subscription, raw, _reason(problem))
        except Exception as bug:
            log.exception("handler failed", consumer=subscription.durable, error=type(bug).__name__)
            await _later_or_bury(db, subscription, raw, bug)
            return
        else:
            telemetry.handled(subscription.durable, "done")
        await raw.ack()
        failpoints.reach("consume.acknowledged", db.house)


def message_id(raw: Msg) -> UUID:
    """Return the id that the outbox gave a message."""
    return UUID((raw.headers or {})["Nats-Msg-Id"])


def _reason(problem: Exception) -> str:
    """Return why a message is buried, without any value that it held."""
    if isinstance(problem, ValidationError):
        errors = problem.errors(include_input=False, include_url=False, include_context=False)
        return "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in errors[:5])
    return getattr(problem, "why", None) or type(problem).__name__


async def _later_or_bury(db: Database, subscription: Subscription, raw: Msg, problem: Exception) -> None:
    tries = raw.metadata.num_delivered
    known = isinstance(problem, Retry | NotFound)
    spent = db.clock.now() > _deadline(raw) if known else tries >= MOST_TRIES_OF_A_BUG
    if spent:
        await _bury(db, subscription, raw, _reason(problem))
        await raw.ack()
        return
    telemetry.handled(subscription.durable, "later")
    asked = problem.after if isinstance(problem, Retry) and problem.after else 0.0
    await raw.nak(delay=max(asked, delay(tries, subscription.lane)))


def _deadline(raw: Msg) -> datetime:
    """Return when trying ends: the warning's own expiry, else a day after it was said."""
    message = message_class(raw.subject).from_bytes(raw.data)
    notice = getattr(message, "notice", None)
    return notice.expires if notice is not None else raw.metadata.timestamp + PATIENCE


async def _bury(db: Database, subscription: Subscription, raw: Msg, reason: str) -> None:
    """Keep a message that cannot be handled, with the reason; the letter travels by the outbox."""
    log.error("message buried", consumer=subscription.durable, subject=raw.subject, reason=reason)
    telemetry.handled(subscription.durable, "buried")
    letter_id = message_id(raw)
    try:
        async with db.transaction(once=(subscription.durable, letter_id)) as tx:
            tx.emit(
                DeadLetter(
                    mode=subscription.mode,
                    lane=subscription.lane,
                    at=tx.now,
                    consumer=subscription.durable,
                    original_subject=raw.subject,
                    original_id=str(letter_id),
                    reason=reason,
                    payload=base64.b64encode(raw.data).decode(),
                )
            )
    except AlreadyHandled:
        return
