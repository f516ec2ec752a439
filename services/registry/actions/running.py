"""Imports that are being worked on in this process: how far they are, and that they are not forgotten."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

from services.kit.errors import Invalid
from services.kit.telemetry import log
from services.registry.intake import MOST_BYTES


class Running:
    """The background work of a process; what dies with it is put right by the sweep of another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tasks: set[asyncio.Task[None]] = set()
        self.progress: dict[str, tuple[str, int, int]] = {}
        """Import -> what is being done, how much of how much."""

    async def save(self, chunks: AsyncIterator[bytes]) -> Path:
        """Write what arrives into a file, never more of it in memory than one piece."""
        await asyncio.to_thread(self.folder.mkdir, parents=True, exist_ok=True, mode=0o700)
        place = await asyncio.to_thread(tempfile.mkdtemp, dir=self.folder)
        path, size = Path(place) / "file", 0
        with await asyncio.to_thread(path.open, "wb") as file:
            async for chunk in chunks:
                size += len(chunk)
                if size > MOST_BYTES:
                    await self.clear(path)
                    raise Invalid("file", "is longer than 256 MiB", "divide it")
                await asyncio.to_thread(file.write, chunk)
        return path

    async def clear(self, path: Path) -> None:
        """Delete a file that arrived: it holds numbers in clear."""
        await asyncio.to_thread(shutil.rmtree, path.parent, ignore_errors=True)

    def tell(self, import_id: str, what: str, done: int, size: int) -> None:
        """Note how far an import is."""
        self.progress[import_id] = (what, done, size)

    def begin(self, import_id: str, work: Coroutine[Any, Any, Any]) -> None:
        """Do something about an import in the background."""
        task = asyncio.ensure_future(self._watched(import_id, work))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _watched(self, import_id: str, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await work
        except Exception as error:
            log.error("work on an import ended", import_id=import_id, error=type(error).__name__)
        finally:
            self.progress.pop(import_id, None)

    async def finished(self) -> None:
        """Wait until nothing runs."""
        while self.tasks:
            await asyncio.gather(*self.tasks)
