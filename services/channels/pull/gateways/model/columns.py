"""Batches and full reports as columns, read at their places, without a value for each row.

A mobile number has 11 digits and an SMPP state 7 characters, so that rows written without a space are all of
one width. Whatever is written otherwise gives None here and is read as JSON.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

DIGITS = 11
_STATE = slice(16, 23)
_REPORT = {0: b"[", 1: b'"', 13: b'"', 14: b",", 15: b'"', 23: b'"', 24: b"]", 25: b","}
_BATCH = {0: b"[", 1: b'"', 13: b'"', 14: b"]", 15: b","}
"""What stands at which place of every row, but for the number from its third place on, and the state."""


@dataclass(frozen=True)
class Numbers(Sequence[str]):
    """Bare mobile numbers, one behind the other."""

    digits: bytes

    def __len__(self) -> int:
        return len(self.digits) // DIGITS

    def __getitem__(self, turn: Any) -> Any:
        return self.digits[turn * DIGITS : (turn + 1) * DIGITS].decode("ascii")

    def __iter__(self) -> Any:
        written = self.digits.decode("ascii")
        return (written[begin : begin + DIGITS] for begin in range(0, len(written), DIGITS))


def of_report(body: bytes) -> tuple[Numbers, Sequence[str]] | None:
    """Return numbers and states of `{"results":[["13800000000","DELIVRD"],...]}`."""
    head, tail = b'{"results":[', b"]}"
    if not (body.startswith(head) and body.endswith(tail)):
        return None
    rows = body[len(head) : -len(tail)] + b","
    numbers = _numbers(rows, _REPORT)
    return (numbers, _states(rows, len(numbers))) if numbers else None


def of_batch(plain: bytes) -> Numbers | None:
    """Return the numbers of `[["13800000000"],...]`."""
    if not (plain.startswith(b"[") and plain.endswith(b"]")):
        return None
    return _numbers(plain[1:-1] + b",", _BATCH)


def _numbers(rows: bytes, frame: Mapping[int, bytes]) -> Numbers | None:
    width = max(frame) + 1
    count, rest = divmod(len(rows), width)
    if rest or any(rows[place::width] != mark * count for place, mark in frame.items()):
        return None
    digits = bytearray(count * DIGITS)
    for place in range(DIGITS):
        digits[place::DIGITS] = rows[2 + place :: width]
    return Numbers(bytes(digits)) if digits.isdigit() else None


def _states(rows: bytes, count: int) -> Sequence[str]:
    width = max(_REPORT) + 1
    first = rows[_STATE]
    written = rows.decode("latin-1")
    if all(rows[_STATE.start + k :: width] == first[k : k + 1] * count for k in range(len(first))):
        return (written[_STATE],) * count
    return tuple(written[begin : begin + len(first)] for begin in range(_STATE.start, len(rows), width))
