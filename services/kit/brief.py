"""Brief transactions in a SQLite file: begun and committed on a thread, all between done where it is asked.

A journey to a thread and back costs more than a small statement. Between begin and commit nobody else writes,
so that no statement waits; what is asked for must be little, since all else stands still for it.
"""

import asyncio
import contextlib
import sqlite3
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeVar, cast

from sqlalchemy import URL, Connection, CursorResult, Dialect, Executable, create_engine, pool
from sqlalchemy.engine import Engine
from sqlalchemy.exc import OperationalError

T = TypeVar("T")

BEGIN = "BEGIN IMMEDIATE"
BUSY_MS = 5000
"""How long a writer waits for another process's."""


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
            isolation_level="AUTOCOMMIT",
        )
        configure(self._engine)
        self._open: tuple[Connection, sqlite3.Connection] | None = None
        self._thread = ThreadPoolExecutor(1, "brief")

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[Inline]:
        """Open a transaction; commit it, or take it back when something is raised."""
        if self._open is None:
            self._open = await self._on_thread(self._connect)
        connection, file = self._open
        try:
            if not _begun_at_once(file):
                await self._on_thread(partial(_begin, file))
            yield Inline(connection)
            await self._on_thread(partial(_do, file, "COMMIT"))
        except BaseException:
            if file.in_transaction:
                file.execute("ROLLBACK")
            raise

    def _connect(self) -> tuple[Connection, sqlite3.Connection]:
        connection = self._engine.connect()
        return connection, cast("sqlite3.Connection", connection.connection.driver_connection)

    async def _on_thread(self, step: Callable[[], T]) -> T:
        """Do what may wait for the disk or another process; it is never left running alone."""
        doing = asyncio.get_running_loop().run_in_executor(self._thread, step)
        try:
            return await asyncio.shield(doing)
        except asyncio.CancelledError:
            while not doing.done():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.wait([doing])
            raise

    async def close(self) -> None:
        """Close the connection."""
        if self._open is not None:
            self._open[0].close()
        self._engine.dispose()
        self._thread.shutdown(wait=False)


def _begun_at_once(file: sqlite3.Connection) -> bool:
    """Begin if nobody else is writing; nearly always nobody is."""
    file.execute("PRAGMA busy_timeout = 0")
    try:
        file.execute(BEGIN)
    except sqlite3.OperationalError:
        return False
    return True


def _begin(file: sqlite3.Connection) -> None:
    """Begin as soon as the other has written; raise OperationalError when he does not end."""
    _do(file, f"PRAGMA busy_timeout = {BUSY_MS}")
    _do(file, BEGIN)


def _do(file: sqlite3.Connection, statement: str) -> None:
    try:
        file.execute(statement)
    except sqlite3.Error as error:
        raise OperationalError(statement, None, error) from error
