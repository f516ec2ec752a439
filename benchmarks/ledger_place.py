"""Where the bench's ledgers lie: SQLite files and a PostgreSQL, both as durable as in service."""

import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from contracts.canonical import sha256_hex
from services.kit import postgres
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from services.kit.migrate import upgrade_async
from tests.servers import PostgresServer

MIGRATIONS = "services.audit.migrations"
KINDS = ("sqlite", "postgres")
TITLES = {"sqlite": "SQLite, synchronous FULL", "postgres": "PostgreSQL, synchronous_commit on"}

_SIZE = {
    "sqlite": "SELECT (page_count - freelist_count) * page_size"
    " FROM pragma_page_count, pragma_freelist_count, pragma_page_size",
    "postgres": "SELECT pg_database_size(current_database())",
}


@dataclass(frozen=True)
class Place:
    """A folder, and the address of a PostgreSQL's administrator when the ledgers are to lie there."""

    kind: str
    folder: Path
    admin: str = ""
    prefix: str = "bench_"
    """What the names of databases and of the role begin with."""

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
        database, address = f"{self.prefix}{name}", urlsplit(self.admin)
        if not await self._told(f"SELECT 1 FROM pg_database WHERE datname = '{database}'"):
            await self._told(f'CREATE DATABASE "{database}"')
        here = address._replace(path=f"/{database}")
        await postgres.provision(here.geturl(), ["audit"], "bench", self.prefix)
        server = address.netloc.rpartition("@")[2]
        return here._replace(netloc=f"{self.prefix}audit:bench@{server}").geturl()

    async def _told(self, statement: str) -> list[asyncpg.Record]:
        connection = await asyncpg.connect(self.admin)
        try:
            return list(await connection.fetch(statement))
        finally:
            await connection.close()

    async def gone(self, name: str) -> None:
        """Delete the ledger of a name, as one that was filled only half."""
        if self.kind == "sqlite":
            for file in self.folder.glob(f"{name}.db*"):
                file.unlink()
        else:
            await self._told(f'DROP DATABASE IF EXISTS "{self.prefix}{name}" WITH (FORCE)')

    async def all_gone(self) -> None:
        """Leave nothing behind on somebody's PostgreSQL."""
        named = await self._told("SELECT datname FROM pg_database")
        for name in (row["datname"] for row in named if row["datname"].startswith(self.prefix)):
            await self._told(f'DROP DATABASE "{name}" WITH (FORCE)')
        await self._told(f'DROP ROLE IF EXISTS "{self.prefix}audit"')

    async def bytes_now(self, db: Database) -> int:
        """Return how big a ledger is, indexes and all, without what is free for the next."""
        async with db.read() as connection:
            found = await connection.exec_driver_sql(_SIZE[self.kind])
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


def prefix_of(folder: Path) -> str:
    """Return what the names of the databases begin with that are kept for a folder."""
    return f"bench_{sha256_hex(bytes(folder))[:8]}_"


@asynccontextmanager
async def place(kind: str, folder: Path, admin: str, *, kept: bool) -> AsyncIterator[Place]:
    """Open a place of a kind; a PostgreSQL is started when none is given."""
    if kind == "sqlite":
        yield Place(kind, folder)
    elif admin and kept:
        yield Place(kind, folder, admin, prefix_of(folder))
    elif admin:
        here = Place(kind, folder, admin, f"bench_{secrets.token_hex(4)}_")
        try:
            yield here
        finally:
            await here.all_gone()
    else:
        with tempfile.TemporaryDirectory(prefix="yutian-bench-postgres-") as name:
            server = _Server(Path(name), folder / "postgres")
            server.start()
            try:
                yield Place(kind, folder, server.url)
            finally:
                server.stop()
