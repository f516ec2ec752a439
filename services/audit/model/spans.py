"""Spans: positions of records, written short: `1-5,9,12-40`."""

from collections.abc import Iterable, Iterator

from services.kit.errors import Reject

MOST = 100_000
"""Positions in one text: far more than one list of deletions has."""


def written(positions: Iterable[int]) -> str:
    """Return positions as a text."""
    spans: list[list[int]] = []
    for position in sorted(set(positions)):
        if spans and position == spans[-1][1] + 1:
            spans[-1][1] = position
        else:
            spans.append([position, position])
    return ",".join(f"{a}-{b}" if a != b else f"{a}" for a, b in spans)


def read(text: str) -> list[int]:
    """Return the positions of a text, in order; raise Reject when it is none that we wrote."""
    try:
        found = list(_positions(text))
    except (ValueError, AttributeError):
        raise Reject("these are no positions of records") from None
    if written(found) != text:
        raise Reject("these are no positions of records")
    return found


def _positions(text: str) -> Iterator[int]:
    total = 0
    for span in text.split(",") if text else ():
        first, _, last = span.partition("-")
        low, high = int(first), int(last or first)
        total += high - low + 1
        if low < 1 or high < low or total > MOST:
            raise ValueError
        yield from range(low, high + 1)
