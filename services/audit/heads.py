"""Places outside the database where signed heads are kept: a file, a folder, somebody else's server.

Whoever restores the ledger from an old backup, or rewrites it, does not reach these; by them it is found.
"""

import os
from asyncio import to_thread
from pathlib import Path
from typing import Any, Protocol

import httpx

from services.audit.model import checkpoint
from services.audit.model.checkpoint import SignedHead
from services.kit.errors import Retry

TAIL = 64_000
"""Bytes of a file that are read where only its newest heads are wanted."""
PATIENCE_S = 10.0


class Place(Protocol):
    """Somewhere that heads are kept."""

    name: str

    async def put(self, head: SignedHead) -> None:
        """Keep a head; the same one twice is kept once. Raise Retry when it cannot be done now."""
        ...

    async def kept(self, *, whole: bool) -> list[SignedHead] | None:
        """Return the newest heads, or all, in their order; None where nothing can be read back."""
        ...


class FilePlace:
    """A file with one checkpoint after another, as `yutian audit verify --head` reads it."""

    name = "file"

    def __init__(self, path: Path) -> None:
        self.path = path

    async def put(self, head: SignedHead) -> None:
        """Append a head, and wait until the disk has it."""
        try:
            await to_thread(self._append, head.text())
        except OSError as error:
            raise Retry(f"the file of heads cannot be written: {error.strerror}") from None
        except UnicodeDecodeError:
            raise Retry("the file of heads cannot be read: it holds something else") from None

    async def kept(self, *, whole: bool) -> list[SignedHead]:
        """Return the heads of the file; a torn end, of which nobody was told, is left out."""
        try:
            text = await to_thread(self._read, whole)
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise Retry(f"the file of heads cannot be read: {type(error).__name__}") from None
        return checkpoint.read_all(text) if text else []

    def _read(self, whole: bool) -> str:
        with self.path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            begin = 0 if whole else max(0, size - TAIL)
            file.seek(begin)
            content = file.read()
        if begin:  # the cut may lie within a sign of several bytes
            content = content[content.find(b"\n") + 1 :]
        lines = content[: content.rfind(b"\n") + 1].decode().splitlines(keepends=True)
        if not whole and size > TAIL:
            ends = [n for n, line in enumerate(lines, 1) if line.startswith("\N{EM DASH} ")]
            lines = lines[ends[0] :] if ends else []
        return "".join(lines[: len(lines) - len(lines) % checkpoint.LINES])

    def _append(self, text: str) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        there = self._read(False) if self.path.exists() else ""
        if text in there:
            return
        self._cut_torn_end()
        descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        with os.fdopen(descriptor, "wb") as file:
            file.write(text.encode())
            file.flush()
            os.fsync(file.fileno())

    def _cut_torn_end(self) -> None:
        """Take away what a power cut left of a checkpoint: it was never told to be kept."""
        if not self.path.exists():
            return
        with self.path.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            begin = max(0, size - TAIL)
            file.seek(begin)
            content = file.read()
            end = content.rfind("\N{EM DASH} ".encode())
            end = content.find(b"\n", end) + 1 if end >= 0 else 0
            if begin + end < size and (end or not begin):
                file.truncate(begin + end)


class FolderPlace:
    """A folder with a file for each head; what lies there is never written again."""

    name = "second"

    def __init__(self, path: Path) -> None:
        self.path = path

    async def put(self, head: SignedHead) -> None:
        """Write a head into a file of its own."""
        try:
            await to_thread(self._write, head)
        except OSError as error:
            raise Retry(f"the folder of heads cannot be written: {error.strerror}") from None

    async def kept(self, *, whole: bool) -> list[SignedHead]:
        """Return the heads of the folder."""
        try:
            texts = await to_thread(self._read, whole)
        except (OSError, UnicodeDecodeError) as error:
            raise Retry(f"the folder of heads cannot be read: {type(error).__name__}") from None
        return [checkpoint.read(text) for text in texts]

    def _read(self, whole: bool) -> list[str]:
        files = sorted(self.path.glob("*.checkpoint")) if self.path.is_dir() else []
        return [file.read_text(encoding="utf-8") for file in (files if whole else files[-100:])]

    def _write(self, head: SignedHead) -> None:
        self.path.mkdir(parents=True, exist_ok=True)
        file = self.path / f"{head.head.size:020d}.checkpoint"
        if file.exists():
            if file.read_text(encoding="utf-8") != head.text():
                raise FileExistsError(17, "another head over as many records lies there")
            return
        draft = file.with_suffix(".part")
        with draft.open("w", encoding="utf-8") as out:
            out.write(head.text())
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)


class HttpPlace:
    """Somebody else's server: PUT <address>/<size>, or POST <address> where PUT is not taken."""

    name = "second"

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self.http = http
        self.url = url.rstrip("/")

    async def put(self, head: SignedHead) -> None:
        """Send a head."""
        given: dict[str, Any] = {
            "content": head.text().encode(),
            "headers": {"content-type": "text/plain; charset=utf-8"},
        }
        try:
            reply = await self.http.put(f"{self.url}/{head.head.size}", timeout=PATIENCE_S, **given)
            if reply.status_code in (404, 405, 501):
                reply = await self.http.post(self.url, timeout=PATIENCE_S, **given)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Retry(f"the second place of heads does not answer: {type(error).__name__}") from None
        if not reply.is_success:
            raise Retry(f"the second place of heads answered {reply.status_code}")

    async def kept(self, *, whole: bool) -> None:  # noqa: ARG002 (of the protocol)
        """Nothing is read back: who keeps the place compares it by `yutian audit verify --head`."""
        return


def places(file: Path | None, second: str, http: httpx.AsyncClient) -> list[Place]:
    """Return the places of the settings."""
    found: list[Place] = [FilePlace(file)] if file else []
    if second.startswith(("http://", "https://")):
        found.append(HttpPlace(http, second))
    elif second:
        found.append(FolderPlace(Path(second)))
    return found
