"""A carrier's network in small: how fast it sends, and for which numbers something goes wrong."""

import hashlib
from dataclasses import dataclass


@dataclass
class Counts:
    """What a gateway has done."""

    leased: int = 0
    sms: int = 0
    failed: int = 0
    spared: int = 0
    """Numbers leased again that had been sent to before."""
    stopped: int = 0
    """Numbers not sent to because of a halt."""
    reports: int = 0
    late: int = 0
    receipts: int = 0
    orders: int = 0
    phones: int = 0
    """Phones that area orders reached."""
    refused: int = 0
    """Answers that were neither 2xx nor a lost connection."""


@dataclass
class Carrier:
    """How a gateway's network behaves."""

    numbers_per_s: float = 5000
    fails_of_1000: int = 10
    early_of_1000: int = 20
    """Receipts that come before the report."""
    twice_of_1000: int = 50
    late_of_1000: int = 20
    receipt_after_s: float = 0.3
    late_after_s: float = 2.0
    phones_of_a_town: int = 1200

    def falls(self, what: str, number: str, of_1000: int) -> bool:
        """Tell whether a number is one of so many; always the same ones."""
        digest = hashlib.sha256(f"{what}/{number}".encode()).digest()
        return int.from_bytes(digest[:4], "big") % 1000 < of_1000
