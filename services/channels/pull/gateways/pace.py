"""How often a gateway may ask: too often is told so, with the moment to come again."""

from aiolimiter import AsyncLimiter

from services.kit.errors import Retry


class TooOften(Retry):
    """Somebody asks more often than is any use."""

    name, status, title = "too-often", 429, "Asked too often"


class Asks:
    """Counts what each caller asks of this replica."""

    def __init__(self, most_s: float) -> None:
        self.most_s = most_s
        self._callers: dict[str, AsyncLimiter] = {}

    async def count(self, caller: str) -> None:
        """Count one; raise TooOften when there were too many in this second."""
        limiter = self._callers.setdefault(caller, AsyncLimiter(self.most_s, 1))
        if not limiter.has_capacity():
            raise TooOften(
                f"more than {self.most_s:g} requests for work in a second",
                after=1,
                mend="ask for more batches at once, and let the answer wait (`wait_s`)",
            )
        await limiter.acquire()
