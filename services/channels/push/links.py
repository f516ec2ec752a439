"""Link tests: every road is proved every few minutes, without disturbing anyone."""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from prometheus_client import Gauge

from contracts.values import Channel, Lane
from services.channels.push.adapter import Adapter, Unconfigured
from services.channels.push.calling import Line, pinned
from services.channels.push.store import links
from services.channels.push.store.links import Link
from services.kit.db import Database
from services.kit.errors import Problem, Retry
from services.kit.leadership import Leadership
from services.kit.telemetry import log

UP = Gauge("yutian_link_up", "Whether the last test of the road to a partner went well", ["channel"])
TOOK = Gauge("yutian_link_seconds", "How long the last test of the road took", ["channel"])

PATIENCE_S = 25.0
_LONGEST = 200

KEPT = timedelta(days=7)
"""How long every single test is kept."""


class Links:
    """Tests the road to one partner and remembers what was seen."""

    def __init__(self, db: Database, adapter: Adapter, every_s: float, lines: Sequence[Line] = ()) -> None:
        self.db = db
        self.adapter = adapter
        self.every_s = every_s
        self.lines = lines
        self._unused = False
        """Whether nobody has set this partner up, as the last test saw it."""

    @property
    def channel(self) -> Channel:
        """The channel whose road is tested."""
        return self.adapter.channel

    async def run(self, leadership: Leadership) -> None:
        """Test for ever, on one replica at a time."""
        await leadership.lead("links", self._keep_testing)

    async def history(self, limit: int = 50) -> list[links.Test]:
        """Return the last tests, newest first."""
        return await links.history(self.db, self.channel, limit)

    async def last(self) -> Link | None:
        """Return what the last test saw, None before the first."""
        return await links.last(self.db, self.channel)

    async def test(self) -> Link:
        """Test the road now, and remember what was seen."""
        begun = time.perf_counter()
        up, seen = await self._probe()
        took = time.perf_counter() - begun
        self._measured(up, took)
        async with self.db.transaction() as tx:
            before = await links.last(self.db, self.channel)
            link = Link(self.channel, up, seen[:_LONGEST], tx.now, tx.now, round(took * 1000))
            if before is not None and before.up is up:
                link = replace(link, since=before.since)
            else:
                kind = "link.up" if up else "link.down"
                tx.record(kind, lane=Lane.URGENT, about=self.channel, seen=link.seen)
                (log.info if up else log.error)("link changed", channel=self.channel, up=up, seen=link.seen)
            await links.keep(tx, link)
            await links.forget(tx, tx.now - KEPT)
        return link

    def _measured(self, up: bool, took: float) -> None:
        """Show it as figures; a partner that nobody has set up raises no alarm."""
        if self._unused:
            self._forget_figures()
        else:
            UP.labels(self.channel).set(up)
            TOOK.labels(self.channel).set(took)

    def _forget_figures(self) -> None:
        for gauge in (UP, TOOK):
            with contextlib.suppress(KeyError):
                gauge.remove(self.channel)

    async def _keep_testing(self) -> None:
        try:
            while True:
                with contextlib.suppress(Retry):
                    await self.test()
                await asyncio.sleep(self.every_s)
        finally:
            # Another replica tests from now on: an old figure here would hide what it sees.
            self._forget_figures()

    async def _probe(self) -> tuple[bool, str]:
        """Prove the road; where a partner has several addresses, each of them by itself."""
        addresses = [address for line in self.lines for address in line.addresses if len(line.addresses) > 1]
        if not addresses:
            return await self._probe_once()
        seen = []
        for address in addresses:
            with pinned(address):
                seen.append(await self._probe_once())
        up = [words for good, words in seen if good]
        if len(up) == len(seen):
            return True, up[0]
        told = "; ".join(f"address {n}: {words}" for n, (good, words) in enumerate(seen, 1) if not good)
        return bool(up), f"{len(up)} of {len(seen)} addresses answer; {told}"

    async def _probe_once(self) -> tuple[bool, str]:
        try:
            async with asyncio.timeout(PATIENCE_S):
                seen = await self.adapter.probe()
        except Problem as problem:
            self._unused = isinstance(problem, Unconfigured)
            return False, problem.why
        except TimeoutError:
            return False, "the partner does not come to an end"
        except Exception as bug:
            # The text of an unexpected error may hold anything.
            log.error("link test failed", channel=self.channel, error=type(bug).__name__)
            return False, f"the adapter failed: {type(bug).__name__}"
        self._unused = False
        return True, seen
