"""Lease, submit, report; hear halts; pass receipts on. Whatever is killed goes on from its file."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from aiolimiter import AsyncLimiter

from contracts.text import segments
from services.kit.telemetry import log
from services.puller.contract import Contract
from services.puller.journal import ACCEPTED, ASKED, REFUSED, Journal
from services.puller.smpp import Lost, NotTaken, Smsc, Stopped

WINDOW = 16
"""So many numbers are with the centre at once: as many may be forced when we are killed."""

RECEIPTS_AT_ONCE = 1000
RECEIPTS_EVERY_S = 0.5
EXTEND_EVERY_S = 45.0
PLACE = "{1}"


@dataclass
class Puller:
    """A gateway between Yutian and a centre."""

    contract: Contract
    centre: Smsc
    journal: Journal
    pace: float | None = None
    """Numbers a second, when the operator's own terms say less than the item."""
    halted: dict[str, int] = field(default_factory=dict)
    """The highest revision of each warning of which nothing more goes out."""
    _limits: dict[float, AsyncLimiter] = field(default_factory=dict)

    async def run(self) -> None:
        """Do it all, until this is cancelled."""
        async with asyncio.TaskGroup() as group:
            for work in (self.centre.run, self.pull, self.watch, self.confirm):
                group.create_task(work())

    async def pull(self) -> None:
        """Lease work and carry it out, for ever: one item at a time, so that the next may be a graver one."""
        while True:
            await self.centre.ready()
            for item in await self.contract.lease(1):
                await self.carry_out(item)

    async def watch(self) -> None:
        """Hear what is to be stopped, for ever."""
        while True:
            after = int(self.journal.note("halts") or 0)
            halts, position = await self.contract.halts(after)
            for halt in halts:
                known = self.halted.get(halt["warning_id"], 0)
                self.halted[halt["warning_id"]] = max(known, halt["revision"])
            self.journal.keep("halts", str(position))

    async def confirm(self) -> None:
        """Pass receipts on, for ever; one that was passed on and not crossed out goes twice, harmlessly."""
        while True:
            owed = self.journal.owed(RECEIPTS_AT_ONCE)
            if owed:
                names = ("number", "state", "at")
                said = [{"delivery_id": o["delivery"], **{n: o[n] for n in names}} for o in owed]
                await self._pass_on(said)
                self.journal.paid(owed[-1]["id"])
            await asyncio.sleep(0 if len(owed) == RECEIPTS_AT_ONCE else RECEIPTS_EVERY_S)

    async def _pass_on(self, said: list[dict[str, Any]]) -> None:
        """Pass receipts on; where they are refused, each by itself: an odd one takes no other with it."""
        if not await self.contract.receipts(said) and len(said) > 1:
            for one in said:
                await self.contract.receipts([one])

    async def carry_out(self, item: dict[str, Any]) -> None:
        """Send one item and report it; an area order cannot be carried over SMPP and has failed."""
        if item["kind"] == "area":
            said = {"state": REFUSED, "reason": "no area orders over SMPP"}
            await self.contract.report(item["lease"], said)
            return
        if item["conformance"]:
            await self.contract.report(item["lease"], {"state": ACCEPTED})
            return
        async with AsyncExitStack() as stack:
            holding = asyncio.ensure_future(self._hold(item["lease"]))
            stack.callback(holding.cancel)
            states = await self._send_all(item)
        await self.contract.report(item["lease"], report_of(states, len(item["recipients"])))
        log.info("reported", delivery_id=item["delivery_id"], sent=len(states), **self.journal.counts())

    async def _hold(self, lease: str) -> None:
        while True:
            await asyncio.sleep(EXTEND_EVERY_S)
            if self.centre.bound:
                await self.contract.extend(lease)

    async def _send_all(self, item: dict[str, Any]) -> dict[str, str]:
        """Return the state of every number that was sent to; where a halt came in, the rest is left."""
        states: dict[str, str] = {}
        waiting = iter(item["recipients"])

        async def work() -> None:
            for row in waiting:
                if self._is_halted(item):
                    return
                with suppress(Stopped):
                    states[row[0]] = await self._send(item, row)

        async with asyncio.TaskGroup() as group:
            for _ in range(WINDOW):
                group.create_task(work())
        return states

    def _is_halted(self, item: Mapping[str, Any]) -> bool:
        """Tell whether nothing more of an item's revision may go out."""
        return bool(self.halted.get(item["warning"]["id"], 0) >= item["warning"]["revision"])

    async def _send(self, item: Mapping[str, Any], row: list[str]) -> str:
        """Send to one number unless that was done; ask again for as long as the answer gets lost.

        Raises Stopped when a halt comes before it was sent.
        """
        number, *token = row
        text = item["text"].replace(PLACE, token[0]) if token else item["text"]
        sent, state = self.journal.begin(item, number, segments(text) if self.centre.udh else 1)
        while state not in (ACCEPTED, REFUSED):
            await self._paced(item)
            with suppress(Lost):
                return await self._submit(item, sent, number, text)
            _, state = self.journal.begin(item, number, 1)
        return state

    async def _submit(self, item: Mapping[str, Any], sent: int, number: str, text: str) -> str:
        try:
            messages = await self.centre.submit(
                f"{sent}", number, text, item["validity_s"], lambda: self._is_halted(item)
            )
        except NotTaken as why:
            self.journal.refused(sent, str(why))
            return REFUSED
        self.journal.accepted(sent, messages, number, datetime.now(UTC).isoformat())
        return ACCEPTED

    async def _paced(self, item: Mapping[str, Any]) -> None:
        given = [pace for pace in (self.pace, item["pace"]["numbers_per_s"]) if pace]
        if given:
            slowest = min(given)
            limiter = self._limits.setdefault(slowest, AsyncLimiter(1, 1 / slowest))
            await limiter.acquire()


def report_of(states: Mapping[str, str], size: int) -> dict[str, Any]:
    """Return the report: exceptions when the batch was sent whole, else what was, the rest given back."""
    if len(states) < size:
        return {"partial": True, "results": [[number, state] for number, state in states.items()]}
    refused = [number for number, state in states.items() if state == REFUSED]
    return {"state": ACCEPTED, "exceptions": [{"number": n, "state": REFUSED} for n in refused]}


__all__ = ["ASKED", "Puller", "report_of"]
