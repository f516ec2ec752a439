"""Places: where in a batch a number stands, found by its keyed hash."""

import struct
from collections.abc import Iterable

from services.kit.crypto import HASH_BYTES


class Places:
    """The places of the hashes of a batch. They are sorted, so the same number twice stands together."""

    def __init__(self, hashes: bytes) -> None:
        self._hashes = hashes

    def distinct(self) -> int:
        """Return how many different numbers there are."""
        return len(set(struct.unpack(f"{len(self._hashes) // HASH_BYTES}Q", self._hashes)))

    def of(self, number_hash: bytes) -> range:
        """Return the places of a number, none when it is not in the batch."""
        begin = self._hashes.find(number_hash)
        while begin >= 0 and begin % HASH_BYTES:
            begin = self._hashes.find(number_hash, begin + 1)
        if begin < 0:
            return range(0)
        end = begin + HASH_BYTES
        while self._hashes[end : end + HASH_BYTES] == number_hash:
            end += HASH_BYTES
        return range(begin // HASH_BYTES, end // HASH_BYTES)

    def of_any(self, hashes: Iterable[bytes]) -> range:
        """Return the places of a number that was hashed under several keys: one of them is the batch's."""
        return next((found for one in hashes if (found := self.of(one))), range(0))
