"""The broadcast adapter takes the exam, with the platform of the sandbox and real SM2 signatures."""

from collections.abc import Callable, Mapping

import httpx
from fastapi import FastAPI

from contracts.outcome import TargetState
from contracts.values import Channel, Mode
from sandbox import broadcast
from sandbox.faults import FaultKind
from services.channels.push.adapter import Adapter
from services.channels.push.broadcast import words
from services.channels.push.broadcast.adapter import Broadcast
from services.channels.push.broadcast.desk import Desk
from services.channels.push.broadcast.draft import Drafts
from services.channels.push.broadcast.site import Site
from services.channels.push.store.serials import Serials
from services.kit import sm
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from tests.channels.exam import Candidate, Network, answering
from tests.clock import HandClock

OURS, THEIRS = "45001100000000103010101", "45001100000000303010201"
OUR_KEY, THEIR_KEY = sm.PrivateKey.generate(), sm.PrivateKey.generate()


class Trusting:
    """Takes every signature of the platform for true: what is not true has its own tests, and costs time."""

    def verify(self, content: bytes, signature: bytes) -> bool:
        return bool(content and signature)


class BroadcastCandidate(Candidate):
    """The platform of the sandbox."""

    channel = Channel.BROADCAST
    path = "/ebd"
    arrived = TargetState.PLAYED
    url = "http://platform/ebd"
    timeout_s = 1.5

    def __init__(self, clock: HandClock, crypto: SoftwareCrypto) -> None:
        super().__init__(clock, crypto)
        self.secrets = (OUR_KEY.secret.hex(),)
        self.platform = broadcast.Platform(
            ebrid=THEIRS,
            partner=OURS,
            secret=THEIR_KEY.secret,
            partner_key=OUR_KEY.public.point,
            plays_s=1.5,
            now=self.theirs,
            faults=self.faults,
        )

    def app(self) -> FastAPI:
        return broadcast.create(self.platform)

    def adapter(self, http: httpx.AsyncClient, db: Database, url: str) -> Adapter:
        site = Site(ebrid=OURS, platform=THEIRS, certificate="77")
        desk = Desk(self.line(http, url), site, OUR_KEY, Trusting())
        return Broadcast(dict.fromkeys(Mode, desk), Drafts(Serials(db), db.clock), words.put)

    def said(self) -> int:
        return sum(message.message_type != 2 for message in self.platform.messages.values())

    def standing(self) -> int:
        return len(self.platform.on_air())

    def lifted(self) -> int:
        return sum(message.message_type == 2 for message in self.platform.messages.values())

    def forget(self) -> None:
        self.platform.messages.clear()
        self.platform.packets.clear()

    def refusals(self) -> Mapping[str, Callable[[Network], None]]:
        def refuse(code: int) -> Callable[[Network], None]:
            return lambda _: self.faults.set(FaultKind.REFUSE, code=code, times=1, path="/ebd")

        return {f"ResultCode {code}": refuse(code) for code in (2, 3, 4, 5)} | {
            "400": lambda network: network.spoil(answering(400, b"the part named file is missing"), "/ebd"),
            "413": lambda network: network.spoil(answering(413, b"too long"), "/ebd"),
        }

    def to_be_mended(self) -> Mapping[str, Callable[[Network], None]]:
        def answers(status: int) -> Callable[[Network], None]:
            return lambda network: network.spoil(answering(status), "/ebd")

        return {str(status): answers(status) for status in (401, 403, 404)}

    def check_drill(self) -> None:
        (message,) = self.platform.messages.values()
        assert message.drill
        assert "演练" in message.text
        assert "演练" in message.title
