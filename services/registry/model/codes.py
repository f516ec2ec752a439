"""One-time codes: twelve digits that a village types once, and how many wrong ones are listened to."""

import secrets
import unicodedata
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contracts.values import Mode
from services.kit.errors import Retry

DIGITS = 12
GOOD_FOR = timedelta(hours=24)
LONGEST = timedelta(hours=72)

WINDOW = timedelta(minutes=15)
MOST_OF_ONE = 30
"""Wrong codes from one address: villages behind one mobile network share it."""
MOST = 3000
"""Wrong codes from everywhere: in a year one of 400 open codes would be hit with a chance of 4 in 100."""


class TooMany(Retry):
    """Too much was asked too quickly."""

    name, status, title = "too-many", 429, "Too many tries, wait a while"


def new_code() -> str:
    """Return a code: 40 random bits as digits, which can be read out on the phone and typed on any keypad."""
    return f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"


def spelled(code: str) -> str:
    """Return a code as people read it."""
    return " ".join(code[start : start + 4] for start in range(0, DIGITS, 4))


def read(typed: str) -> str | None:
    """Return the code that somebody typed, spaces, dashes and full-width digits forgiven; None for none."""
    plain = unicodedata.normalize("NFKC", typed)
    digits = "".join(letter for letter in plain if letter not in " -\u3000")
    return digits if len(digits) == DIGITS and digits.isascii() and digits.isdigit() else None


@dataclass(frozen=True)
class MadeCode:
    """A code at the one moment at which it is seen."""

    station: str
    code: str
    modes: tuple[Mode, ...]
    expires_at: datetime
    keys_revoked: int


@dataclass
class Guesses:
    """Wrong codes of the last quarter of an hour; each is counted before it is looked at."""

    _all: deque[tuple[datetime, str]] = field(default_factory=deque)

    def count(self, source: str, now: datetime) -> None:
        """Count a code that may be wrong; raise TooMany when there were too many."""
        while self._all and self._all[0][0] <= now - WINDOW:
            self._all.popleft()
        mine = sum(1 for _, one in self._all if one == source)
        if mine >= MOST_OF_ONE or len(self._all) >= MOST:
            wait = self._all[0][0] + WINDOW - now
            raise TooMany("too many wrong codes were tried", after=wait.total_seconds())
        self._all.append((now, source))

    def take_back(self, source: str, now: datetime) -> None:
        """Take a guess back that was right."""
        self._all.remove((now, source))
