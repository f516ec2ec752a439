"""Where the bench's ledgers lie: SQLite files and a PostgreSQL, both as durable as in service."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from services.kit import postgres
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from services.kit.migrate import upgrade_async
from tests.servers import PostgresServer

MIGRATIONS = "services.audit.migrations"
KINDS = ("sqlite", "postgres")
TITLES = {"sqlite": "SQLite, synchronous FULL", "postgres": "PostgreSQL, synchronous_commit on"}


@dataclass(frozen=True)
class Place:
    """A folder, and the address of a PostgreSQL's administrator when the ledgers are to lie there."""

    kind: str
    folder: Path
    admin: str = ""

    def crypto(self) -> SoftwareCrypto:
        """Return the keys of this folder, made when there are none."""
        keys = KeyFolder(self.folder / "keys")
        init_keys(keys)
        return SoftwareCrypto(keys)

    @asynccontextmanager
    async def ledger(self, name: str) -> AsyncIterator[Database]:
        """Open the ledger of a name; an empty one is made when there is none."""
        url = f"sqlite:///{self.folder}/{name}.db" if self.kind == "sqlite" else await self._provisioned(name)
        await upgrade_async(url, MIGRATIONS)
        db = Database("audit", url)
        try:
            yield db
        finally:
            await db.close()

    async def _provisioned(self, name: str) -> str:
        database, address = f"bench_{name}", urlsplit(self.admin)
        connection = await asyncpg.connect(self.admin)
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
                await connection.execute(f'CREATE DATABASE "{database}"')
        finally:
            await connection.close()
        here = address._replace(path=f"/{database}")
        await postgres.provision(here.geturl(), ["audit"], "bench", "bench_")
        return here._replace(netloc=f"bench_audit:bench@{address.netloc.rpartition('@')[2]}").geturl()

    async def gone(self, name: str) -> None:
        """Delete the ledger of a name, as one that was filled only half."""
        if self.kind == "sqlite":
            for file in self.folder.glob(f"{name}.db*"):
                file.unlink()
            return
        connection = await asyncpg.connect(self.admin)
        await connection.execute(f'DROP DATABASE IF EXISTS "bench_{name}" WITH (FORCE)')
        await connection.close()

    async def bytes_now(self, db: Database) -> int:
        """Return how big a ledger is, indexes and all."""
        async with db.read() as connection:
            if self.kind == "sqlite":
                pages = await connection.exec_driver_sql("SELECT page_count FROM pragma_page_count")
                each = await connection.exec_driver_sql("SELECT page_size FROM pragma_page_size")
                return int(pages.scalar_one()) * int(each.scalar_one())
            found = await connection.exec_driver_sql("SELECT pg_database_size(current_database())")
            return int(found.scalar_one())

    async def vacuum(self, db: Database) -> None:
        """Do what PostgreSQL does by itself every minute: here years pass in less."""
        if self.kind == "postgres":
            async with db.read() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                await connection.exec_driver_sql("VACUUM")


class _Server(PostgresServer):
    """A PostgreSQL out of the wheel, whose data lie where they are to be kept."""

    def __init__(self, directory: Path, kept: Path) -> None:
        super().__init__(directory)
        self.kept = kept
        self._give(kept)

    @property
    def data(self) -> Path:
        """The folder of the database cluster."""
        return self.kept / "data"


@asynccontextmanager
async def place(kind: str, folder: Path, admin: str) -> AsyncIterator[Place]:
    """Open a place of a kind; a PostgreSQL is started when none is given."""
    if kind == "sqlite" or admin:
        yield Place(kind, folder, admin)
        return
    with tempfile.TemporaryDirectory(prefix="yutian-bench-postgres-") as here:
        server = _Server(Path(here), folder / "postgres")
        server.start()
        try:
            yield Place(kind, folder, server.url)
        finally:
            server.stop()
