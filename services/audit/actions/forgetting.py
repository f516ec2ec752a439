"""Forgetting: who keeps something of a payload elsewhere gives it up here, in the same transaction."""

from collections.abc import Awaitable, Callable, Sequence

from services.audit.store import forgetting, words
from services.kit.db import Transaction

Forgetter = Callable[[Transaction, Sequence[int]], Awaitable[None]]

FORGETTERS: list[Forgetter] = [words.forget, forgetting.forget_rows, forgetting.forget_postings]
"""One for each kind of what is made of payloads; sums that name nobody stay."""


async def forget(tx: Transaction, positions: Sequence[int]) -> None:
    """Give up everything that was made of the payloads of these records."""
    for forgetter in FORGETTERS:
        await forgetter(tx, positions)
