"""Telecom gateways in small: they pull SMS by the public contract, and misbehave as they are told."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from contracts.values import Mode
from sandbox.faults import Faults
from sandbox.gateways.carrier import Carrier
from sandbox.gateways.gateway import Gateway, OnSms

__all__ = ["Carrier", "Gateway", "GatewaysWorld", "OnSms"]


class GatewaysWorld:
    """All gateways of the sandbox, in both modes, over the public contract alone."""

    def __init__(
        self,
        base_url: str,
        credentials: Mapping[str, Any],
        faults: Mapping[str, Faults] | None = None,
        on_sms: OnSms = lambda _number, _text: None,
        carrier: Carrier | None = None,
        pullers: int = 2,
    ) -> None:
        self.base_url = base_url
        self.pullers = pullers
        self.faults = {name: (faults or {}).get(name) or Faults() for name in credentials["gateways"]}
        phones = frozenset(person["phone"] for person in credentials["people"])
        self.gateways = [
            Gateway(name, mode, key, phones, on_sms, self.faults[name], carrier or Carrier())
            for name in credentials["gateways"]
            for mode in Mode
            if (key := credentials["keys"][name].get(mode))
        ]
        self._running: dict[str, list[asyncio.Task[None]]] = {}

    async def run(self) -> None:
        """Run every gateway until this is cancelled."""
        try:
            for name in self.faults:
                self.resume(name)
            await asyncio.Event().wait()
        finally:
            for name in list(self._running):
                await self.crash(name)

    async def crash(self, name: str) -> None:
        """Let a gateway die in the middle of what it does."""
        tasks = self._running.pop(name, [])
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def resume(self, name: str) -> None:
        """Start a gateway, with what its disk holds."""
        if name not in self._running:
            mine = [g for g in self.gateways if g.name == name]
            self._running[name] = [asyncio.ensure_future(g.run(self.base_url, self.pullers)) for g in mine]

    def view(self) -> dict[str, Any]:
        """Return what each gateway has done, and what it still owes."""
        return {
            f"{g.name}-{g.mode}": {**asdict(g.counts), "owed": len(g.owed), "halts": len(g.halts)}
            for g in self.gateways
        }
