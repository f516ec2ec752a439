"""A serial device of this computer, raw, for asyncio."""

import asyncio
import os
import termios
import tty

from services.kit.errors import Retry

_SPEEDS = {9600: termios.B9600, 19200: termios.B19200, 57600: termios.B57600, 115200: termios.B115200}


class Device:
    """An open serial device; a pseudo-terminal serves as well."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._lines: asyncio.Queue[bytes] = asyncio.Queue(1000)
        self._rest = b""
        asyncio.get_running_loop().add_reader(descriptor, self._read)

    @classmethod
    def open(cls, path: str, baud: int) -> "Device":
        """Open a device; raise Retry when it is not there now."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError as error:
            raise Retry(f"the Beidou card's port cannot be opened: {error.strerror}", after=10) from None
        tty.setraw(descriptor)
        settings = termios.tcgetattr(descriptor)
        settings[4] = settings[5] = _SPEEDS[baud]
        termios.tcsetattr(descriptor, termios.TCSANOW, settings)
        return cls(descriptor)

    async def write(self, sentence: bytes) -> None:
        """Send bytes; a sentence is shorter than any device's buffer."""
        os.write(self.descriptor, sentence)

    async def readline(self) -> bytes:
        """Return the next line."""
        line = await self._lines.get()
        if not line:
            raise OSError("the device is gone")
        return line

    def _read(self) -> None:
        try:
            data = os.read(self.descriptor, 4096)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            asyncio.get_running_loop().remove_reader(self.descriptor)
            self._keep(b"")
            return
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[-4096:]
        for line in lines:
            self._keep(line + b"\n")

    def _keep(self, line: bytes) -> None:
        """Keep a line; of a device that talks without end the oldest are forgotten."""
        if self._lines.full():
            self._lines.get_nowait()
        self._lines.put_nowait(line)

    def close(self) -> None:
        """Close it."""
        asyncio.get_running_loop().remove_reader(self.descriptor)
        os.close(self.descriptor)
