"""Group commit: what comes in while one transaction runs is done in the next, all together."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from services.kit.db import Database, Transaction
from services.kit.errors import Retry

Job = TypeVar("Job")
Answer = TypeVar("Answer")

AT_ONCE = 100
"""At most so many jobs share a transaction, so that none waits long for the others, nor all else for them."""


class GroupCommit(Generic[Job, Answer]):
    """Collects jobs of many requests; each request is answered after the commit that holds its job."""

    def __init__(
        self, db: Database, do: Callable[[Transaction, Sequence[Job]], Awaitable[Sequence[Answer]]]
    ) -> None:
        self.db = db
        self.do = do
        self._waiting: list[tuple[Job, asyncio.Future[Answer]]] = []
        self._wanted = asyncio.Event()
        self._running = False
        self._stopped = False

    @property
    def busy(self) -> bool:
        """True while a transaction runs or is about to: one job more costs little."""
        return self._running or bool(self._waiting)

    async def submit(self, job: Job) -> Answer:
        """Have a job done in the next transaction; raise what made it fail."""
        if self._stopped:
            raise _stopping()
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((job, done))
        self._wanted.set()
        return await done

    async def run(self) -> None:
        """Commit groups for ever; it never sleeps while something waits."""
        try:
            while True:
                await self._wanted.wait()
                group, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
                if not self._waiting:
                    self._wanted.clear()
                self._running = True
                await self._commit([one for one in group if not one[1].done()])
                self._running = False
        finally:
            self._stopped = True
            for _, done in self._waiting:
                _fail(done, _stopping())

    async def _commit(self, group: Sequence[tuple[Job, asyncio.Future[Answer]]]) -> None:
        if not group:
            return
        try:
            async with self.db.transaction(brief=True) as tx:
                answers = await self.do(tx, [job for job, _ in group])
        except asyncio.CancelledError:
            for _, done in group:
                _fail(done, _stopping())
            raise
        except Exception as error:
            await self._blame(group, error)
        else:
            for (_, done), answer in zip(group, answers, strict=True):
                if not done.done():
                    done.set_result(answer)

    async def _blame(self, group: Sequence[tuple[Job, asyncio.Future[Answer]]], error: Exception) -> None:
        """Let one bad job fail alone: the others are done one by one."""
        if isinstance(error, Retry) or len(group) == 1:
            for _, done in group:
                _fail(done, error)
            return
        try:
            for one in group:
                await self._commit([one])
        except asyncio.CancelledError:
            for _, done in group:
                _fail(done, _stopping())
            raise


def _stopping() -> Retry:
    return Retry("this replica is stopping", after=1)


def _fail(done: asyncio.Future[Answer], error: Exception) -> None:
    if not done.done():
        done.set_exception(error)
