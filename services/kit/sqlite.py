"""SQLite on a thread of its own: one journey there and back for each statement, with its first rows.

aiosqlite makes four (cursor, execute, fetch, close). In each, two threads wait for one another; with small
statements that is most of what they cost.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import aiosqlite
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

AT_FIRST = 1000
"""So many rows come with the statement; whoever reads on fetches the others as he needs them."""


def engine(url: URL, **options: Any) -> AsyncEngine:
    """Return an engine for a file; it takes what `create_async_engine` takes."""
    arguments, named = url.get_dialect()().create_connect_args(url)
    connector = partial(sqlite3.connect, *arguments, **named)

    async def connect() -> aiosqlite.Connection:
        return await Connection(connector)

    return create_async_engine(url, async_creator=connect, **options)


class Connection(aiosqlite.Connection):
    """A connection that goes to its thread no oftener than it must."""

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, AT_FIRST)
        self._thread.daemon = True
        self.abandoned = False
        """Whether somebody stopped waiting for a step that may still run."""

    async def _execute(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        try:
            return await super()._execute(fn, *args, **kwargs)  # type: ignore[no-untyped-call]
        except asyncio.CancelledError:
            self.abandoned = True
            raise

    def cursor(self) -> "Cursor":  # type: ignore[override]
        """Return a cursor; nothing is asked of the thread for it."""
        return Cursor(self, self._conn.cursor())

    async def rollback(self) -> None:
        """Take back what is open; with nothing open, nothing is asked of the thread."""
        if self.abandoned or self._conn.in_transaction:
            await super().rollback()
            self.abandoned = False


class Cursor(aiosqlite.Cursor):
    """A cursor whose rows come with its statement, as far as they are few."""

    _conn: Connection

    def __init__(self, connection: Connection, cursor: sqlite3.Cursor) -> None:
        super().__init__(connection, cursor)
        self._first: list[Any] = []
        self._more = False

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> "Cursor":
        """Run a statement, and bring its first rows along."""
        step = partial(_executed, self._cursor, sql, parameters or ())
        self._first = await self._conn._execute(step)
        self._more = len(self._first) == AT_FIRST
        return self

    async def fetchone(self) -> Any:
        """Return the next row, None when there is none."""
        return next(iter(await self.fetchmany(1)), None)

    async def fetchmany(self, size: int | None = None) -> list[Any]:
        """Return the next rows."""
        wanted = self._cursor.arraysize if size is None else size
        found, self._first = self._first[:wanted], self._first[wanted:]
        if self._more and len(found) < wanted:
            rest = await self._conn._execute(self._cursor.fetchmany, wanted - len(found))
            self._more = bool(rest)
            found += rest
        return found

    async def fetchall(self) -> list[Any]:
        """Return all rows that are left."""
        found, self._first = self._first, []
        if self._more:
            found += await self._conn._execute(self._cursor.fetchall)
            self._more = False
        return found

    async def close(self) -> None:
        """Give the statement back; on the thread only where something may still run there."""
        if self._conn.abandoned:
            await super().close()
            self._conn.abandoned = False
        else:
            self._cursor.close()


def _executed(cursor: sqlite3.Cursor, sql: str, parameters: Any) -> list[Any]:
    cursor.execute(sql, parameters)
    return cursor.fetchmany(AT_FIRST) if cursor.description else []
