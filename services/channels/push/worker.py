"""The workers of a push house: claim, ask whether it still stands, talk, write the answer."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator

import httpx
import orjson

from contracts.delivery import SealedBatch
from contracts.values import Lane, Mode
from services.channels.push import actions, model, store
from services.channels.push.adapter import Adapter, Answer, Job
from services.channels.push.breaker import Breaker
from services.channels.push.model import Delivery, Stage
from services.kit import telemetry
from services.kit.crypto import CryptoProvider
from services.kit.db import Database
from services.kit.errors import Refused, Reject, Retry
from services.kit.telemetry import log

HANDS = 4
"""Attempts under way at once in each lane, so that a cancel overtakes one that hangs."""

LOOK_S = 1.0
"""How often a lane looks for what another replica has stored."""

MOST_BUGS = 8


class Workers:
    """Works through the deliveries of one house; any number of replicas may do so at once."""

    def __init__(self, db: Database, adapter: Adapter, crypto: CryptoProvider) -> None:
        self.db = db
        self.adapter = adapter
        self.crypto = crypto
        self.breaker = Breaker()
        self.work = {(mode, lane): asyncio.Event() for mode in Mode for lane in Lane}

    async def run(self) -> None:
        """Work for ever: some hands in every mode and lane, and the clock that ends what has expired."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._expire())
            for mode, lane in self.work:
                for _ in range(HANDS):
                    group.create_task(self._hand(mode, lane))

    def wake(self, mode: Mode, lane: Lane) -> None:
        """Tell a lane that there is something to do."""
        self.work[mode, lane].set()

    async def _expire(self) -> None:
        while True:
            with contextlib.suppress(Retry):
                await actions.expire(self.db)
            await asyncio.sleep(LOOK_S)

    async def _hand(self, mode: Mode, lane: Lane) -> None:
        while True:
            try:
                if await self.step(mode, lane):
                    continue
                await self._rest(mode, lane)
            except Retry as error:
                log.warning("worker waits", house=self.db.house, why=error.why)
                await asyncio.sleep(error.after or 1)

    async def _rest(self, mode: Mode, lane: Lane) -> None:
        """Wait until something is due, something is stored here, or it is time to look again."""
        event = self.work[mode, lane]
        event.clear()
        due = await store.next_due(self.db, mode, lane)
        ahead = (due - self.db.clock.now()).total_seconds() if due else LOOK_S
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), min(max(ahead, 0.02), LOOK_S))

    async def step(self, mode: Mode, lane: Lane) -> bool:
        """Make one attempt at the most urgent due delivery; return whether there was one."""
        claimed = await actions.claim(self.db, mode, lane)
        if claimed is None:
            return False
        delivery, earlier = claimed
        delivery_id = delivery.request.delivery_id
        now = self.db.clock.now()
        if not self.breaker.allows(now):
            until = self.breaker.open_until
            await actions.put_off(self.db, delivery_id, (until - now).total_seconds() if until else None)
            return True
        with telemetry.span(f"channels-{delivery.stage}", channel=delivery.request.channel):
            await self._attempt(delivery, earlier)
        return True

    async def _attempt(self, delivery: Delivery, earlier: tuple[str, ...]) -> None:
        delivery_id = delivery.request.delivery_id
        try:
            await self._talk(delivery, earlier)
            self.breaker = self.breaker.succeeded()
        except (Retry, httpx.HTTPError, TimeoutError) as error:
            self.breaker = self.breaker.failed(self.db.clock.now())
            log.warning("attempt put off", house=self.db.house, error=type(error).__name__)
            await actions.put_off(self.db, delivery_id, getattr(error, "after", None))
        except (Reject, Refused) as error:
            log.error("delivery failed", house=self.db.house, why=error.why)
            await actions.fail(self.db, delivery_id, error.why)
        except Exception as bug:
            log.exception("adapter failed", house=self.db.house, error=type(bug).__name__)
            if delivery.attempt >= MOST_BUGS:
                await actions.fail(self.db, delivery_id, f"adapter failed: {type(bug).__name__}")
            else:
                await actions.put_off(self.db, delivery_id, None)

    async def _talk(self, delivery: Delivery, earlier: tuple[str, ...]) -> None:
        """Speak to the partner and write every answer as it comes."""
        delivery_id = delivery.request.delivery_id
        if delivery.stage is not Stage.STOP and not await actions.still_stands(self.db, delivery_id):
            await actions.put_off(self.db, delivery_id, 0)
            return
        last = Answer()
        async for answer in self._answers(delivery, await self._job(delivery, earlier)):
            await actions.write(self.db, delivery_id, answer, None)
            last = answer
        stage = Stage.FOLLOW if last.ask_again_s is not None else Stage.DONE
        if delivery.stage is Stage.STOP and last.ask_again_s is not None:
            stage = Stage.STOP
        await actions.write(self.db, delivery_id, Answer(ask_again_s=last.ask_again_s), stage)

    def _answers(self, delivery: Delivery, job: Job) -> AsyncIterator[Answer]:
        match delivery.stage:
            case Stage.SEND:
                return self.adapter.send(job)
            case Stage.FOLLOW:
                return self.adapter.follow(job)
            case _:
                assert delivery.withdrawn is not None
                return self.adapter.stop(job, delivery.withdrawn)

    async def _job(self, delivery: Delivery, earlier: tuple[str, ...]) -> Job:
        request = delivery.request
        recipients: tuple[tuple[str, ...], ...] = ()
        if request.batch is not None:
            recipients = await asyncio.to_thread(self._unseal, delivery)
        return Job(
            request=request,
            attempt=delivery.attempt,
            states=delivery.target_states,
            targets=model.names_of(request, store.hashes(request)),
            recipients=recipients,
            reference=delivery.reference,
            earlier=earlier,
            messages=delivery.messages or {},
        )

    def _unseal(self, delivery: Delivery) -> tuple[tuple[str, ...], ...]:
        request = delivery.request
        assert request.batch is not None
        context = SealedBatch.context(request.mode, request.delivery_id)
        body = self.crypto.unseal(base64.b64decode(request.batch.sealed), context)
        return tuple(tuple(row) for row in orjson.loads(body))
