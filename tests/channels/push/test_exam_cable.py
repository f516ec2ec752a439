"""The cable adapter takes the exam, and what only a head-end asks."""

import json
from collections.abc import Callable, Mapping

import httpx
from fastapi import FastAPI

from contracts.outcome import TargetState
from contracts.values import Channel
from sandbox import cable
from services.channels.push.adapter import Adapter
from services.channels.push.cable.adapter import Cable
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from tests.channels.exam import Candidate, Network, answering
from tests.clock import HandClock

KEY = "head-end-key-of-the-exam"


def rejecting(status: int) -> Callable[[Network], None]:
    body = json.dumps({"status": "rejected", "reason": "display_mode: not here"}).encode()
    return lambda network: network.spoil(answering(status, body), "/orders")


class CableCandidate(Candidate):
    """The head-end of the sandbox."""

    channel = Channel.CABLE
    path = "/orders"
    arrived = TargetState.PLAYED

    def __init__(self, clock: HandClock, crypto: SoftwareCrypto) -> None:
        super().__init__(clock, crypto)
        self.secrets = (KEY,)
        self.head_end = cable.HeadEnd(KEY.encode(), now=self.theirs, faults=self.faults)

    def app(self) -> FastAPI:
        return cable.create(self.head_end)

    def adapter(self, http: httpx.AsyncClient, db: Database, url: str) -> Adapter:
        return Cable(self.line(http, url), KEY.encode(), clock=self.clock)

    def _orders(self) -> list[cable.Order]:
        return [kept.order for kept in self.head_end.orders.values() if kept.order is not None]

    def said(self) -> int:
        return sum(order.action != "STOP" for order in self._orders())

    def standing(self) -> int:
        return len(self.head_end.on_air())

    def lifted(self) -> int:
        return sum(order.action == "STOP" for order in self._orders())

    def forget(self) -> None:
        self.head_end.orders.clear()

    def refusals(self) -> Mapping[str, Callable[[Network], None]]:
        return {str(status): rejecting(status) for status in (200, 400, 409, 413, 422)}

    def to_be_mended(self) -> Mapping[str, Callable[[Network], None]]:
        return {str(status): rejecting(status) for status in (401, 403, 404)}

    def check_drill(self) -> None:
        (order,) = self._orders()
        assert order.drill
        assert "演练" in order.text
        assert "演练" in (order.title or "")
