"""Results: one byte for each recipient of a batch, in the batch's order. A state never goes back."""

from collections.abc import Collection, Iterator, Mapping

from contracts.outcome import TargetState

ORDER = (
    TargetState.QUEUED,
    TargetState.SENT,
    TargetState.WITHDRAWN,
    TargetState.EXPIRED,
    TargetState.FAILED,
    TargetState.RECEIVED,
    TargetState.CONFIRMED,
)
"""The place of a state is its byte: stored, so only ever appended to. It grows as the states' own order."""

CODE = {state: code for code, state in enumerate(ORDER)}
QUEUED, FAILED, RECEIVED = (CODE[s] for s in (TargetState.QUEUED, TargetState.FAILED, TargetState.RECEIVED))


def blank(size: int) -> bytes:
    """Return the results of a batch of which nothing is known."""
    return bytes(size)


def tally(results: bytes) -> dict[TargetState, int]:
    """Return how many recipients are in each state that occurs."""
    return {state: count for code, state in enumerate(ORDER) if (count := results.count(code))}


def count(results: bytes, *states: TargetState) -> int:
    """Return how many recipients are in one of these states."""
    return sum(results.count(CODE[state]) for state in states)


def settled(results: bytes, states: tuple[TargetState, ...], to: TargetState) -> bytes:
    """Return the results with everything that is in one of these states moved on to another."""
    return results.translate(bytes.maketrans(bytes(CODE[s] for s in states), bytes([CODE[to]] * len(states))))


def spread(named: Mapping[int, int], size: int) -> bytes:
    """Return the codes of some places as one for each; nothing was said where it is 0."""
    codes = bytearray(size)
    for place, code in named.items():
        codes[place] = code
    return bytes(codes)


def folded(results: bytes, said: bytes, rest: TargetState | None, among: Collection[int]) -> bytes:
    """Return the results with new ones folded in: a code for each place, 0 where nothing was said.

    `rest` holds for those `among` of whom nothing was said.
    """
    if rest is None:
        return bytes(map(max, results, said)) if any(results) else said
    after = bytearray(results)
    raised = results.translate(_RAISED[rest])
    if among == range(len(results)):
        after[:] = raised
    else:
        for place in among:
            after[place] = raised[place]
    for code in set(said) - {0}:
        for place in places(said, code):
            after[place] = max(results[place], code)
    return bytes(after)


def places(results: bytes, code: int) -> Iterator[int]:
    """Yield the places that have a code, in order."""
    place = results.find(code)
    while place >= 0:
        yield place
        place = results.find(code, place + 1)


_RAISED = {state: bytes(max(code, low) for code in range(256)) for low, state in enumerate(ORDER)}
"""For each state a table that lifts every lesser code to it."""
