"""Brief transactions in a SQLite file: begun and committed on a thread, all between done where it is asked.

A journey to a thread and back costs more than a small statement. Between begin and commit nobody else writes,
so that no statement waits; what is asked for must be little, since all else stands still for it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import URL, Connection, CursorResult, Dialect, Executable, create_engine, pool
from sqlalchemy.engine import Engine

T = TypeVar("T")


class Inline:
    """A connection that is asked as an asynchronous one is, and has answered when it returns."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def dialect(self) -> Dialect:
        """The dialect of the database."""
        return self._connection.dialect

    async def execute(self, statement: Executable, rows: Any = None) -> CursorResult[Any]:
        """Run a statement."""
        return self._connection.execute(statement, rows)


class BriefWriter:
    """The one connection on which a file's brief transactions run, one after the other."""

    def __init__(self, url: URL, configure: Callable[[Engine], None]) -> None:
        self._engine = create_engine(
            url.set(drivername="sqlite"),
            poolclass=pool.StaticPool,
            connect_args={"check_same_thread": False},
        )
        configure(self._engine)
        self._connection: Connection | None = None
        self._thread = ThreadPoolExecutor(1, "brief")

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Inline]:
        """Open a transaction; commit it, or take it back when something is raised."""
        connection = self._connection or await self._on_thread(self._engine.connect)
        self._connection = connection
        try:
            await self._on_thread(connection.begin)
            yield Inline(connection)
            await self._on_thread(connection.commit)
        except BaseException:
            connection.rollback()
            raise

    async def _on_thread(self, step: Callable[[], T]) -> T:
        """Do what may wait for the disk or another process; it is never left running alone."""
        doing = asyncio.get_running_loop().run_in_executor(self._thread, step)
        try:
            return await asyncio.shield(doing)
        except asyncio.CancelledError:
            await asyncio.wait([doing])
            raise

    async def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
        self._engine.dispose()
        self._thread.shutdown(wait=False)
