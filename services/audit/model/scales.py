"""Scales: a time axis on which seconds have room beside hours. Pure."""

from math import cbrt

MARKS = (0, 1, 5, 30, 60, 300, 900, 3600, 10800, 43200, 86400)
"""Seconds that are written at such an axis when there is room."""

APART = 42.0
"""How near two of them may stand."""


def stretched(seconds: float, most: float, begin: float, width: float) -> float:
    """Return where a wait stands: by its cube root, so that the first seconds are not one line."""
    return begin + width * cbrt(max(seconds, 0.0) / most)


def ticks(most: float, begin: float, width: float) -> list[tuple[float, float]]:
    """Return the marks of an axis, each with its place; the longest wait is always the last."""
    found = [(0.0, begin)]
    for seconds in MARKS[1:]:
        place = stretched(seconds, most, begin, width)
        if seconds < most and found[-1][1] + APART <= place <= begin + width - APART:
            found.append((float(seconds), place))
    return [*found, (most, begin + width)]
