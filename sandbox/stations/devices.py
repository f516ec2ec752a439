"""Devices: a terminal follows the stream, a screen asks again and again."""

import contextlib

import orjson

from sandbox.faults import FaultKind
from sandbox.stations.receiver import ALERT, Receiver
from sandbox.stations.wire import WireLost


class Terminal:
    """A networked terminal: it keeps an SSE stream open and comes again with the last id."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver

    async def run(self) -> None:
        """Follow the stream for ever."""
        failures = 0
        while True:
            before = self.receiver.statistics.connections
            with contextlib.suppress(WireLost):
                await self._follow()
            self._off()
            self.receiver.statistics.lost += 1
            failures = 0 if self.receiver.statistics.connections > before else failures + 1
            await self.receiver.pause(failures)

    async def _follow(self) -> None:
        receiver = self.receiver
        headers = {**receiver.headers, "Last-Event-ID": str(receiver.sequence)}
        async with contextlib.aclosing(receiver.wire.events(f"{receiver.path}/stream", headers)) as events:
            async for event in events:
                if event.kind == "hello":
                    self._on()
                    continue
                if receiver.faults.take(FaultKind.DROP, ALERT):
                    raise WireLost("dropped on purpose")
                await receiver.take(orjson.loads(event.data))
                receiver.sequence = event.id if event.id is not None else receiver.sequence

    def _on(self) -> None:
        identity, statistics = self.receiver.identity, self.receiver.statistics
        statistics.connections += 1
        statistics.connected.add((identity.code, identity.mode))

    def _off(self) -> None:
        identity = self.receiver.identity
        self.receiver.statistics.connected.discard((identity.code, identity.mode))


class Screen:
    """A web screen in the village office: long polls, and a person at the desk."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver

    async def run(self) -> None:
        """Ask for ever."""
        failures = 0
        wait = 0
        while True:
            try:
                await self._ask(wait)
            except WireLost:
                self.receiver.statistics.lost += 1
                self.receiver.statistics.connected.discard(self._key)
                failures, wait = failures + 1, 0
                await self.receiver.pause(failures)
            else:
                failures, wait = 0, self.receiver.profile.poll_wait_s

    @property
    def _key(self) -> tuple[str, str]:
        return (self.receiver.identity.code, self.receiver.identity.mode)

    async def _ask(self, wait: int) -> None:
        receiver = self.receiver
        path = f"{receiver.path}/alerts?after={receiver.sequence}&wait={wait}"
        answer = await receiver.wire.ask("GET", path, receiver.headers, wait_s=wait + 15)
        if answer.status >= 400:
            raise WireLost(f"refused: {answer.status}")
        if self._key not in receiver.statistics.connected:
            receiver.statistics.connections += 1
            receiver.statistics.connected.add(self._key)
        page = answer.json()
        if page["data"] and receiver.faults.take(FaultKind.DROP, ALERT):
            raise WireLost("dropped on purpose")
        for alert in page["data"]:
            await receiver.take(alert)
        receiver.sequence = page["next"]
