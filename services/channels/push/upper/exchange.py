"""The folder that is shared with the platform above us: what may be done in it, and how on a disk."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol, TypeVar

from services.channels.push.adapter import Unset, Unwell

T = TypeVar("T")


class Exchange(Protocol):
    """A folder with two in it: ours to fill, and the one that acknowledgements come to.

    Paths are `<folder>/<name>`. It raises Unwell when it does not answer and Unset when an operator must see
    to it.
    """

    async def put(self, path: str, content: bytes) -> None:
        """Write a file, in place of one of that name."""
        ...

    async def rename(self, path: str, to: str) -> bool:
        """Give a file its name; return False when it is not there."""
        ...

    async def has(self, path: str) -> bool:
        """Tell whether there is such a file or folder."""
        ...

    async def read(self, path: str, most: int) -> bytes | None:
        """Return a file, no more than one byte over so many; None when it is not there."""
        ...

    async def remove(self, path: str) -> bool:
        """Remove a file; return False when it is not there."""
        ...


class Disk:
    """A folder that is mounted here; whatever gets its name lies on the disk first."""

    def __init__(self, root: Path, timeout_s: float) -> None:
        self.root = root
        self.timeout_s = timeout_s

    async def put(self, path: str, content: bytes) -> None:
        """Write a file, in place of one of that name."""
        await self._do(lambda: _write(self.root / path, content))

    async def rename(self, path: str, to: str) -> bool:
        """Give a file its name; return False when it is not there."""
        return await self._do(lambda: _found(lambda: (self.root / path).replace(self.root / to)))

    async def has(self, path: str) -> bool:
        """Tell whether there is such a file or folder."""
        return await self._do((self.root / path).exists)

    async def read(self, path: str, most: int) -> bytes | None:
        """Return a file, no more than one byte over so many; None when it is not there."""
        return await self._do(lambda: _read(self.root / path, most))

    async def remove(self, path: str) -> bool:
        """Remove a file; return False when it is not there."""
        return await self._do(lambda: _found((self.root / path).unlink))

    async def _do(self, work: Callable[[], T]) -> T:
        """Work beside the event loop: a folder on a network may hang like a partner."""
        try:
            async with asyncio.timeout(self.timeout_s):
                return await asyncio.to_thread(work)
        except TimeoutError:
            raise Unwell("the folder of the platform above us does not answer in time") from None
        except (PermissionError, FileNotFoundError, NotADirectoryError) as error:
            raise Unset(f"the folder of the platform above us: {error.strerror}", after=30) from None
        except OSError as error:
            raise Unwell(f"the folder of the platform above us: {error.strerror}") from None


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path, most: int) -> bytes | None:
    try:
        with path.open("rb") as file:
            return file.read(most + 1)
    except FileNotFoundError:
        return None


def _found(work: Callable[[], object]) -> bool:
    try:
        work()
    except FileNotFoundError:
        return False
    return True
