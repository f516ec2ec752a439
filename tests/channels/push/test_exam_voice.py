"""The adapter to the calling platform takes the exam, with the platform of the sandbox."""

from collections.abc import Callable, Mapping

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from contracts.delivery import DeliveryRequested
from contracts.outcome import TargetState
from contracts.values import Action, Channel, Mode
from contracts.warning import Notice
from sandbox import voice
from services.channels.push.adapter import Adapter
from services.channels.push.voice.adapter import Voice
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from tests.channels.exam import Candidate, Exam, Network, answering
from tests.channels.push.push_make import a_batch, a_notice, a_request, only
from tests.clock import HandClock

KEY = "calling-key-of-the-exam"
NUMBERS = tuple(f"1360000000{n}" for n in range(4))
ORDERS = "/orders"


class VoiceCandidate(Candidate):
    """The calling platform of the sandbox; everybody whom it calls presses the key."""

    channel = Channel.VOICE
    path = ORDERS
    arrived = TargetState.CONFIRMED
    can_stop = False

    def __init__(self, clock: HandClock, crypto: SoftwareCrypto) -> None:
        super().__init__(clock, crypto)
        self.secrets = (KEY, *NUMBERS)
        self.exchange = voice.Exchange(KEY, now=clock, faults=self.faults)

    def app(self) -> FastAPI:
        return voice.create(self.exchange)

    def adapter(self, http: httpx.AsyncClient, db: Database, url: str) -> Adapter:
        return Voice(self.line(http, url), SecretStr(KEY))

    def request(
        self,
        revision: int = 1,
        action: Action = Action.START,
        *,
        mode: Mode = Mode.LIVE,
        notice: Notice | None = None,
        part: str = "0",
    ) -> DeliveryRequested:
        bare = a_request(self.channel, revision=revision, part=part)
        batch = a_batch(self.crypto, bare.delivery_id, NUMBERS, mode)
        return a_request(
            self.channel,
            revision=revision,
            action=action,
            mode=mode,
            notice=notice,
            part=part,
            batch=batch,
        )

    def empty(self) -> Notice:
        notice = a_notice()
        return notice.model_copy(update={"text": notice.text.model_copy(update={"short": " \u200b "})})

    @staticmethod
    def _lifts(kept: voice.Kept) -> bool:
        return "解除" in kept.order.text

    def said(self) -> int:
        return sum(not self._lifts(kept) for kept in self.exchange.orders.values())

    def standing(self) -> int:
        last = {number: kept for kept in self.exchange.orders.values() for number in kept.order.numbers}
        return sum(not self._lifts(kept) for kept in last.values())

    def lifted(self) -> int:
        return sum(self._lifts(kept) for kept in self.exchange.orders.values())

    def forget(self) -> None:
        self.exchange.orders.clear()

    def refusals(self) -> Mapping[str, Callable[[Network], None]]:
        return {
            str(status): lambda network, status=status: network.spoil(answering(status, b"{}"), ORDERS, 9)
            for status in (400, 409, 413, 422)
        }

    def to_be_mended(self) -> Mapping[str, Callable[[Network], None]]:
        return {
            str(status): lambda network, status=status: network.spoil(answering(status), ORDERS, 9)
            for status in (401, 402, 403, 404)
        }


class TestVoice(Exam):
    @pytest.fixture
    def candidate(self, clock: HandClock, crypto: SoftwareCrypto) -> Candidate:
        return VoiceCandidate(clock, crypto)

    def check_drill(self, candidate: Candidate) -> None:
        assert isinstance(candidate, VoiceCandidate)
        orders = [kept.order for kept in candidate.exchange.orders.values()]
        assert orders
        assert all(order.drill and "演练" in order.text for order in orders)

    async def test_only_a_key_is_an_answer(self, candidate: Candidate, sitting: object) -> None:
        assert isinstance(candidate, VoiceCandidate)
        assert isinstance(sitting, tuple)
        house, _ = sitting
        people: tuple[voice.Person, ...] = ("confirms", "listens", "silent", "busy")
        candidate.exchange.people = dict(zip(NUMBERS, people, strict=True))
        request = candidate.request()
        await house.take(request)
        await house.work(10)
        assert (await house.tally(request))[TargetState.CONFIRMED] == 1
        await house.work(200)
        assert await house.tally(request) == only(confirmed=1, received=1, failed=2)
        *_, report = await house.reported(request)
        assert all(number not in report.model_dump_json() for number in NUMBERS)
