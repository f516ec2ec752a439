"""The adapter to the phone apps takes the exam, with the push vendor of the sandbox."""

import base64
import json
from collections.abc import Callable, Mapping

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from contracts.outcome import TargetState
from contracts.values import Channel
from sandbox import app as vendor
from services.channels.push.adapter import Adapter
from services.channels.push.apps.adapter import Apps
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from tests.channels.exam import Candidate, Network, answering
from tests.channels.push.push_make import TOWNS
from tests.clock import HandClock

KEY, SECRET = "app-key", "master-secret-of-the-exam"
PUSH = "/v3/push"
_VOID = ("解除", "停止播发")


class AppCandidate(Candidate):
    """The push vendor of the sandbox, with two phones in each town and one that takes part in drills."""

    channel = Channel.APP
    path = PUSH
    arrived = TargetState.RECEIVED
    times = len(TOWNS)

    def __init__(self, clock: HandClock, crypto: SoftwareCrypto) -> None:
        super().__init__(clock, crypto)
        pair = base64.b64encode(f"{KEY}:{SECRET}".encode()).decode()
        self.secrets = (SECRET, pair)
        devices = {}
        for town in (code[:9] for code in TOWNS):
            devices |= {
                f"{town}-a": vendor.Device(frozenset({town})),
                f"{town}-i": vendor.Device(frozenset({town}), "ios"),
                f"{town}-d": vendor.Device(frozenset({f"drill_{town}"})),
            }
        self.vendor = vendor.Vendor(KEY, SECRET, devices, now=self.theirs, faults=self.faults)

    def app(self) -> FastAPI:
        return vendor.create(self.vendor)

    def adapter(self, http: httpx.AsyncClient, db: Database, url: str) -> Adapter:
        return Apps(self.line(http, url), KEY, SecretStr(SECRET))

    @staticmethod
    def _void(pushed: vendor.Pushed) -> bool:
        return any(word in pushed.alert for word in _VOID)

    def said(self) -> int:
        return sum(not self._void(pushed) for pushed in self.vendor.pushes.values())

    def standing(self) -> int:
        last: dict[str, vendor.Pushed] = {}
        for pushed in self.vendor.pushes.values():
            if pushed.overridden_at is None:
                last |= dict.fromkeys(pushed.devices, pushed)
        return sum(not self._void(pushed) for pushed in last.values())

    def lifted(self) -> int:
        return sum(self._void(pushed) for pushed in self.vendor.pushes.values())

    def forget(self) -> None:
        self.vendor.pushes.clear()

    def refusals(self) -> Mapping[str, Callable[[Network], None]]:
        return {str(code): self._answering(400, code) for code in (1003, 1005, 1011, 9999)} | {
            "413": lambda network: network.spoil(answering(413), PUSH, times=9)
        }

    def to_be_mended(self) -> Mapping[str, Callable[[Network], None]]:
        return {
            "1004": self._answering(401, 1004),
            "1008": self._answering(400, 1008),
            "1030": self._answering(400, 1030),
            "2002": self._answering(429, 2002),
            "403": self._answering(403, 1),
            "404": lambda network: network.spoil(answering(404), PUSH, times=9),
        }

    @staticmethod
    def _answering(status: int, code: int) -> Callable[[Network], None]:
        body = json.dumps({"error": {"code": code, "message": "no"}}).encode()
        return lambda network: network.spoil(answering(status, body), PUSH, times=9)

    def check_drill(self) -> None:
        pushes = list(self.vendor.pushes.values())
        assert len(pushes) == len(TOWNS)
        assert all("演练" in pushed.alert for pushed in pushes)
        assert all(device.endswith("-d") for pushed in pushes for device in pushed.devices)
