"""Places: where in a batch a number stands, found by its keyed hash."""

from services.kit.crypto import HASH_BYTES


class Places:
    """The places of the hashes of a batch. They are sorted, so the same number twice stands together."""

    def __init__(self, hashes: bytes) -> None:
        self._hashes = [hashes[i : i + HASH_BYTES] for i in range(0, len(hashes), HASH_BYTES)]
        self._first = {h: len(self._hashes) - 1 - i for i, h in enumerate(reversed(self._hashes))}
        self._twins = len(self._first) < len(self._hashes)

    def of(self, number_hash: bytes) -> range:
        """Return the places of a number, none when it is not in the batch."""
        first = self._first.get(number_hash)
        if first is None:
            return range(0)
        after = first + 1
        while self._twins and after < len(self._hashes) and self._hashes[after] == number_hash:
            after += 1
        return range(first, after)
