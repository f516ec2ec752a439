"""One telecom gateway: it leases, sends, reports, watches for halts and passes its carrier's receipts on."""

import asyncio
import heapq
import inspect
import itertools
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from contracts.values import Mode
from sandbox.faults import FaultKind, Faults
from sandbox.gateways.carrier import Carrier, Counts

OnSms = Callable[[str, str], Awaitable[None] | None]
"""Called with number and text when a phone of the sandbox gets an SMS."""

Owed = tuple[float, int, dict[str, str]]
"""When a receipt is due, a turn, the receipt."""

LEASES, REPORTS, RECEIPTS = "/leases", "/reports", "/receipts"
"""The paths under which faults are set."""

_WAIT_S = 20.0
_CHUNK = 50
"""After so many numbers a gateway looks whether it was told to stop."""


@dataclass
class Gateway:
    """One gateway in one mode; what is on its disk outlives a crash."""

    name: str
    mode: Mode
    key: str
    phones: frozenset[str]
    on_sms: OnSms
    faults: Faults
    carrier: Carrier
    counts: Counts = field(default_factory=Counts)
    halts: dict[str, int] = field(default_factory=dict)
    """The highest revision of each warning that must not go out."""
    last_halt: int = 0
    sent: dict[tuple[str, str], str] = field(default_factory=dict)
    """State by delivery and number: nobody gets the same SMS twice; a call is not the warning."""
    owed: list[Owed] = field(default_factory=list)
    """Receipts by the time at which they are due."""
    _turn: Iterator[int] = field(default_factory=itertools.count)
    _owes: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, base_url: str, pullers: int) -> None:
        """Pull, watch for halts and send receipts, for ever."""
        headers = {"authorization": f"Bearer {self.key}"}
        url = f"{base_url.rstrip('/')}/api/v1/gateways/{self.name}"
        async with (
            httpx.AsyncClient(base_url=url, headers=headers, timeout=_WAIT_S + 10) as http,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(pullers):
                group.create_task(self._pull(http))
            group.create_task(self._watch(http))
            group.create_task(self._confirm(http))

    async def _pull(self, http: httpx.AsyncClient) -> None:
        while True:
            if self.faults.take(FaultKind.SILENT, LEASES):
                await self.faults.cleared()
            answer = await self._ask(http, "POST", "/leases", {"max_batches": 10, "wait_s": _WAIT_S})
            for item in answer["data"]:
                self.counts.leased += 1
                if item["kind"] == "area":
                    await self._carry_out(http, item)
                else:
                    await self._send(http, item)

    async def _watch(self, http: httpx.AsyncClient) -> None:
        while True:
            path = f"/halts?after={self.last_halt}&wait={_WAIT_S}"
            answer = await self._ask(http, "GET", path)
            for halt in answer["data"]:
                known = self.halts.get(halt["warning_id"], 0)
                self.halts[halt["warning_id"]] = max(known, halt["revision"])
            self.last_halt = answer["next"]

    async def _send(self, http: httpx.AsyncClient, item: dict[str, Any]) -> None:
        """Send a batch number by number, and report it; stop where a halt says so."""
        if delay := self.faults.take(FaultKind.DELAY, LEASES):
            await asyncio.sleep(delay.seconds)
        refuses = self.faults.take(FaultKind.REFUSE, LEASES) is not None
        states: dict[str, str] = {}
        recipients: list[list[str]] = item["recipients"]
        for begin in range(0, len(recipients), _CHUNK):
            if self._halted(item):
                self.counts.stopped += len(recipients) - begin
                break
            chunk = recipients[begin : begin + _CHUNK]
            for row in chunk:
                states[row[0]] = await self._send_one(item, row, refuses)
            await asyncio.sleep(len(chunk) / self.carrier.numbers_per_s)
        if early := [n for n in states if self.carrier.falls("early", n, self.carrier.early_of_1000)]:
            await self._post_receipts(http, [_receipt(item, n, _final(states[n])) for n in early])
        # Owed before it is reported: whoever dies in between still passes the receipts on.
        self._owe(item, states)
        await self._report(http, item, _said(states, whole=len(states) == len(recipients)))

    async def _send_one(self, item: dict[str, Any], row: list[str], refuses: bool) -> str:
        number, *token = row
        name = (item["delivery_id"], number)
        if name in self.sent:
            self.counts.spared += 1
            return self.sent[name]
        if refuses or self.carrier.falls("fails", number, self.carrier.fails_of_1000):
            self.counts.failed += 1
            return "REJECTD" if refuses else "UNDELIV"
        self.sent[name] = "ACCEPTD"
        self.counts.sms += 1
        if number in self.phones:
            text = item["text"].replace("{1}", token[0]) if token else item["text"]
            done = self.on_sms(number, text)
            if inspect.isawaitable(done):
                await done
        return "ACCEPTD"

    async def _carry_out(self, http: httpx.AsyncClient, item: dict[str, Any]) -> None:
        """Carry an area order out: count the phones there, and tell how many got it."""
        if self._halted(item):
            return
        if self.faults.take(FaultKind.REFUSE, LEASES):
            await self._report(http, item, {"state": "REJECTD", "reason": "refused"})
            return
        phones = self.carrier.phones_of_a_town * len(item["area"]["codes"])
        failed = phones * self.carrier.fails_of_1000 // 1000
        self.counts.orders += 1
        self.counts.phones += phones - failed
        await self._report(http, item, {"delivered": phones - failed, "failed": failed, "phones": phones})

    def _halted(self, item: dict[str, Any]) -> bool:
        stopped: bool = self.halts.get(item["warning"]["id"], 0) >= item["warning"]["revision"]
        return stopped

    async def _report(self, http: httpx.AsyncClient, item: dict[str, Any], said: dict[str, Any]) -> None:
        if self.faults.take(FaultKind.DROP, REPORTS):
            return
        if late := self.faults.take(FaultKind.LATE, REPORTS):
            await asyncio.sleep(late.seconds)
        for _ in range(2 if self.faults.take(FaultKind.TWICE, REPORTS) else 1):
            answer = await self._ask(http, "POST", f"/leases/{item['lease']}:report", said)
            self.counts.reports += 1
            self.counts.late += bool(answer.get("late"))

    def _owe(self, item: dict[str, Any], states: Mapping[str, str]) -> None:
        """Note the carrier's receipts that will come for what was accepted, some late, some twice."""
        now = asyncio.get_running_loop().time()
        for number in (n for n, state in states.items() if state == "ACCEPTD"):
            late = self.carrier.falls("late", number, self.carrier.late_of_1000)
            due = now + (self.carrier.late_after_s if late else self.carrier.receipt_after_s)
            for _ in range(2 if self.carrier.falls("twice", number, self.carrier.twice_of_1000) else 1):
                heapq.heappush(self.owed, (due, next(self._turn), _receipt(item, number, "DELIVRD")))
        self._owes.set()

    async def _confirm(self, http: httpx.AsyncClient) -> None:
        """Send receipts when they are due."""
        clock = asyncio.get_running_loop().time
        while True:
            while not self.owed:
                self._owes.clear()
                await self._owes.wait()
            await asyncio.sleep(max(0.0, self.owed[0][0] - clock()))
            due: list[Owed] = []
            while self.owed and self.owed[0][0] <= clock() and len(due) < 1000:
                due.append(heapq.heappop(self.owed))
            try:
                await self._post_receipts(http, [receipt for _, _, receipt in due])
            except asyncio.CancelledError:
                for entry in due:
                    heapq.heappush(self.owed, entry)
                raise

    async def _post_receipts(self, http: httpx.AsyncClient, receipts: list[dict[str, str]]) -> None:
        if not receipts or self.faults.take(FaultKind.DROP, RECEIPTS):
            return
        if late := self.faults.take(FaultKind.LATE, RECEIPTS):
            await asyncio.sleep(late.seconds)
        for _ in range(2 if self.faults.take(FaultKind.TWICE, RECEIPTS) else 1):
            await self._ask(http, "POST", "/receipts", {"receipts": receipts})
            self.counts.receipts += len(receipts)

    async def _ask(
        self, http: httpx.AsyncClient, method: str, path: str, body: dict[str, Any] | None = None
    ) -> dict[str, Any]:
        """Ask until there is an answer; a refusal that will stay one is counted and given up."""
        pause = 0.1
        while True:
            try:
                reply = await http.request(method, path, json=body)
            except httpx.HTTPError:
                reply = httpx.Response(503)
            if reply.is_success:
                answer: dict[str, Any] = reply.json()
                return answer
            if reply.status_code in (404, 409, 413, 422) and method == "POST":
                self.counts.refused += 1
                return {"data": []}
            await asyncio.sleep(pause)
            pause = min(pause * 2, 2.0)


def _receipt(item: dict[str, Any], number: str, state: str) -> dict[str, str]:
    at = datetime.now(UTC).isoformat()
    return {"delivery_id": item["delivery_id"], "number": number, "state": state, "at": at}


def _final(state: str) -> str:
    return "DELIVRD" if state == "ACCEPTD" else state


def _said(states: Mapping[str, str], *, whole: bool) -> dict[str, Any]:
    """Return the report: exceptions when the whole batch was sent, else only what was, the rest returned."""
    if not whole:
        return {"partial": True, "results": [[number, state] for number, state in states.items()]}
    failed = {number: state for number, state in states.items() if state != "ACCEPTD"}
    exceptions = [{"number": n, "state": s, "reason": "absent subscriber"} for n, s in failed.items()]
    return {"state": "ACCEPTD", "exceptions": exceptions}
