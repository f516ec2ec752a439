"""What the router hears, and whether it has heard the whole registry."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from contracts.back import StationTold
from contracts.delivery import DeliveryReported, StationSeen
from contracts.difference import ROUTER, DifferenceTold
from contracts.message import PREFIX, Message, filter_subject
from contracts.registry import BlockChanged
from contracts.values import Lane, Mode
from contracts.warning import (
    WarningCancelled,
    WarningExpired,
    WarningHalted,
    WarningIssued,
    WarningPublished,
    WarningUpdated,
)
from services.kit.bus import Bus, Lost
from services.kit.clock import Clock
from services.kit.consumer import Subscription, subscriptions
from services.kit.crypto import CryptoProvider
from services.kit.db import Database, Transaction
from services.kit.errors import Retry
from services.router.actions import answering, backing, clocks
from services.router.actions.again import again
from services.router.actions.copy import copy
from services.router.actions.end import end
from services.router.actions.hear import hear
from services.router.actions.plan import plan
from services.router.actions.rulebook import Rulebook
from services.router.model.ladder import Ladders
from services.router.model.registry import DISTRICT_KEY
from services.router.store import blocks, presences

STREAM = "REGISTRY"
COPY = "router-copy-registry"
HEAR = "router-hear"
REPORTS = "REPORTS"
ALL_BLOCKS = f"{PREFIX}.{BlockChanged.stem()}.>"

WARNINGS = (WarningIssued, WarningUpdated, WarningCancelled, WarningHalted, WarningExpired)


def subscriptions_of(crypto: CryptoProvider, escalation: Rulebook[Ladders]) -> list[Subscription]:
    """Return everything that the router hears."""
    return [
        Subscription(COPY, STREAM, (ALL_BLOCKS,), partial(on_block, crypto=crypto)),
        *subscriptions("router-plan", WARNINGS, partial(on_warning, crypto=crypto, escalation=escalation)),
        *subscriptions(HEAR, [DeliveryReported], on_report),
        *subscriptions("router-note", [StationSeen], on_seen),
        *subscriptions("router-back", [StationTold], on_back),
        *subscriptions("router-again", [DifferenceTold], on_difference, key=ROUTER),
    ]


async def on_block(tx: Transaction, message: Message, *, crypto: CryptoProvider) -> None:
    """Copy a block of the registry."""
    assert isinstance(message, BlockChanged)
    await copy(tx, message, crypto)


async def on_warning(
    tx: Transaction, message: Message, *, crypto: CryptoProvider, escalation: Rulebook[Ladders]
) -> None:
    """Plan a revision that is to be spread, or end one that is not; its clocks begin or stop with it."""
    if isinstance(message, WarningPublished):
        await plan(tx, message, crypto)
        await clocks.begin(tx, message, escalation.rules)
        muted = [one.warning_id for one in message.supersedes]
        await clocks.settle(tx, message.mode, [message.warning_id, *muted])
        return
    assert isinstance(message, WarningHalted | WarningExpired)
    await end(tx, message)
    await clocks.settle(tx, message.mode, [message.warning_id])


async def on_report(tx: Transaction, message: Message) -> None:
    """Fold a report, and let answers count."""
    assert isinstance(message, DeliveryReported)
    await hear(tx, message)
    await answering.hear(tx, message)


async def on_seen(tx: Transaction, message: Message) -> None:
    """Note that a station came or went."""
    assert isinstance(message, StationSeen)
    await presences.note(tx, message.station, message.mode, message.presence, message.at)


async def on_back(tx: Transaction, message: Message) -> None:
    """Keep what a village tells back."""
    assert isinstance(message, StationTold)
    await backing.hear(tx, message)


async def on_difference(tx: Transaction, message: Message) -> None:
    """Say again what the audit misses."""
    assert isinstance(message, DifferenceTold)
    await again(tx, message)


class Filled:
    """Whether the copy has caught up with the registry since this process began."""

    def __init__(self, db: Database, bus: Bus) -> None:
        self.db = db
        self.bus = bus
        self._caught_up = False

    async def check(self) -> None:
        """Raise Retry until the copy has been seen whole once: a preview of half the villages misses half."""
        if self._caught_up:
            return
        async with self.db.read() as connection:
            known = await blocks.listing(connection)
        if DISTRICT_KEY not in known or await self._behind():
            raise Retry("the copy of the registry is being filled", after=1)
        self._caught_up = True

    async def _behind(self) -> int:
        """Return how many blocks are still on their way."""
        try:
            consumer = await self.bus.jetstream.consumer_info(STREAM, COPY)
        except Lost as error:
            raise Retry("the bus does not tell how much of the registry is copied", after=1) from error
        return (consumer.num_pending or 0) + (consumer.num_ack_pending or 0)


class Heard:
    """How far the reports in the stream have been heard: what the clocks ask before they strike."""

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self.bus = bus
        self.clock = clock

    async def heard_until(self, mode: Mode, lanes: Sequence[Lane]) -> datetime | None:
        """Return up to which moment every report was heard, None when the bus does not tell."""
        try:
            return min([await self._until(mode, lane) for lane in lanes])
        except Lost:
            return None

    async def _until(self, mode: Mode, lane: Lane) -> datetime:
        asked = self.clock.now()
        consumer = await self.bus.jetstream.consumer_info(REPORTS, f"{HEAR}-{mode}-{lane}")
        if not (consumer.num_pending or 0) + (consumer.num_ack_pending or 0):
            return asked
        floor = consumer.ack_floor.stream_seq if consumer.ack_floor else 0
        subject = filter_subject(DeliveryReported, mode, lane)
        first = await self.bus.jetstream.get_msg(REPORTS, seq=floor + 1, subject=subject, next=True)
        return first.time or datetime.fromtimestamp(0, UTC)
