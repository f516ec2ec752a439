"""The adapter to the calling platform takes the exam, with the platform of the sandbox."""

from collections.abc import Callable, Mapping
from datetime import timedelta

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from contracts.delivery import DeliveryRequested
from contracts.outcome import TargetState
from contracts.sparing import DeliverySpared
from contracts.values import Channel, Withdrawal
from sandbox import voice
from sandbox.faults import FaultKind
from services.channels.push.actions import sparing
from services.channels.push.adapter import Adapter
from services.channels.push.model import Stage
from services.channels.push.voice.adapter import Voice
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from tests.channels.exam import Candidate, Network, answering
from tests.channels.push.push_make import PushHouse, a_notice, only
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
    people = NUMBERS

    def __init__(self, clock: HandClock, crypto: SoftwareCrypto) -> None:
        super().__init__(clock, crypto)
        self.secrets = (KEY, *NUMBERS)
        self.exchange = voice.Exchange(KEY, now=self.theirs, faults=self.faults)

    def app(self) -> FastAPI:
        return voice.create(self.exchange)

    def adapter(self, http: httpx.AsyncClient, db: Database, url: str) -> Adapter:
        return Voice(self.line(http, url), SecretStr(KEY))

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

    def check_drill(self) -> None:
        orders = [kept.order for kept in self.exchange.orders.values()]
        assert orders
        assert all(order.drill and "演练" in order.text for order in orders)


class TestVoice:
    """What only a calling platform is asked."""

    @pytest.fixture
    def candidate(self, clock: HandClock, crypto: SoftwareCrypto) -> Candidate:
        return VoiceCandidate(clock, crypto)

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

    async def test_times_and_amounts_are_written_out(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, exchange = sitting[0], _silent(candidate)
        notice = a_notice()
        said = notice.text.model_copy(update={"short": "22:30前有100~150毫米雨。"})
        await house.take(candidate.request(notice=notice.model_copy(update={"text": said})))
        await house.once()
        (kept,) = exchange.orders.values()
        assert kept.order.text.startswith("二十二时三十分前有一百到一百五十毫米雨。")

    async def test_whoever_need_not_be_called_any_more_is_called_no_more(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, exchange = sitting[0], _silent(candidate)
        request = await _ringing(house, candidate)
        await _spare(house, candidate, request, NUMBERS[:2])
        await house.work(4)
        assert _stopped(exchange) == set(NUMBERS[:2])
        assert (await house.tally(request))[TargetState.WITHDRAWN] == 2
        await house.work(200)
        assert await house.tally(request) == only(withdrawn=2, failed=2)

    async def test_an_order_that_was_given_after_a_spare_is_not_stopped_by_it(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, exchange = sitting[0], _silent(candidate)
        request = await _ringing(house, candidate)
        await _spare(house, candidate, request, NUMBERS[:2], before_s=1)
        await house.work(4)
        assert _stopped(exchange) == set()
        assert (await house.tally(request))[TargetState.SENT] == 4

    async def test_a_refusal_to_stop_is_not_taken_for_a_stop(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, exchange = sitting[0], _silent(candidate)
        request = await _ringing(house, candidate)
        refused = f"{ORDERS}/{request.delivery_id.hex}/stop"
        candidate.faults.set(FaultKind.REFUSE, times=2, path=refused, code=503)
        await _spare(house, candidate, request, NUMBERS[:1])
        await house.work(1)
        assert _stopped(exchange) == set()
        assert (await house.tally(request))[TargetState.SENT] == 4
        await house.work(12)
        assert _stopped(exchange) == set(NUMBERS[:1])
        assert (await house.tally(request))[TargetState.WITHDRAWN] == 1

    async def test_who_answers_before_the_stop_has_answered(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, exchange = sitting[0], _silent(candidate)
        exchange.people[NUMBERS[0]] = "confirms"
        request = await _ringing(house, candidate)
        candidate.clock.move(seconds=1)
        await house.end(1, Withdrawal.HALTED)
        await house.work(4)
        assert _stopped(exchange) == set(NUMBERS)
        assert await house.tally(request) == only(confirmed=1, withdrawn=3)
        assert (await house.get(request)).stage is Stage.DONE

    async def test_a_telephone_that_rings_on_is_asked_about_until_it_is_quiet(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, exchange = sitting[0], _silent(candidate)
        exchange.rings_on_s = 5
        request = await _ringing(house, candidate)
        await house.end(1, Withdrawal.HALTED)
        await house.work(3)
        assert (await house.get(request)).stage is Stage.STOP
        await house.work(10)
        assert (await house.get(request)).stage is Stage.DONE
        assert await house.tally(request) == only(withdrawn=4)

    async def test_an_order_that_the_platform_forgot_is_asked_for_and_then_told_to_people(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting[0], _silent(candidate)
        request = await _ringing(house, candidate)
        candidate.forget()
        await house.end(1, Withdrawal.HALTED)
        await house.work(60)
        assert (await house.get(request)).stage is Stage.STOP
        house.clock.at = request.notice.expires
        await house.work(900)
        assert (await house.get(request)).stage is Stage.DONE
        assert [fact.kind for fact in await house.facts()] == ["delivery.not-stopped"]


def _silent(candidate: Candidate) -> voice.Exchange:
    """Let nobody take the telephone off the hook."""
    assert isinstance(candidate, VoiceCandidate)
    candidate.exchange.people = dict.fromkeys(NUMBERS, "silent")
    return candidate.exchange


async def _ringing(house: PushHouse, candidate: Candidate) -> DeliveryRequested:
    request = candidate.request()
    await house.take(request)
    await house.once()
    assert candidate.said() == 1
    return request


def _stopped(exchange: voice.Exchange) -> set[str]:
    return {number for kept in exchange.orders.values() for number in kept.stopped}


async def _spare(
    house: PushHouse,
    candidate: Candidate,
    request: DeliveryRequested,
    numbers: tuple[str, ...],
    before_s: int = 0,
) -> None:
    """Let the router say that these people have answered, or had before the order was given."""
    names = tuple(sorted(candidate.crypto.keyed_hash(number).hex() for number in numbers))
    head = {name: getattr(request, name) for name in ("mode", "lane", "warning_id", "revision", "channel")}
    at = request.at - timedelta(seconds=before_s)
    async with house.db.transaction() as tx:
        await sparing.spare(tx, DeliverySpared(**head, at=at, targets=names))
