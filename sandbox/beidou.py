"""A Beidou card in small: it answers like a device on a serial port, and drops and garbles what it sends."""

import asyncio
import os
import time
import tty
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce

from sandbox.faults import FaultKind, Faults

AIR = "/air"
"""The path on which its faults are switched: DROP loses a frame, REFUSE spoils some bits of it."""


@dataclass
class BeidouCard:
    """One card: so many bytes in one message, so many seconds between two."""

    size: int = 78
    interval_s: float = 60.0
    now: Callable[[], float] = time.monotonic
    faults: Faults = field(default_factory=Faults)
    air: list[bytes] = field(default_factory=list)
    """What arrived at those who listen."""
    early: int = 0
    _sent_at: float | None = None
    _answers: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)

    async def write(self, sentence: bytes) -> None:
        """Take a sentence, as a port does."""
        self._answers.put_nowait(self.answer(sentence))

    async def readline(self) -> bytes:
        """Return the next line of the card."""
        return await self._answers.get()

    def answer(self, sentence: bytes) -> bytes:
        """Return what the card says to a sentence."""
        text, _, check = sentence.strip().removeprefix(b"$").partition(b"*")
        fields = text.decode("ascii", errors="replace").split(",")
        good = check == f"{_sum(text):02X}".encode() and fields[0] == "CCTXA" and len(fields) == 5
        frame = bytes.fromhex(fields[4][2:]) if good and fields[4].startswith("A4") else b""
        if not frame or len(frame) > self.size:
            return _said("BDFKI,TXA,N,Y,1,0000")
        wait = 0.0 if self._sent_at is None else self._sent_at + self.interval_s - self.now()
        if wait > 0:
            self.early += 1
            return _said(f"BDFKI,TXA,N,Y,0,{min(9999, int(wait) + 1):04d}")
        self._sent_at = self.now()
        self._radiate(frame)
        return _said("BDFKI,TXA,Y,Y,0,0000")

    def _radiate(self, frame: bytes) -> None:
        """Send into the air: nobody says whether it arrived."""
        if self.faults.take(FaultKind.DROP, AIR):
            return
        if self.faults.take(FaultKind.REFUSE, AIR):
            frame = frame[:-9] + bytes([frame[-9] ^ 0x40]) + frame[-8:]
        self.air.append(frame)

    def plug_in(self) -> tuple[str, Callable[[], None]]:
        """Stand behind a pseudo-terminal; return its path, and what pulls the card out."""
        card, device = os.openpty()
        tty.setraw(card)
        path = os.ttyname(device)
        rest = b""

        def read() -> None:
            nonlocal rest
            *lines, rest = (rest + os.read(card, 4096)).split(b"\n")
            for line in lines:
                os.write(card, self.answer(line))

        asyncio.get_running_loop().add_reader(card, read)

        def pull() -> None:
            asyncio.get_running_loop().remove_reader(card)
            os.close(card)
            os.close(device)

        return path, pull


def _said(text: str) -> bytes:
    return f"${text}*{_sum(text.encode()):02X}\r\n".encode()


def _sum(text: bytes) -> int:
    return reduce(lambda known, byte: known ^ byte, text, 0)
