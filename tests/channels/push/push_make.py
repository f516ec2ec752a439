"""What the tests of the push houses share: a clock, requests, a house whose work is done step by step."""

import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import orjson
from sqlalchemy import case, func, select

from contracts.canonical import sha256_hex
from contracts.delivery import DeliveryReported, DeliveryRequested, SealedBatch, delivery_id_of
from contracts.fact import Fact
from contracts.message import Message
from contracts.outcome import TargetState
from contracts.values import Action, Channel, Lane, Level, Mode, Place, Withdrawal
from contracts.warning import Notice, WarningText
from services.channels.push.actions import take
from services.channels.push.adapter import Adapter, Answer, Answers, Job
from services.channels.push.model import Delivery, Stage
from services.channels.push.store import deliveries
from services.channels.push.store.tables import DELIVERIES
from services.channels.push.worker import Workers
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from tests.clock import HandClock
from tests.migrated import migrate
from tests.notices import a_rainstorm
from tests.outbox import said

START = datetime(2026, 6, 1, 14, 5, tzinfo=UTC)
TOWNS = ("500110110000", "500110112000")
WARNING = UUID(int=7)
ACCOUNT = "wechat-main"
SHORT = "綦江区气象台2026年6月1日22时5分发布暴雨橙色预警信号：未来3小时赶水镇、石壕镇雨量将达50毫米以上。"


def some_crypto(folder: Path) -> SoftwareCrypto:
    keys = KeyFolder(folder)
    init_keys(keys)
    return SoftwareCrypto(keys)


def a_notice(
    *,
    level: Level = Level.ORANGE,
    expires: datetime = START + timedelta(hours=6),
    short: str = SHORT,
    approved_by: tuple[str, ...] = ("王芳",),
) -> Notice:
    return a_rainstorm(
        START - timedelta(seconds=30),
        level=level,
        expires=expires,
        text=WarningText(headline="暴雨橙色预警", description="暴雨", instruction="避险", short=short),
        areas=tuple(
            Place(code=code, name=name) for code, name in zip(TOWNS, ("赶水镇", "石壕镇"), strict=True)
        ),
        approved_by=approved_by,
    )


def a_request(
    channel: Channel = Channel.BROADCAST,
    *,
    revision: int = 1,
    action: Action = Action.START,
    mode: Mode = Mode.LIVE,
    notice: Notice | None = None,
    targets: tuple[str, ...] = TOWNS,
    batch: SealedBatch | None = None,
    warning_id: UUID = WARNING,
    part: str = "0",
    references: tuple[UUID, ...] = (),
) -> DeliveryRequested:
    notice = notice or a_notice()
    lane = notice.level.lane if action is Action.START else Lane.URGENT
    return DeliveryRequested(
        mode=mode,
        lane=lane,
        warning_id=warning_id,
        revision=revision,
        channel=channel,
        at=START,
        delivery_id=delivery_id_of(warning_id, revision, channel, part),
        action=action,
        notice=notice,
        targets=() if batch else targets,
        batch=batch,
        references=references,
        manifest_sha256="0" * 64,
    )


def a_batch(
    crypto: SoftwareCrypto, delivery_id: UUID, people: Sequence[str], mode: Mode = Mode.LIVE
) -> SealedBatch:
    """Return a sealed batch of these people, as the router makes it."""
    ordered = sorted(people, key=crypto.keyed_hash)
    body = orjson.dumps([[person] for person in ordered])
    sealed = crypto.seal(body, SealedBatch.context(mode, delivery_id))
    return SealedBatch(
        size=len(ordered),
        rendering="public",
        route=ACCOUNT,
        hashes=base64.b64encode(b"".join(map(crypto.keyed_hash, ordered))).decode(),
        sealed=base64.b64encode(sealed).decode(),
        sha256=sha256_hex(sealed),
    )


class Scripted:
    """An adapter that does what a test tells it: a list of answers or errors for each of its verbs."""

    def __init__(self, channel: Channel = Channel.BROADCAST) -> None:
        self.channel = channel
        self.sends: list[list[Answer | BaseException]] = []
        self.follows: list[list[Answer | BaseException]] = []
        self.stops: list[list[Answer | BaseException]] = []
        self.jobs: list[tuple[str, Job]] = []

    def _said(self, verb: str, job: Job, script: list[list[Answer | BaseException]]) -> Answers:
        self.jobs.append((verb, job))
        return self._played(script.pop(0) if script else [])

    @staticmethod
    async def _played(script: list[Answer | BaseException]) -> Answers:
        for step in script:
            if isinstance(step, BaseException):
                raise step
            yield step

    def send(self, job: Job) -> Answers:
        return self._said("send", job, self.sends)

    def follow(self, job: Job) -> Answers:
        return self._said("follow", job, self.follows)

    def stop(self, job: Job, reason: Withdrawal) -> Answers:
        return self._said("stop", job, self.stops)

    async def probe(self) -> str:
        return "fine"


@dataclass
class PushHouse:
    """A push house whose work is done when the test says so."""

    db: Database
    clock: HandClock
    workers: Workers
    crypto: SoftwareCrypto
    _told: int = 0
    reports: list[DeliveryReported] = field(default_factory=list)

    async def take(self, *requests: DeliveryRequested) -> None:
        for request in requests:
            async with self.db.transaction() as tx:
                await take.take(tx, request)

    async def end(
        self, up_to: int = 1, reason: Withdrawal = Withdrawal.CANCELLED, warning_id: UUID = WARNING
    ) -> None:
        async with self.db.transaction() as tx:
            await take.end(tx, warning_id, up_to, reason)

    async def once(self) -> int:
        """Make every attempt that is due now; return how many there were."""
        await take.expire(self.db)
        made = 0
        for mode in Mode:
            for lane in (None, *Lane):
                while await self.workers.step(mode, lane):
                    made += 1
        return made

    async def work(self, seconds: float = 0) -> int:
        """Work for some time of the clock; return how many attempts were made."""
        end = self.clock.at + timedelta(seconds=seconds)
        made = await self.once()
        while (moment := await self._next_moment()) <= end:
            # A claim runs out only after its last moment; a partner may be left alone until later.
            open_until = self.workers.breaker.open_until or moment
            self.clock.at = min(end, max(moment, open_until) + timedelta(milliseconds=1))
            made += await self.once()
            if self.clock.at == end:
                break
        self.clock.at = end
        return made + await self.once()

    async def _next_moment(self) -> datetime:
        """Return when something is to be done next, now if it should have been done before."""
        claimed, due = DELIVERIES.c.claimed_until, DELIVERIES.c.due_at
        free_at = func.min(case((claimed.is_not(None) & (claimed > due), claimed), else_=due)).label("at")
        active = select(free_at).where(DELIVERIES.c.stage != Stage.DONE)
        ending = select(func.min(DELIVERIES.c.ends_at).label("at"))
        found = [(await self.db.rows(statement))[0]["at"] for statement in (active, ending)]
        moments = [moment for moment in found if moment is not None]
        return max(min(moments), self.clock.at) if moments else datetime.max.replace(tzinfo=UTC)

    async def get(self, request: DeliveryRequested) -> Delivery:
        async with self.db.transaction() as tx:
            found = await deliveries.get(tx, request.delivery_id)
        assert found is not None
        return found

    async def tally(self, request: DeliveryRequested) -> dict[TargetState, int]:
        return (await self.get(request)).tally

    async def said(self) -> list[Message]:
        return await said(self.db)

    async def reported(self, request: DeliveryRequested) -> list[DeliveryReported]:
        """Return the reports of a delivery; every one of them adds up."""
        found = [
            m
            for m in await self.said()
            if isinstance(m, DeliveryReported) and m.delivery_id == request.delivery_id
        ]
        assert all(report.size == request.size for report in found)
        assert [report.report for report in found] == list(range(1, len(found) + 1))
        return found

    async def facts(self) -> list[Fact]:
        return [m for m in await self.said() if isinstance(m, Fact)]

    async def details(self) -> str:
        """Return everything that was said of single targets and in facts, for a search."""
        return repr([m.model_dump(mode="json") for m in await self.said()])


@asynccontextmanager
async def a_push_house(
    url: str, adapter: Adapter, crypto: SoftwareCrypto, clock: HandClock
) -> AsyncIterator[PushHouse]:
    """Open a migrated push house with this adapter."""
    db = await an_open_database(url, adapter.channel, clock)
    try:
        yield PushHouse(db, clock, Workers(db, adapter, crypto), crypto)
    finally:
        await db.close()


async def an_open_database(url: str, house: str, clock: HandClock) -> Database:
    """Return the migrated database of a house."""
    address = url.format(name=house)
    await migrate(address, "services.channels.push.migrations")
    return Database(house, address, clock)


def only(**states: int) -> dict[TargetState, int]:
    """Return a tally: `only(played=2)`."""
    return {TargetState(name): count for name, count in states.items()}
