"""What every device does with an alert, however it came: receive, verify or refuse, play, confirm."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import count
from typing import Any

import orjson

from contracts.values import StationClass
from sandbox.faults import FaultKind, Faults
from sandbox.stations.profile import Identity, Profile
from sandbox.stations.statistics import Statistics
from sandbox.stations.verify import Verifier
from sandbox.stations.wire import Wire, WireLost

ALERT, REPORT, HEARTBEAT = "/alert", "/report", "/heartbeat"
"""The paths on which a station's faults are switched."""

MOST_TRIES = 8
"""A sign of life that was not taken so often is given up; what was reported is kept until it is told."""


class Receiver:
    """One station's memory and manners: it never says the same thing twice, and tells what it did."""

    def __init__(
        self,
        identity: Identity,
        profile: Profile,
        wire: Wire,
        verifier: Verifier,
        faults: Faults,
        statistics: Statistics,
    ) -> None:
        self.identity = identity
        self.profile = profile
        self.wire = wire
        self.verifier = verifier
        self.faults = faults
        self.statistics = statistics
        self.luck = profile.luck(identity.code, identity.mode)
        self.confirms = self.luck.random() < profile.confirm_share
        self.sequence = 0
        """The cursor: everything up to here was told to this station."""
        self._seen: set[tuple[str, int, str]] = set()
        self._ended: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def path(self) -> str:
        """Where this station is at home."""
        return f"/api/v1/stations/{self.identity.code}"

    @property
    def headers(self) -> dict[str, str]:
        """The station's key."""
        return {"Authorization": f"Bearer {self.identity.key}"}

    async def take(self, alert: dict[str, Any]) -> None:
        """Take one entry of the sequence; what takes time goes on by itself."""
        if silent := self.faults.take(FaultKind.SILENT, ALERT):
            await self._stay_silent(silent.seconds)
        if delay := self.faults.take(FaultKind.DELAY, ALERT):
            await asyncio.sleep(delay.seconds)
        if alert["kind"] == "summary":
            self.statistics.summaries += 1
            return
        key = (alert["warning_id"], alert["revision"], alert["kind"])
        if key in self._seen:
            self.statistics.duplicates += 1
            return
        self._seen.add(key)
        if alert["mode"] != self.identity.mode:
            self.statistics.refused["foreign-mode"] += 1
            return
        self.statistics.received(self.identity.code, alert, datetime.now(UTC))
        self._begin(self._handle(alert))

    async def _stay_silent(self, seconds: float) -> None:
        """Do nothing at all, until the fault is cleared or its time is over."""
        cleared = asyncio.ensure_future(self.faults.cleared())
        await asyncio.wait({cleared}, timeout=seconds)
        cleared.cancel()

    def _begin(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _handle(self, alert: dict[str, Any]) -> None:
        """Go from reception to confirmation, as far as this alert and this station go."""
        received = _fact("received")
        if late := self.faults.take(FaultKind.LATE, REPORT):
            await asyncio.sleep(late.seconds)
        await self.tell(alert, received)
        why_not = await self._why_not(alert)
        if why_not:
            self.statistics.refused[why_not] += 1
            return
        done = [] if self.identity.station_class is StationClass.SCREEN else [_fact("verified")]
        await asyncio.sleep(self.luck.uniform(*self.profile.play_s))
        await self.tell(alert, *done, _fact("played"))
        if self.confirms and alert["kind"] != "halt":
            await asyncio.sleep(self.luck.uniform(*self.profile.confirm_delay_s))
            await self.tell(alert, _fact("confirmed", self.identity.duty_name))

    async def _why_not(self, alert: dict[str, Any]) -> str | None:
        """Return why this device does not show the alert, None when it does."""
        self._end(alert)
        if alert["kind"] == "halt":
            return None
        if alert["kind"] != "cancel" and alert["revision"] <= self._ended.get(alert["warning_id"], 0):
            return "ended"
        if self.faults.take(FaultKind.REFUSE, ALERT):
            return "refused"
        if self.identity.station_class is StationClass.SCREEN:
            return _expired(alert)
        if not alert.get("cap_xml"):
            return "unsigned"
        verdict = await self.verifier.verdict(alert["cap_xml"], self.identity.mode)
        if alert["kind"] == "cancel":
            return verdict.why_not
        return verdict.refuses(datetime.now(UTC))

    def _end(self, alert: dict[str, Any]) -> None:
        """Remember what an alert ends: everything before it, and a halt ends its own revision too."""
        if alert["kind"] != "alert":
            up_to = alert["revision"] - (alert["kind"] != "halt")
            self._ended[alert["warning_id"]] = max(up_to, self._ended.get(alert["warning_id"], 0))

    async def tell(self, alert: dict[str, Any], *facts: dict[str, Any]) -> None:
        """Report facts about an alert, until they are stored."""
        if self.faults.take(FaultKind.SILENT, REPORT):
            return
        body = orjson.dumps({"reports": [{"sequence": alert["sequence"], **fact} for fact in facts]})
        for again in range(2 if self.faults.take(FaultKind.TWICE, REPORT) else 1):
            if await self._post("reports", body, count()) and not again:
                for fact in facts:
                    self.statistics.told(alert, fact["fact"])

    async def _post(
        self, what: str, body: bytes, tries: Iterable[int] = range(MOST_TRIES)
    ) -> dict[str, Any] | None:
        """Send something until it is answered; return the answer, None when it is refused or given up."""
        headers = {**self.headers, "Content-Type": "application/json"}
        for attempt in tries:
            if attempt:
                await asyncio.sleep(min(0.2 * 2 ** min(attempt, 5), 5.0) * self.luck.uniform(0.5, 1.5))
            try:
                answer = await self.wire.ask("POST", f"{self.path}/{what}", headers, body)
            except WireLost:
                continue
            if answer.status < 400:
                found: dict[str, Any] = answer.json()
                return found
            if answer.status not in (429, 502, 503):
                break
        self.statistics.failed[what] += 1
        return None

    async def beat(self) -> None:
        """Give a sign of life for ever."""
        await asyncio.sleep(self.luck.uniform(0, min(self.profile.heartbeat_s, 5.0)))
        while True:
            if not self.faults.take(FaultKind.SILENT, HEARTBEAT):
                await self._beat_once()
            await asyncio.sleep(self.profile.heartbeat_s * self.luck.uniform(0.95, 1.05))

    async def _beat_once(self) -> None:
        life = {"terminal": "sandbox", "seq": self.sequence, "clock": _now(), "volume": 80, "power": "mains"}
        answer = await self._post("heartbeat", orjson.dumps(life))
        if answer is not None:
            self.statistics.heartbeats += 1
            self.statistics.behind += answer["behind"]

    async def pause(self, failures: int) -> None:
        """Wait before a connection is tried again: longer each time, and never all stations at once."""
        shortest, longest = self.profile.retry_s
        await asyncio.sleep(min(shortest * 2**failures, longest) * self.luck.uniform(0.5, 1.5))

    def stop(self) -> None:
        """Leave everything that is under way."""
        for task in self._tasks:
            task.cancel()


def _fact(fact: str, by: str | None = None) -> dict[str, Any]:
    return {"fact": fact, "at": _now(), **({"by": by} if by else {})}


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _expired(alert: dict[str, Any]) -> str | None:
    if alert["kind"] == "cancel" or datetime.fromisoformat(alert["expires"]) > datetime.now(UTC):
        return None
    return "expired"
