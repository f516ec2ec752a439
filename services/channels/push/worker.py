"""The workers of a push house: claim, talk, write each answer; beside them the clocks."""

import asyncio
import base64
import contextlib
import traceback
from collections.abc import Awaitable, Callable
from datetime import datetime

import orjson

from contracts.delivery import SealedBatch
from contracts.values import Lane, Mode
from services.channels.push import model
from services.channels.push.actions import attempts, hear, take
from services.channels.push.adapter import Adapter, Answers, Earlier, Job, Unconfigured, Unset, Unwell
from services.channels.push.breaker import Breaker
from services.channels.push.model import Delivery, Stage
from services.channels.push.store import deliveries
from services.kit import failpoints, telemetry
from services.kit.crypto import CryptoProvider
from services.kit.db import Database
from services.kit.errors import Problem, Refused, Reject, Retry
from services.kit.telemetry import log

HANDS = 4
"""Attempts under way at once in each lane, and as many that only stop, so that a cancel overtakes."""

LOOK_S = 2.0
"""How often a lane looks for what another replica has stored."""

STEP_S = 60.0
"""How long an adapter may take for one answer."""

RENEW_S = model.CLAIM.total_seconds() / 4
"""How often the claim of an attempt under way is renewed: a worker that died is known by its silence."""

MOST_BUGS = 8


class Workers:
    """Works through the deliveries of one house; any number of replicas may do so at once."""

    def __init__(self, db: Database, adapter: Adapter, crypto: CryptoProvider) -> None:
        self.db = db
        self.adapter = adapter
        self.crypto = crypto
        self.breaker = Breaker()
        self._unconfigured: set[str] = set()
        """What has been said of this partner: it is no news the second time."""
        self._heard = asyncio.Event()
        self._due: dict[tuple[Mode, Lane | None], datetime | None] = {}
        """When the next delivery of a lane is due, as it was last seen."""
        self._work: dict[tuple[Mode, Lane | None], asyncio.Event] = {
            (mode, lane): asyncio.Event() for mode in Mode for lane in (*Lane, None)
        }

    async def run(self) -> None:
        """Work for ever: some hands in every mode and lane, and the clocks."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._clock(self._expire))
            group.create_task(self._clock(self._fold, self._heard))
            for mode, lane in self._work:
                group.create_task(self._lane(mode, lane))

    def wake(self, mode: Mode) -> None:
        """Tell the lanes of a mode that there is something to do."""
        for (of_mode, _), event in self._work.items():
            if of_mode is mode:
                event.set()

    def told(self) -> None:
        """Note that a partner told us something."""
        self._heard.set()

    async def _clock(self, work: Callable[[], Awaitable[None]], sooner: asyncio.Event | None = None) -> None:
        event = sooner or asyncio.Event()
        while True:
            event.clear()
            with contextlib.suppress(Retry):
                await work()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(event.wait(), LOOK_S)

    async def _expire(self) -> None:
        while await take.expire(self.db):
            for mode in Mode:
                self.wake(mode)

    async def _fold(self) -> None:
        while await hear.fold(self.db):
            pass

    async def _lane(self, mode: Mode, lane: Lane | None) -> None:
        """Keep up to so many attempts of a lane under way."""
        free = asyncio.Semaphore(HANDS)
        async with asyncio.TaskGroup() as group:
            while True:
                await free.acquire()
                claimed, earlier = await self._next(mode, lane)
                attempt = group.create_task(self.attempt(claimed, earlier))
                attempt.add_done_callback(lambda _: free.release())

    async def _next(self, mode: Mode, lane: Lane | None) -> tuple[Delivery, tuple[Earlier, ...]]:
        while True:
            self._work[mode, lane].clear()
            try:
                found = await self.claim(mode, lane)
                if found is not None:
                    return found
                await self._rest(mode, lane)
            except Retry as error:
                log.warning("worker waits", house=self.db.house, why=error.why)
                await asyncio.sleep(error.after or LOOK_S)

    async def claim(self, mode: Mode, lane: Lane | None) -> tuple[Delivery, tuple[Earlier, ...]] | None:
        """Take the first due delivery of a lane, unless the partner is being left alone."""
        now = self.db.clock.now()
        if not self.breaker.allows(now):
            return None
        due = self._due[mode, lane] = await deliveries.next_due(self.db, mode, lane)
        if due is None or due > now or not self.breaker.allows(now):
            return None
        found = await attempts.claim(self.db, mode, lane)
        if found is not None:
            failpoints.reach("push.claimed", self.db.house)
            self.breaker = self.breaker.trying(now)
        return found

    async def _rest(self, mode: Mode, lane: Lane | None) -> None:
        """Wait until something is due, something is stored here, or it is time to look again."""
        now = self.db.clock.now()
        due = self.breaker.open_until or self._due.get((mode, lane))
        ahead = (due - now).total_seconds() if due else LOOK_S
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._work[mode, lane].wait(), min(max(ahead, 0.02), LOOK_S))

    async def step(self, mode: Mode, lane: Lane | None) -> bool:
        """Make one attempt at the first due delivery; return whether there was one."""
        found = await self.claim(mode, lane)
        if found is not None:
            await self.attempt(*found)
        return found is not None

    async def attempt(self, claimed: Delivery, earlier: tuple[Earlier, ...]) -> None:
        """Talk to the partner about a claimed delivery, and write how that ended."""
        with telemetry.span(f"channels-{claimed.stage}", channel=claimed.request.channel):
            renewing = asyncio.create_task(self._renew(claimed))
            try:
                problem = await self._outcome(claimed, earlier)
                await self._write_end(claimed, problem)
            except asyncio.CancelledError:
                with contextlib.suppress(Problem):
                    await attempts.let_go(self.db, claimed)
                raise
            except Problem as error:
                # The claim runs out by itself, and the same delivery is tried again.
                log.warning("attempt not written", house=self.db.house, why=error.why)
            finally:
                renewing.cancel()

    async def _renew(self, claimed: Delivery) -> None:
        """Keep the claim while the partner is slow, until the turn is lost or this is cancelled."""
        while True:
            await asyncio.sleep(RENEW_S)
            with contextlib.suppress(Problem):
                if not await attempts.renew(self.db, claimed):
                    return

    async def _outcome(self, claimed: Delivery, earlier: tuple[Earlier, ...]) -> Problem | None:
        """Return what went wrong, None when all went well."""
        try:
            await self._talk(claimed, await self._job(claimed, earlier))
        except Problem as problem:
            return problem
        except TimeoutError:
            return Unwell("the partner does not come to an end")
        except Exception as bug:
            # The text of an unexpected error may hold anything: only its kind and its place are told.
            place = traceback.extract_tb(bug.__traceback__)[-1]
            where = f"{place.filename.rpartition('/')[2]}:{place.lineno}"
            log.error("adapter failed", house=self.db.house, error=type(bug).__name__, where=where)
            kind = Retry if claimed.attempt < MOST_BUGS else Reject
            return kind(f"the adapter failed: {type(bug).__name__} at {where}")
        return None

    async def _write_end(self, claimed: Delivery, problem: Problem | None) -> None:
        self._note(problem)
        if problem is None:
            self._unconfigured.clear()
            return
        if isinstance(problem, Reject | Refused) and claimed.stage is not Stage.STOP:
            log.error("delivery failed", house=self.db.house, why=problem.why)
            await attempts.fail(self.db, claimed, problem.why)
            return
        self._say(claimed, problem)
        await attempts.put_off(self.db, claimed, problem)

    def _say(self, claimed: Delivery, problem: Problem) -> None:
        """Log why an attempt is put off; of a partner that is not set up, once until that changes."""
        if not isinstance(problem, Unconfigured):
            say = log.error if isinstance(problem, Unset | Reject | Refused) else log.warning
            say("attempt put off", house=self.db.house, stage=claimed.stage, why=problem.why)
        elif problem.why not in self._unconfigured:
            self._unconfigured.add(problem.why)
            log.info("nothing goes out", house=self.db.house, why=problem.why)

    def _note(self, problem: Problem | None) -> None:
        """Let the breaker know how the partner is; one that closes it again wakes all lanes."""
        if isinstance(problem, Unwell):
            self.breaker = self.breaker.failed(self.db.clock.now())
            return
        was_open = self.breaker.open_until is not None
        self.breaker = self.breaker.succeeded()
        if was_open:
            for mode in Mode:
                self.wake(mode)

    async def _talk(self, claimed: Delivery, job: Job) -> None:
        """Speak to the partner and write every answer as it comes; stop when the turn is lost."""
        ask_again_s = None
        async with contextlib.aclosing(self._answers(claimed, job)) as answers:
            while True:
                async with asyncio.timeout(STEP_S):
                    answer = await anext(answers, None)
                if answer is None:
                    break
                ask_again_s = answer.ask_again_s
                failpoints.reach("push.answered", self.db.house)
                if not await attempts.write(self.db, claimed, answer):
                    log.info("attempt overtaken", house=self.db.house, stage=claimed.stage)
                    break
        failpoints.reach("push.written", self.db.house)
        await attempts.settle(self.db, claimed, ask_again_s)

    def _answers(self, claimed: Delivery, job: Job) -> Answers:
        match claimed.stage:
            case Stage.SEND:
                return self.adapter.send(job)
            case Stage.FOLLOW:
                return self.adapter.follow(job)
            case _:
                assert claimed.withdrawn is not None
                return self.adapter.stop(job, claimed.withdrawn)

    async def _job(self, claimed: Delivery, earlier: tuple[Earlier, ...]) -> Job:
        request = claimed.request
        recipients: tuple[tuple[str, ...], ...] = ()
        if request.batch is not None:
            recipients = await asyncio.to_thread(self._unseal, claimed)
        return Job(
            request=request,
            at=self.db.clock.now(),
            states=claimed.target_states,
            targets=model.names_of(request, deliveries.hashes(request)),
            recipients=recipients,
            air=claimed.air,
            reference=claimed.reference,
            memo=claimed.memo,
            earlier=earlier,
        )

    def _unseal(self, claimed: Delivery) -> tuple[tuple[str, ...], ...]:
        request = claimed.request
        assert request.batch is not None
        context = SealedBatch.context(request.mode, request.delivery_id)
        body = orjson.loads(self.crypto.unseal(base64.b64decode(request.batch.sealed), context))
        if len(body) != request.size:
            raise Reject("the batch does not hold as many recipients as it says")
        return tuple(tuple(row) for row in body)
