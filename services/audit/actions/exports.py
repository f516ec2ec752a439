"""Exports: a list taken away as CSV, XLSX or JSON Lines, in flat memory, as it stood at one moment.

Rows that never change are streamed as they are read, up to the position that was the last at the start. Rows
of the books change: all of them are read at one moment into a temporary file, at our pace and not at that of
whoever fetches it. A workbook is written by a process of its own. No temporary file has a name any more when
the first byte leaves, so that none stays behind, however it ends.
"""

import asyncio
import shutil
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import orjson

from services.audit.actions.lists.listing import Filters, Listing, Row, Source, shown
from services.audit.actions.taken import Taken
from services.audit.forms import Csv, Form, JsonLines
from services.audit.papers import workbook
from services.audit.store import ledger, questions
from services.kit.db import Database
from services.kit.errors import Retry

XLSX = "xlsx"
FORMS: Mapping[str, Callable[[Listing, Sequence[str]], Form]] = {
    "csv": lambda _, heads: Csv(heads),
    "jsonl": lambda listing, _: JsonLines(listing.columns),
}
MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

CHUNK = 1 << 16


@dataclass
class Export:
    """One list on its way to somebody."""

    db: Database
    listing: Listing
    form: str
    given: Filters
    heads: Sequence[str]
    folder: Path | None = None
    """Where temporary files lie; None: where the system has them."""
    upto: int = 0
    """The last position that it sees."""
    estimated: int | None = None
    rows: int = 0
    left: Taken = field(init=False)
    """What has left of it."""
    _file: IO[bytes] | None = None
    _begun: AsyncIterator[Sequence[Row]] | None = None

    def __post_init__(self) -> None:
        self.left = Taken(
            self.listing.name, self.form, UUID(self.given.warning) if self.given.warning else None
        )

    def ended(self) -> Taken:
        """Return what has left of it, with its rows."""
        self.left.rows, self.left.position = self.rows, self.upto
        return self.left

    async def open(self) -> None:
        """Fix the moment, and prepare what must be whole before the first byte leaves."""
        if self.listing.of_books:
            async with questions.snapshot(self.db) as connection:
                await self._fix(connection)
                await self._prepare(Source(self.db, self.upto, connection))
            return
        async with self.db.read() as connection:
            await self._fix(connection)
        source = Source(self.db, self.upto)
        if self.form == XLSX:
            await self._prepare(source)
        else:
            self._begun = await _begun(self._pages(source))

    async def _fix(self, connection: Any) -> None:
        self.upto = await ledger.size(connection)
        self.estimated = await self.listing.count(connection, self.given, self.upto)

    async def _prepare(self, source: Source) -> None:
        pages = self._pages(source)
        self._file = await (self._workbook(pages) if self.form == XLSX else self._spooled(pages))

    async def _pages(self, source: Source) -> AsyncIterator[Sequence[Row]]:
        async for rows in self.listing.pages(source, self.given):
            self.rows += len(rows)
            yield await asyncio.to_thread(shown, rows)

    async def _written(self, pages: AsyncIterator[Sequence[Row]]) -> AsyncIterator[bytes]:
        form = FORMS[self.form](self.listing, self.heads)
        yield form.begin()
        async for rows in pages:
            yield await asyncio.to_thread(form.rows, rows)
        yield form.end({"rows": self.rows, "position": self.upto})

    async def _spooled(self, pages: AsyncIterator[Sequence[Row]]) -> IO[bytes]:
        file = _opened(self.folder)
        try:
            async for piece in self._written(pages):
                _write(file, piece)
            file.seek(0)
        except BaseException:
            file.close()
            raise
        return file

    async def _workbook(self, pages: AsyncIterator[Sequence[Row]]) -> IO[bytes]:
        """Have a workbook written; its folder is gone when this returns, however it went."""
        folder = _folder(self.folder)
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "services.audit.papers.workbook", str(folder)), stdin=PIPE
            )
            try:
                await _feed(process, self.heads, pages)
            finally:
                await _ended(process)
            if process.returncode:
                raise no_room()
            return (folder / workbook.NAME).open("rb")
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield its bytes."""
        assert self._file or self._begun, "it is opened first"
        async for piece in self.left.through(self._written(self._begun) if self._begun else self._read()):
            yield piece

    async def _read(self) -> AsyncIterator[bytes]:
        """Yield the file; a last piece is known as such before it leaves: whoever has it may hang up."""
        assert self._file is not None
        piece = await asyncio.to_thread(self._file.read, CHUNK)
        while piece:
            following = await asyncio.to_thread(self._file.read, CHUNK)
            yield piece
            piece = following

    @property
    def length(self) -> int | None:
        """How many bytes it has, when that is known before they leave."""
        if self._file is None:
            return None
        end = self._file.seek(0, 2)
        self._file.seek(0)
        return end

    def close(self) -> None:
        """Let its file go."""
        if self._file is not None:
            self._file.close()


async def _begun(pages: AsyncIterator[Sequence[Row]]) -> AsyncIterator[Sequence[Row]]:
    """Read the first page before the answer begins, so that what is wrong is still an answer."""
    first = await anext(pages, None)

    async def all_of_them() -> AsyncIterator[Sequence[Row]]:
        if first is not None:
            yield first
        async for rows in pages:
            yield rows

    return all_of_them()


def no_room() -> Retry:
    """Return the error of a temporary file that cannot be written."""
    mend = "have room made in the folder for temporary files, or ask for less"
    return Retry("the file cannot be written on the server", after=60, mend=mend)


def _opened(folder: Path | None) -> IO[bytes]:
    try:
        return tempfile.TemporaryFile(prefix="yutian-list-", dir=folder)
    except OSError:
        raise no_room() from None


def _folder(folder: Path | None) -> Path:
    try:
        return Path(tempfile.mkdtemp(prefix="yutian-list-", dir=folder))
    except OSError:
        raise no_room() from None


def _write(file: IO[bytes], piece: bytes) -> None:
    try:
        file.write(piece)
        file.flush()
    except OSError:
        raise no_room() from None


async def _feed(process: Process, heads: Sequence[str], pages: AsyncIterator[Sequence[Row]]) -> None:
    """Send a list to the process that writes it; one that has gone says by its exit why."""
    assert process.stdin is not None
    try:
        process.stdin.write(orjson.dumps(list(heads), option=orjson.OPT_APPEND_NEWLINE))
        async for rows in pages:
            process.stdin.write(orjson.dumps(rows, option=orjson.OPT_APPEND_NEWLINE))
            await process.stdin.drain()
        process.stdin.write(b"null\n")
        await process.stdin.drain()
        process.stdin.close()
    except (BrokenPipeError, ConnectionResetError):
        pass
    await process.wait()


async def _ended(process: Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.wait()
