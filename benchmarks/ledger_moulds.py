"""Moulds: a message is made once by its own class, and its bytes are filled anew for each fact."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from contracts.message import Message
from services.kit.clock import from_microseconds

Said = tuple[str, bytes]
"""A subject, and what was said on it."""

THEN = datetime(1999, 1, 1, tzinfo=UTC)
"""A moment that stands where the real one goes; so do these three."""
SOME_WARNING = UUID(int=0x5EED << 112)
SOME_DELIVERY = UUID(int=0xFEED << 112)
SOME_NUMBER = 987_654_321

HOLES = {
    "at": "1999-01-01T00:00:00Z",
    "warning": str(SOME_WARNING),
    "delivery": str(SOME_DELIVERY),
    "number": str(SOME_NUMBER),
}


class Mould:
    """The bytes of a message with holes, each named by the text that stands in it."""

    def __init__(self, message: Message, **more: str) -> None:
        self.subject = message.subject
        """`more` names further holes, each with the text that stands where its value goes."""
        holes = {text.encode(): name for name, text in {**HOLES, **more}.items()}
        pattern = b"(" + b"|".join(map(re.escape, holes)) + b")"
        self.pieces = re.split(pattern, message.to_bytes())
        self.places = [(n, holes[piece]) for n, piece in enumerate(self.pieces) if n % 2]

    def filled(self, values: Mapping[str, str | bytes]) -> Said:
        """Return the message with these values in its holes."""
        pieces = self.pieces.copy()
        for place, name in self.places:
            value = values[name]
            pieces[place] = value if isinstance(value, bytes) else value.encode()
        return self.subject, b"".join(pieces)


class Calendar:
    """The time of the facts, which goes on from one to the next."""

    def __init__(self, us: int) -> None:
        self.us = us
        self.count = 0

    def on(self, by_us: int) -> str:
        """Go on by so much; return the moment as messages write it."""
        self.us += by_us
        return from_microseconds(self.us).isoformat().replace("+00:00", "Z")

    def message_id(self) -> str:
        """Return a UUID version 7 of the present moment, another one each time."""
        self.count += 1
        n = self.count
        text = (
            f"{self.us // 1000:012x}7{n >> 36 & 0xFFF:03x}{0x8000 | n >> 24 & 0xFFF:04x}{n & 0xFFFFFF:012x}"
        )
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
