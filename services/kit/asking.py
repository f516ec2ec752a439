"""Asking: a question of several statements in one journey, answered by a plain function.

A question that looks at a hundred places pays for each statement with a journey to the database's thread and
back. Here the whole function runs where the connection is, and brings home only the answer.
"""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, create_engine, event, pool
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

T = TypeVar("T")

AT_ONCE = 2
"""So many questions run at a time; the others wait for them."""

CACHE_KIB = 65_536
"""Pages of the file that each connection may keep in memory."""

MAPPED = 2**30
"""So much of the file is read where the system has it in memory, without copying it."""


class Asking:
    """Runs questions; they can change nothing, and every statement of one sees the same moment."""

    def __init__(self, url: URL, busy_ms: int) -> None:
        self._engine: Engine | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._server: AsyncEngine | None = None
        if url.get_backend_name() == "sqlite":
            self._engine = _engine(url, busy_ms)
            self._threads = ThreadPoolExecutor(AT_ONCE, "asking")
        else:
            self._server = create_async_engine(url, pool_size=AT_ONCE, max_overflow=0, pool_timeout=10)

    async def ask(self, question: Callable[[Connection], T]) -> T:
        """Return what the function answers; it is given a connection for reading."""
        if self._engine is not None:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._threads, _asked, self._engine, question)
        try:
            return await self._asked_there(question)
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
        return await self._asked_there(question)

    async def _asked_there(self, question: Callable[[Connection], T]) -> T:
        """Ask a server. Nobody looks first whether it still listens: that would be three more journeys."""
        assert self._server is not None
        async with self._server.connect() as connection:
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            await connection.execution_options(**options)
            return await connection.run_sync(question)

    async def close(self) -> None:
        """Close the connections; a question that still runs ends first."""
        if self._server is not None:
            await self._server.dispose()
        if self._engine is not None and self._threads is not None:
            await asyncio.to_thread(self._threads.shutdown, wait=True)
            await asyncio.to_thread(self._engine.dispose)


def _asked(engine: Engine, question: Callable[[Connection], T]) -> T:
    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN")
        try:
            return question(connection)
        finally:
            with contextlib.suppress(Exception):
                connection.exec_driver_sql("ROLLBACK")


def _engine(url: URL, busy_ms: int) -> Engine:
    engine = create_engine(
        url.set(drivername="sqlite"),
        poolclass=pool.QueuePool,
        pool_size=AT_ONCE,
        max_overflow=0,
        connect_args={"check_same_thread": False},
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
    )

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout={busy_ms}",
            f"cache_size=-{CACHE_KIB}",
            f"mmap_size={MAPPED}",
            "query_only=ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    return engine
