"""Database and Transaction: what is saved and what is said, together.

SQLite: one file per house, WAL, synchronous FULL, one writer at a time, every write begins IMMEDIATE.
PostgreSQL: one role per house, whose search_path is its schema; the server refuses other houses' tables.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar, cast
from uuid import UUID

from sqlalchemy import BigInteger, Connection, CursorResult, Executable, event, pool
from sqlalchemy.engine import URL, Dialect, Engine, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.types import TypeDecorator

from contracts.fact import Fact
from contracts.message import Message
from contracts.values import Lane, Mode
from services.kit import failpoints, idempotency, origin, outbox, sqlite, telemetry
from services.kit.asking import Asking
from services.kit.brief import BEGIN, BUSY_MS, BriefWriter
from services.kit.clock import Clock, SystemClock, from_microseconds, microseconds
from services.kit.errors import Refused
from services.kit.ids import uuid7
from services.kit.masking import masked, masked_deep
from services.kit.trouble import busy_is_retry

T = TypeVar("T")


class Moment(TypeDecorator[datetime]):
    """The one instant type: UTC integer microseconds on both databases, aware datetimes in code."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Return the microseconds of a moment; refuse one without a zone."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone cannot be stored")
        return microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """Return the moment of stored microseconds."""
        return None if value is None else from_microseconds(value)


class Transaction:
    """One transaction of a house: rows are written, messages are said, and both or neither happen."""

    def __init__(self, connection: AsyncConnection, house: str, now: datetime) -> None:
        self.connection = connection
        self.house = house
        self.now = now
        self.lanes: set[tuple[Mode, Lane]] = set()
        """The lanes in which this transaction speaks."""
        self._said: list[dict[str, Any]] = []
        self._after: list[Callable[[], None]] = []

    @property
    def postgres(self) -> bool:
        """True when the rows lie in PostgreSQL, where rows are locked one by one."""
        return self.connection.dialect.name == "postgresql"

    async def execute(self, statement: Executable, rows: Any = None) -> CursorResult[Any]:
        """Run a statement, with rows when it is a bulk one."""
        return await self.connection.execute(statement, rows)

    def emit(self, message: Message) -> UUID:
        """Say a message when this transaction commits; return its id."""
        message_id = uuid7()
        self.lanes.add(outbox.lane_of(message))
        self._said.append(outbox.row_of(message, message_id, self.now, telemetry.carried()))
        return message_id

    def record(
        self,
        kind: str,
        *,
        mode: Mode = Mode.LIVE,
        lane: Lane = Lane.ROUTINE,
        actor: str | None = None,
        source: str | None = None,
        warning_id: UUID | None = None,
        about: str | None = None,
        **detail: Any,
    ) -> UUID:
        """Say a fact that travels on no other stream; the ledger keeps it, with from where it came.

        A mobile number that somebody typed into a reason is masked here, before anybody keeps it.
        """
        came = origin.current()
        session = {"session": came.session} if came.session else {}
        return self.emit(
            Fact(
                mode=mode,
                lane=lane,
                kind=kind,
                at=self.now,
                service=self.house,
                actor=actor,
                source=source or came.source,
                warning_id=str(warning_id) if warning_id else None,
                about=masked(about) if about else about,
                detail=masked_deep({**session, **detail}),
            )
        )

    def after_commit(self, act: Callable[[], None]) -> None:
        """Call a plain function once the transaction has committed; it must not fail."""
        self._after.append(act)

    async def write_said(self) -> None:
        """Write what was said to the outbox; the database calls it last."""
        if self._said:
            await self.connection.execute(outbox.OUTBOX.insert(), self._said)

    def committed(self) -> None:
        """Do what waited for the commit; the database calls it."""
        for act in self._after:
            act()


class Database:
    """The database of one house."""

    def __init__(self, house: str, url: str, clock: Clock | None = None) -> None:
        self.house = house
        self.clock = clock or SystemClock()
        self.said = {(mode, lane): asyncio.Event() for mode in Mode for lane in Lane}
        """Set when there may be something to publish in a lane; the relay waits for it."""
        self.on_said: Callable[[Collection[tuple[Mode, Lane]]], None] = self.wake
        """Called after each commit that said something, with its lanes."""
        self._url = driver_url(url)
        self._lock = asyncio.Lock() if self.sqlite else None
        self.writer, self.reader = _engines(self._url)
        self._brief = BriefWriter(self._url, _configure) if self.sqlite else None
        self._asking = Asking(self._url, BUSY_MS)

    def wake(self, lanes: Collection[tuple[Mode, Lane]]) -> None:
        """Tell this process's relay that there is something to publish."""
        for lane in lanes:
            self.said[lane].set()

    @property
    def sqlite(self) -> bool:
        """True when the rows lie in a SQLite file."""
        return self._url.get_backend_name() == "sqlite"

    @asynccontextmanager
    async def transaction(
        self, once: tuple[str, UUID] | None = None, *, brief: bool = False
    ) -> AsyncIterator[Transaction]:
        """Open a transaction; with `once` (consumer, message id) raise AlreadyHandled the second time.

        A `brief` one asks for little and waits for nobody between: in a SQLite file it is done without a
        thread. Raises Retry when the database is busy or gone, so that whoever asked can ask again.
        """
        async with _one_writer(self._lock), busy_is_retry():
            async with self._begun(brief) as connection, self._claimed(connection):
                tx = Transaction(connection, self.house, self.clock.now())
                if once is not None:
                    await outbox.mark_handled(connection, once[0], once[1], tx.now)
                yield tx
                await tx.write_said()
                if tx.lanes:
                    failpoints.reach("outbox.written", self.house)
            if tx.lanes:
                failpoints.reach("outbox.committed", self.house)
            tx.committed()
            if tx.lanes:
                self.on_said(tx.lanes)

    def _begun(self, brief: bool) -> AbstractAsyncContextManager[AsyncConnection]:
        if brief and self._brief is not None:
            return cast("AbstractAsyncContextManager[AsyncConnection]", self._brief.begin())
        return self.writer.begin()

    @asynccontextmanager
    async def _claimed(self, connection: AsyncConnection) -> AsyncIterator[None]:
        """Hold the request's idempotency claim for as long as the transaction stands."""
        claim = await idempotency.claim(connection, self.house, self.clock.now())
        try:
            yield
        except BaseException:
            if claim is not None:
                claim.written = False
            raise

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection for reading, which never waits for a writer; each statement sees its moment."""
        async with busy_is_retry(), self.reader.connect() as connection:
            yield connection

    async def rows(self, statement: Executable, values: Any = None) -> Sequence[Mapping[str, Any]]:
        """Return all rows of a query, with its values when it has places for them, as mappings."""
        async with self.read() as connection:
            return (await connection.execute(statement, values)).mappings().all()  # type: ignore[return-value]

    async def ask(self, question: Callable[[Connection], T]) -> T:
        """Return what a plain function answers that is given a connection for reading: one journey for all.

        All of its statements see one moment. It must not touch the event loop.
        """
        async with busy_is_retry():
            return await self._asking.ask(question)

    async def ping(self) -> None:
        """Ask the database for nothing, to see that it answers."""
        async with self.read() as connection:
            await connection.exec_driver_sql("SELECT 1")

    async def close(self) -> None:
        """Close all connections."""
        if self._brief is not None:
            await self._brief.close()
        await self._asking.close()
        await self.writer.dispose()
        if self.reader is not self.writer:
            await self.reader.dispose()


def driver_url(url: str) -> URL:
    """Return the URL with our asynchronous driver; refuse databases other than SQLite and PostgreSQL."""
    parsed = make_url(url)
    match parsed.get_backend_name():
        case "sqlite":
            _make_folder(parsed)
            return parsed.set(drivername="sqlite+aiosqlite")
        case "postgresql":
            return parsed.set(drivername="postgresql+asyncpg")
        case other:
            raise Refused(f"database {other} is not supported", mend="use sqlite:/// or postgresql://")


def _make_folder(url: URL) -> None:
    if url.database:
        try:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(f"folder {Path(url.database).parent} cannot be made: {error.strerror}") from None


def _engines(url: URL) -> tuple[AsyncEngine, AsyncEngine]:
    if url.get_backend_name() == "postgresql":
        engine = create_async_engine(url, pool_size=8, max_overflow=8, pool_pre_ping=True, pool_timeout=10)
        return engine, engine
    writer = sqlite.engine(url, poolclass=pool.AsyncAdaptedQueuePool, pool_size=1, max_overflow=0)
    reader = sqlite.engine(
        url,
        poolclass=pool.AsyncAdaptedQueuePool,
        pool_size=4,
        max_overflow=4,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
    )
    for engine in (writer, reader):
        _configure(engine.sync_engine)
    _begin_immediately(writer.sync_engine)
    return writer, reader


def _configure(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_MS}", "foreign_keys=ON"):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()


def _begin_immediately(engine: Engine) -> None:
    @event.listens_for(engine, "begin")
    def _begun(connection: Any) -> None:
        connection.exec_driver_sql(BEGIN)


@asynccontextmanager
async def _one_writer(lock: asyncio.Lock | None) -> AsyncIterator[None]:
    if lock is None:
        yield
    else:
        async with lock:
            yield
