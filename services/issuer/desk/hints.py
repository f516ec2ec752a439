"""Hints: what the criteria of a colour say about the numbers that were typed. They warn and never block."""

from collections.abc import Iterator, Mapping

from services.issuer.catalogue import Signal


def below(signal: Signal, slots: Mapping[str, str]) -> Iterator[str]:
    """Yield the names of the slots whose number does not reach what this colour stands for."""
    for name, slot in signal.hazard.slots.items():
        stands_for, given = signal.grade.defaults.get(name, ""), slots.get(name, "").replace("～", "~")
        if not stands_for or not slot.takes(given):
            continue
        least, most = _ends(stands_for), _ends(given)
        if (slot.bound == "at_least" and most[1] < least[0]) or (
            slot.bound == "at_most" and most[0] > least[1]
        ):
            yield name


def _ends(quantity: str) -> tuple[float, float]:
    """Return both ends of a number or range."""
    first, _, last = quantity.partition("~")
    return float(first), float(last or first)
