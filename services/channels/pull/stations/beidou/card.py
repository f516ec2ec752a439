"""A Beidou card behind a serial port: how it is asked to send, and what it answers (protocol 4.0)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import reduce
from typing import Protocol

from services.kit.errors import Refused, Retry

ANSWER_S = 5.0
"""A card answers at once or not at all."""


class SerialPort(Protocol):
    """A line to a device and back. A real one, a pseudo-terminal, or a test's."""

    async def write(self, sentence: bytes) -> None:
        """Send bytes to the device."""
        ...

    async def readline(self) -> bytes:
        """Return the next line of the device; raise OSError when it is gone."""
        ...


@dataclass(frozen=True)
class CardRules:
    """What a card can do: it is a matter of its class, so all of it is settings."""

    address: str
    """The card, or the group of cards, that is written to."""
    size: int = 78
    interval_s: float = 60.0


class Card:
    """Sends one message at a time; the card itself says when it was too early."""

    def __init__(self, port: SerialPort, rules: CardRules) -> None:
        self.port = port
        self.rules = rules

    async def send(self, frame: bytes) -> None:
        """Give a frame to the card. Raises Retry with the seconds to wait, Refused when it is too long.

        That the card took it does not say that anybody heard it: Beidou brings no receipt.
        """
        if len(frame) > self.rules.size:
            raise Refused(f"the card takes {self.rules.size} bytes and not {len(frame)}")
        try:
            async with asyncio.timeout(ANSWER_S):
                await self.port.write(
                    sentence("CCTXA", self.rules.address, "1", "2", f"A4{frame.hex().upper()}")
                )
                taken, wait_s = await self._answer()
        except (OSError, TimeoutError) as error:
            raise Retry(f"the Beidou card does not answer: {type(error).__name__}", after=10) from None
        if not taken:
            raise Retry("the Beidou card was asked too early", after=wait_s or self.rules.interval_s)

    async def _answer(self) -> tuple[bool, float]:
        """Return whether the card took it, and the seconds to wait; other sentences are not ours."""
        while True:
            fields = parsed(await self.port.readline())
            if fields[:2] == ["BDFKI", "TXA"] and len(fields) >= 6:
                wait = fields[5]
                return fields[2] == "Y", float(wait) if wait.isdigit() else 0.0


def sentence(*fields: str) -> bytes:
    """Return a sentence as the line carries it: `$...*hh`, hh being the XOR of what lies between."""
    text = ",".join(fields)
    return f"${text}*{_sum(text.encode()):02X}\r\n".encode("ascii")


def parsed(line: bytes) -> list[str]:
    """Return the fields of a sentence, none when it is broken."""
    text, _, check = line.strip().removeprefix(b"$").partition(b"*")
    if not line.startswith(b"$") or check.upper() != f"{_sum(text):02X}".encode():
        return []
    return text.decode("ascii", errors="replace").split(",")


def _sum(text: bytes) -> int:
    return reduce(lambda known, byte: known ^ byte, text, 0)


Opening = Callable[[], Awaitable[SerialPort]]
"""Opens the line; called anew after a loss."""
