"""What a list is: its name, its columns, by what it is narrowed, and how its rows are read, page by page."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.kit.clock import beijing
from services.kit.db import Database
from services.kit.errors import Invalid
from services.kit.masking import masked

Row = tuple[Any, ...]

PAGE = 500
"""Rows read at a time."""

MOST_COUNTED = 1_000_000
"""Further it is not counted how many rows a list will have."""


@dataclass(frozen=True)
class Column:
    """A column of a list: its name for programs, and its head for people, which the catalogue translates."""

    name: str
    head: str
    json: bool = False
    """Whether a cell is JSON, as text."""


@dataclass(frozen=True)
class Filters:
    """By what a list may be narrowed; None when it is not."""

    after: int | None = None
    kind: str | None = None
    about: str | None = None
    warning: str | None = None
    channel: str | None = None
    gateway: str | None = None
    station: str | None = None
    mode: str | None = None
    q: str | None = None
    who: str | None = None
    since: datetime | None = None
    """For a station's year: its beginning."""
    until: datetime | None = None

    def given(self) -> set[str]:
        """Return the names of those that are set."""
        return {field.name for field in fields(self) if getattr(self, field.name) is not None}


@dataclass(frozen=True)
class Source:
    """Where rows are read: up to a position, on a connection that sees one moment where there is one."""

    db: Database
    upto: int
    connection: AsyncConnection | None = None

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """Open a connection for one page: rows that never change need not be held for the next one."""
        if self.connection is not None:
            yield self.connection
            return
        async with self.db.read() as connection:
            yield connection


Pages = Callable[[Source, Filters], AsyncIterator[Sequence[Row]]]
Count = Callable[[AsyncConnection, Filters, int], Awaitable[int | None]]


@dataclass(frozen=True)
class Listing:
    """A list that an auditor sees, and takes with him."""

    name: str
    title: str
    columns: Sequence[Column]
    filters: frozenset[str]
    needs: frozenset[str]
    """At least one of these must be given; nothing when the list can be had whole."""
    pages: Pages
    count: Count
    """How many rows there will be, about; None when that takes long to count."""
    of_books: bool = False
    """Whether its rows change as the ledger grows: then all of them are read at one moment."""

    def check(self, given: Filters) -> None:
        """Raise Invalid when the list cannot be had so."""
        odd = sorted(given.given() - self.filters)
        if odd:
            known = ", ".join(sorted(self.filters))
            raise Invalid(odd[0], "does not narrow this list", f"send one of {known}")
        if self.needs and not self.needs & given.given():
            wanted = " or ".join(sorted(self.needs))
            raise Invalid(wanted, "is missing", "say of what the list is to be")


async def counted(connection: AsyncConnection, rows: Select[Any]) -> int | None:
    """Return how many rows a query has, None when they are very many."""
    some = rows.limit(MOST_COUNTED).subquery()
    found = int((await connection.execute(select(func.count()).select_from(some))).scalar_one())
    return found if found < MOST_COUNTED else None


def shown(rows: Sequence[Row]) -> list[Row]:
    """Return rows as they leave: no phone number is in a cell, whoever wrote one wherever."""
    return [tuple(masked(cell) if type(cell) is str else cell for cell in row) for row in rows]


def moment(at: datetime | None) -> str | None:
    """Return a moment as it stands in a cell: RFC 3339, Beijing time."""
    return None if at is None else beijing(at)
