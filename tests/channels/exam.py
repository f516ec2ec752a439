"""The exam that every push adapter takes: with the partner's sandbox, and a network that a function spoils.

Nothing here knows a partner. A candidate brings its sandbox, its adapter, and what the partner says when it
refuses; `class TestCable(Exam)` with a fixture `candidate` is all that it takes.
"""

import asyncio
import itertools
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI

from contracts.delivery import DeliveryRequested
from contracts.outcome import Column, TargetState, columns
from contracts.values import Action, Channel, Mode, Withdrawal
from contracts.warning import Notice
from sandbox.faults import FaultKind, Faults
from services.channels.push.actions import attempts
from services.channels.push.adapter import Adapter, Answers, Earlier
from services.channels.push.breaker import FAILURES, REST
from services.channels.push.calling import Line
from services.channels.push.links import Links
from services.channels.push.model import CLAIM, UNSURE, Delivery, Stage
from services.channels.push.worker import Workers
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from tests.channels.push.push_make import HandClock, PushHouse, a_notice, only

A_WHILE_S = 1.0
"""After so long a sandbox shows what it was told, and goes on showing it."""

Forward = Callable[[], Awaitable[httpx.Response]]
Spoil = Callable[[httpx.Request, Forward], Awaitable[httpx.Response]]


class Network(httpx.AsyncBaseTransport):
    """A network to one sandbox; it loses, breaks or changes what a test tells it to."""

    def __init__(self, app: FastAPI) -> None:
        self.inner = httpx.ASGITransport(app)
        self.calls: list[tuple[str, str]] = []
        self.reached = asyncio.Event()
        self._spoils: list[tuple[str, int, Spoil]] = []
        self._under_way: set[asyncio.Task[httpx.Response]] = set()

    def spoil(self, by: Spoil, path: str, times: int = 1) -> None:
        """Let the next calls of a path go wrong."""
        self._spoils.append((path, times, by))

    def heal(self) -> None:
        """Let everything go well again."""
        self._spoils.clear()

    async def settled(self) -> None:
        """Wait until the partner has done what had reached it, answered or not."""
        while self._under_way:
            await asyncio.wait(set(self._under_way))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append((request.method, request.url.path))
        self.reached.set()

        async def forward() -> httpx.Response:
            # What has reached a partner is done there, whether or not we still wait for the answer.
            task = asyncio.ensure_future(self.inner.handle_async_request(request))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
            return await asyncio.shield(task)

        by = self._next_spoil(request.url.path)
        return await (by(request, forward) if by else forward())

    def _next_spoil(self, path: str) -> Spoil | None:
        for n, (prefix, times, by) in enumerate(self._spoils):
            if path.startswith(prefix):
                if times == 1:
                    del self._spoils[n]
                else:
                    self._spoils[n] = (prefix, times - 1, by)
                return by
        return None


class _Breaks(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b'{"status": "acc'
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")


class _NeverEnds(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b"x" * (1 << 16)
            await asyncio.sleep(0)


class _Drips(httpx.AsyncByteStream):
    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.01)


def answering(status: int, content: bytes = b"", **headers: str) -> Spoil:
    """Return a spoil that answers in the partner's place."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    async def spoil(request: httpx.Request, forward: Forward) -> httpx.Response:
        return httpx.Response(status, headers=named, stream=httpx.ByteStream(content))

    return spoil


def streaming(stream: httpx.AsyncByteStream) -> Spoil:
    async def spoil(request: httpx.Request, forward: Forward) -> httpx.Response:
        return httpx.Response(200, stream=stream)

    return spoil


def raising(error: Exception) -> Spoil:
    async def spoil(request: httpx.Request, forward: Forward) -> httpx.Response:
        raise error

    return spoil


def after_acting(by: Spoil) -> Spoil:
    """Return a spoil that lets the partner act, and spoils its answer."""

    async def spoil(request: httpx.Request, forward: Forward) -> httpx.Response:
        await forward()
        return await by(request, forward)

    return spoil


async def hanging(request: httpx.Request, forward: Forward) -> httpx.Response:
    """Never answer."""
    await asyncio.Event().wait()
    raise AssertionError


async def echoing_kinds(request: httpx.Request) -> list[bytes]:
    """Return everything that was sent, in the forms in which partners speak of errors."""
    sent = f"{request.url} {dict(request.headers)} {(await request.aread())!r}"
    shapes: list[dict[str, Any]] = [
        {"status": "rejected", "reason": sent},
        {"errcode": 47003, "errmsg": sent},
        {"errcode": -1, "errmsg": sent},
        {"error": {"code": 1003, "message": sent}},
        {"status": sent, "errcode": sent, "error": sent, "msg_id": sent, "msgid": sent, "access_token": sent},
    ]
    return [httpx.Response(200, json=shape).content for shape in shapes] + [sent.encode()]


BAD_ANSWERS: Mapping[str, Spoil] = {
    "a page of HTML": answering(200, b"<html><body>It works!</body></html>", content_type="text/html"),
    "nothing at all": answering(200),
    "204": answering(204),
    "JSON null": answering(200, b"null"),
    "a JSON list": answering(200, b"[]"),
    "a JSON number": answering(200, b"7"),
    "half of a JSON object": answering(200, b'{"errcode": 0, "msg'),
    "another object": answering(200, b'{"ok": true}'),
    "binary rubbish": answering(200, bytes(range(256)) * 8),
    "500": answering(500, b"oops"),
    "502 with HTML": answering(502, b"<html>bad gateway</html>"),
    "503": answering(503, b"{}", retry_after="3"),
    "504": answering(504),
    "a redirect": answering(302, location="http://elsewhere.example/"),
    "a redirect for good": answering(308, location="http://elsewhere.example/"),
    "408": answering(408),
    "429": answering(429, b"{}", retry_after="4"),
    "something packed": answering(200, b"\x1f\x8b", content_encoding="br"),
    "a stream without end": streaming(_NeverEnds()),
    "a stream that drips": streaming(_Drips()),
    "a body that breaks off": streaming(_Breaks()),
    "a refused connection": raising(httpx.ConnectError("refused")),
    "a certificate that has expired": raising(httpx.ConnectError("certificate has expired")),
    "a read time-out": raising(httpx.ReadTimeout("slow")),
    "a broken pipe": raising(httpx.WriteError("broken")),
    "silence": hanging,
}
LOST_ANSWERS = (
    "a page of HTML",
    "500",
    "a body that breaks off",
    "a read time-out",
    "nothing at all",
    "silence",
)


class Candidate(ABC):
    """A partner's sandbox, and our adapter to it."""

    channel: Channel
    path: str
    """Of the call that says a warning."""
    arrived: TargetState
    """What targets come to when all is well."""
    times = 1
    """How many things the partner is told for one delivery."""
    at_once = 1
    """How many of these it is told at the same time."""
    can_stop = True
    """Whether what was said can be taken back by a halt."""
    url = "http://partner"
    timeout_s = 0.5
    """How long a call to the partner may take."""

    def __init__(self, clock: HandClock, crypto: SoftwareCrypto) -> None:
        self.clock = clock
        self.crypto = crypto
        self.faults = Faults()
        self.secrets: tuple[str, ...] = ()
        self.lines: list[Line] = []

    def line(self, http: httpx.AsyncClient, url: str) -> Line:
        """Return a line to the sandbox."""
        self.lines.append(Line(http, "the partner", url, self.timeout_s))
        return self.lines[-1]

    def empty(self) -> Notice:
        """Return a notice of which nothing is left that could be said."""
        notice = a_notice()
        text = notice.text.model_copy(update={"short": " \u200b ", "headline": "\u200b"})
        return notice.model_copy(update={"text": text})

    @abstractmethod
    def app(self) -> FastAPI:
        """Return the sandbox."""

    @abstractmethod
    def adapter(self, http: httpx.AsyncClient, db: Database, url: str) -> Adapter:
        """Return the adapter, speaking to this address."""

    @abstractmethod
    def request(
        self,
        revision: int = 1,
        action: Action = Action.START,
        *,
        mode: Mode = Mode.LIVE,
        notice: Notice | None = None,
        part: str = "0",
    ) -> DeliveryRequested:
        """Return a request to this channel."""

    @abstractmethod
    def said(self) -> int:
        """Return how many things the partner was told to say, stops and lifts left out."""

    @abstractmethod
    def standing(self) -> int:
        """Return before how many the warning stands at this moment."""

    @abstractmethod
    def lifted(self) -> int:
        """Return how many lifts or stops the partner was told."""

    @abstractmethod
    def forget(self) -> None:
        """Let the partner lose all that it knows."""

    @abstractmethod
    def refusals(self) -> Mapping[str, Callable[[Network], None]]:
        """Return what arms each way in which the partner says no for good."""

    @abstractmethod
    def to_be_mended(self) -> Mapping[str, Callable[[Network], None]]:
        """Return what arms each answer that an operator must see to."""

    async def later(self, house: PushHouse) -> None:  # noqa: B027 (most partners only answer)
        """Let the partner tell what it tells of its own accord."""


@asynccontextmanager
async def examined(
    candidate: Candidate, folder: Path, url: str | None = None
) -> AsyncIterator[tuple[PushHouse, Network]]:
    """Open a house with the candidate's adapter, on a network to its sandbox."""
    network = Network(candidate.app())
    db = Database(candidate.channel, f"sqlite:///{folder}/house.db", candidate.clock)
    async with httpx.AsyncClient(transport=network) as http:
        adapter = candidate.adapter(http, db, candidate.url if url is None else url)
        try:
            yield (
                PushHouse(db, candidate.clock, Workers(db, adapter, candidate.crypto), candidate.crypto),
                network,
            )
        finally:
            await network.settled()
            await db.close()


def open_targets(tally: Mapping[TargetState, int]) -> int:
    return columns(tally)[Column.OPEN]


class Exam:
    """What every adapter must do well."""

    @pytest.fixture
    def candidate(self, clock: HandClock, crypto: SoftwareCrypto) -> Candidate:
        """The one who takes the exam."""
        raise NotImplementedError

    @pytest.fixture
    async def sitting(self, candidate: Candidate, migrated: Path) -> AsyncIterator[tuple[PushHouse, Network]]:
        """A house with the candidate's adapter and its network."""
        async with examined(candidate, migrated) as both:
            yield both

    async def _arrives(self, candidate: Candidate, house: PushHouse, request: DeliveryRequested) -> None:
        await house.work(400)
        await candidate.later(house)
        assert await house.tally(request) == {candidate.arrived: request.size}
        await house.reported(request)

    async def test_a_warning_is_said_once_and_arrives(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        request = candidate.request()
        await house.take(request)
        await self._arrives(candidate, house, request)
        assert candidate.said() == candidate.times

    @pytest.mark.parametrize("kind", BAD_ANSWERS)
    async def test_a_bad_answer_is_tried_again_and_nothing_is_lost(
        self, kind: str, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, network = sitting
        request = candidate.request()
        network.spoil(BAD_ANSWERS[kind], candidate.path)
        await house.take(request)
        await house.once()
        assert open_targets(await house.tally(request)) == request.size
        await self._arrives(candidate, house, request)
        assert candidate.said() == candidate.times

    @pytest.mark.parametrize("kind", LOST_ANSWERS)
    async def test_an_answer_that_is_lost_makes_no_duplicate(
        self, kind: str, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, network = sitting
        request = candidate.request()
        network.spoil(after_acting(BAD_ANSWERS[kind]), candidate.path)
        await house.take(request)
        await self._arrives(candidate, house, request)
        assert candidate.said() == candidate.times

    @pytest.mark.parametrize(
        ("kind", "part"),
        [("delay", 0.3), ("delay", 1.5), ("late", 0.3), ("late", 1.5), ("twice", 0), ("drop", 0)],
    )
    async def test_a_faulty_partner_is_told_once(
        self, kind: str, part: float, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, network = sitting
        request = candidate.request()
        seconds = candidate.timeout_s * part
        candidate.faults.set(kind, seconds=seconds, times=1, path=candidate.path)
        await house.take(request)
        await house.once()
        await network.settled()
        await self._arrives(candidate, house, request)
        assert candidate.said() == candidate.times

    async def test_every_refusal_ends_in_failure_with_a_reason(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, network = sitting
        for n, (kind, arm) in enumerate(candidate.refusals().items()):
            network.heal()
            arm(network)
            request = candidate.request(part=str(n))
            await house.take(request)
            await house.once()
            tally = await house.tally(request)
            assert tally == only(failed=request.size), kind
            *_, report = await house.reported(request)
            assert all(outcome.detail for outcome in report.outcomes), kind
            calls = len(network.calls)
            await house.work(120)
            assert len(network.calls) == calls, f"{kind}: what is refused is not said again"
        assert candidate.said() == 0

    async def test_what_an_operator_must_mend_loses_nothing_and_rests_nobody(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, network = sitting
        for n, (kind, arm) in enumerate(candidate.to_be_mended().items()):
            arm(network)
            request = candidate.request(part=str(n))
            await house.take(request)
            await house.once()
            assert open_targets(await house.tally(request)) == request.size, kind
            assert house.workers.breaker.failures == 0, kind
            network.heal()
            candidate.faults.clear()
            await self._arrives(candidate, house, request)

    async def test_a_delivery_taken_twice_is_said_once(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        request = candidate.request()
        await house.take(request, request)
        await house.once()
        await house.take(request)
        await self._arrives(candidate, house, request)
        assert candidate.said() == candidate.times

    async def test_a_crash_after_the_partner_took_it_makes_no_duplicate(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        request = candidate.request()
        await house.take(request)
        claimed = await attempts.claim(house.db, request.mode, request.lane)
        assert claimed is not None
        await self._until_it_crashes(house, *claimed)
        house.clock.move(CLAIM.total_seconds() + 1)
        await self._arrives(candidate, house, request)
        assert candidate.said() == candidate.times

    async def _until_it_crashes(
        self, house: PushHouse, claimed: Delivery, earlier: tuple[Earlier, ...]
    ) -> None:
        """Speak to the partner and write no more than what was written before it was spoken to."""
        job = await house.workers._job(claimed, earlier)
        answers: Answers = house.workers.adapter.send(job)
        async for answer in answers:
            if answer.states:
                break
            await attempts.write(house.db, claimed, answer)
        await answers.aclose()

    async def test_withdrawn_before_it_was_sent_nothing_is_sent(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, network = sitting
        request = candidate.request()
        await house.take(request)
        await house.end(1, Withdrawal.HALTED)
        await house.work(400)
        assert network.calls == []
        assert await house.tally(request) == only(withdrawn=request.size)

    async def test_a_tombstone_that_came_first_means_nothing_is_sent(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, network = sitting
        request = candidate.request()
        await house.end(1, Withdrawal.CANCELLED)
        await house.take(request)
        await house.work(400)
        assert network.calls == []

    async def test_nothing_is_sent_after_the_expiry(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, network = sitting
        request = candidate.request()
        network.spoil(BAD_ANSWERS["a refused connection"], "/", times=10**6)
        await house.take(request)
        await house.work(30)
        house.clock.at = request.notice.expires
        network.heal()
        await house.work(900)
        assert candidate.said() == 0
        assert await house.tally(request) == only(expired=request.size)

    async def test_a_lift_takes_the_warning_back(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        first, lift = candidate.request(), candidate.request(2, Action.STOP)
        await house.take(first)
        await house.work(A_WHILE_S)
        assert candidate.standing() > 0
        await house.take(lift)
        await self._arrives(candidate, house, lift)
        assert candidate.standing() == 0
        assert candidate.lifted() == candidate.times

    async def test_a_lift_of_what_was_never_said_is_accounted_for(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        lift = candidate.request(2, Action.STOP)
        await house.take(lift)
        await house.work(60)
        await candidate.later(house)
        tally = await house.tally(lift)
        assert open_targets(tally) == 0
        assert candidate.standing() == 0

    @pytest.mark.parametrize(
        ("kind", "part"), [("late", 0.3), ("late", 1.5), ("delay", 0.3), ("delay", 1.5), ("silent", 0)]
    )
    async def test_a_lift_overtakes_a_warning_that_hangs(
        self, kind: str, part: float, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, network = sitting
        seconds = candidate.timeout_s * part
        first, lift = candidate.request(), candidate.request(2, Action.STOP)
        candidate.faults.set(kind, seconds=seconds, times=1, path=candidate.path)
        await house.take(first)
        hangs = asyncio.ensure_future(house.workers.step(first.mode, first.lane))
        while candidate.faults.active.get(FaultKind(kind)) is not None:
            await asyncio.sleep(0.01)
        await house.take(lift)
        while not hangs.done():
            await house.once()
            await asyncio.sleep(0.02)
        candidate.faults.clear()
        await network.settled()
        await house.work(UNSURE.total_seconds() + 120)
        await candidate.later(house)
        assert candidate.standing() == 0
        assert open_targets(await house.tally(lift)) == 0
        assert open_targets(await house.tally(first)) == 0
        await house.reported(first)

    async def test_a_halt_takes_off_what_is_on_the_air(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        request = candidate.request()
        await house.take(request)
        await house.work(A_WHILE_S)
        await house.end(1, Withdrawal.HALTED)
        await house.work(10)
        assert candidate.standing() == 0 or not candidate.can_stop
        assert (await house.get(request)).stage is Stage.DONE

    @pytest.mark.parametrize("kind", ["500", "silence", "a page of HTML", "a refused connection"])
    async def test_a_stop_that_goes_wrong_is_tried_again(
        self, kind: str, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, network = sitting
        request = candidate.request()
        await house.take(request)
        await house.work(A_WHILE_S)
        network.spoil(BAD_ANSWERS[kind], "/", times=3)
        await house.end(1, Withdrawal.HALTED)
        await house.work(60)
        assert candidate.standing() == 0 or not candidate.can_stop
        assert (await house.get(request)).stage is Stage.DONE

    async def test_a_halt_while_the_warning_hangs_leaves_nothing_standing(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, network = sitting
        request = candidate.request()
        candidate.faults.set(FaultKind.LATE, seconds=candidate.timeout_s * 0.3, times=1, path=candidate.path)
        await house.take(request)
        hangs = asyncio.ensure_future(house.workers.step(request.mode, request.lane))
        await network.reached.wait()
        await house.end(1, Withdrawal.HALTED)
        await hangs
        await network.settled()
        calls = candidate.said()
        await house.work(120)
        assert candidate.standing() == 0 or not candidate.can_stop
        assert candidate.said() == calls

    async def test_an_update_takes_the_place_of_the_warning(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        first, update = candidate.request(), candidate.request(2, Action.REPLACE)
        await house.take(first)
        await house.work(A_WHILE_S)
        await house.take(update)
        await house.work(A_WHILE_S)
        assert candidate.said() == candidate.times * 2
        await self._arrives(candidate, house, update)
        assert candidate.lifted() == 0

    async def test_an_update_goes_out_though_the_partner_has_forgotten_the_warning(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        first, update = candidate.request(), candidate.request(2, Action.REPLACE)
        await house.take(first)
        await house.work(A_WHILE_S)
        candidate.forget()
        before = candidate.said()
        await house.take(update)
        await self._arrives(candidate, house, update)
        assert candidate.said() - before == candidate.times

    async def test_an_update_does_not_wait_for_a_warning_that_hangs(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, network = sitting
        for line in candidate.lines:
            line.timeout_s = 30
        first, update = candidate.request(), candidate.request(2, Action.REPLACE)
        network.spoil(hanging, candidate.path, times=candidate.at_once)
        await house.take(first)
        hangs = asyncio.ensure_future(house.workers.step(first.mode, first.lane))
        await self._hang(candidate, network)
        await house.take(update)
        await house.once()
        assert not hangs.done()
        assert candidate.said() == candidate.times
        hangs.cancel()

    async def _hang(self, candidate: Candidate, network: Network) -> None:
        while sum(path.startswith(candidate.path) for _, path in network.calls) < candidate.at_once:
            await asyncio.sleep(0.01)

    async def test_a_call_that_hangs_delays_no_other_warning(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, network = sitting
        for line in candidate.lines:
            line.timeout_s = 30
        hung, other = candidate.request(part="hung"), candidate.request(part="other")
        network.spoil(hanging, candidate.path, times=candidate.at_once)
        await house.take(hung)
        working = asyncio.ensure_future(house.workers.run())
        await self._hang(candidate, network)
        await house.take(other)
        house.workers.wake(other.mode)
        async with asyncio.timeout(10):
            while candidate.said() < candidate.times:
                await asyncio.sleep(0.01)
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working

    async def test_a_dead_partner_delays_no_other_partner(
        self, candidate: Candidate, migrated: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        elsewhere = tmp_path_factory.mktemp("elsewhere")
        (elsewhere / "house.db").write_bytes((migrated / "house.db").read_bytes())
        well = type(candidate)(candidate.clock, candidate.crypto)
        async with examined(candidate, migrated) as (dead, network), examined(well, elsewhere) as (alive, _):
            network.spoil(hanging, "/", times=10**6)
            working = [asyncio.ensure_future(h.workers.run()) for h in (dead, alive)]
            for house in (dead, alive):
                await house.take(*(candidate.request(part=str(n)) for n in range(3)))
                house.workers.wake(Mode.LIVE)
            async with asyncio.timeout(5):
                while well.said() < well.times * 3:
                    await asyncio.sleep(0.01)
            assert candidate.said() == 0
            for work in working:
                work.cancel()
            await asyncio.gather(*working, return_exceptions=True)

    async def test_a_dead_partner_is_left_alone_and_found_again(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, network = sitting
        requests = [candidate.request(part=str(n)) for n in range(FAILURES + 2)]
        network.spoil(BAD_ANSWERS["a refused connection"], "/", times=10**6)
        await house.take(*requests)
        await house.once()
        assert house.workers.breaker.open_until is not None
        rests = 6
        before = len(network.calls)
        await house.work(rests * REST.total_seconds())
        assert len(network.calls) - before <= (rests + 2) * candidate.times
        network.heal()
        await house.work(400)
        await candidate.later(house)
        assert house.workers.breaker.open_until is None
        assert [await house.tally(r) for r in requests] == [{candidate.arrived: r.size} for r in requests]
        assert candidate.said() == candidate.times * len(requests)

    async def test_an_empty_text_is_refused_and_nothing_is_sent(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        request = candidate.request(notice=candidate.empty())
        await house.take(request)
        await house.work(60)
        assert candidate.said() == 0
        assert await house.tally(request) == only(failed=request.size)
        *_, report = await house.reported(request)
        assert all("empty" in (outcome.detail or "") for outcome in report.outcomes)

    @pytest.mark.parametrize("status", [200, 400, 401, 409, 422, 429, 500])
    async def test_no_secret_and_no_recipient_is_ever_repeated(
        self, status: int, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, network = sitting

        def echo(n: int) -> Spoil:
            async def spoil(request: httpx.Request, forward: Forward) -> httpx.Response:
                return httpx.Response(status, stream=httpx.ByteStream((await echoing_kinds(request))[n]))

            return spoil

        links = Links(house.db, house.workers.adapter, 60)
        with structlog.testing.capture_logs() as logs:
            for n in range(6):
                network.heal()
                network.spoil(echo(n), "/", times=3)
                await house.take(candidate.request(part=str(n)))
                await house.once()
                network.spoil(echo(n), "/", times=3)
                await links.test()
        told = await house.details() + repr(logs) + repr(await links.last())
        assert candidate.secrets
        assert [secret for secret in candidate.secrets if secret in told] == []

    async def test_a_partner_that_is_not_configured_loses_nothing_and_is_shown(
        self, candidate: Candidate, migrated: Path
    ) -> None:
        async with examined(candidate, migrated, url="") as (house, network):
            request = candidate.request()
            await house.take(request)
            await house.work(120)
            assert network.calls == []
            assert open_targets(await house.tally(request)) == request.size
            link = await Links(house.db, house.workers.adapter, 60).test()
            assert not link.up
            assert "not configured" in link.seen

    async def test_a_link_test_disturbs_nobody(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, network = sitting
        link = await Links(house.db, house.workers.adapter, 60).test()
        assert (link.up, candidate.said(), candidate.lifted()) == (True, 0, 0), link.seen
        assert network.calls

    @pytest.mark.parametrize(
        "kind", ["silence", "a refused connection", "500", "a redirect", "a stream without end"]
    )
    async def test_a_link_test_tells_a_road_that_is_down(
        self, kind: str, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, network = sitting
        links = Links(house.db, house.workers.adapter, 60)
        network.spoil(BAD_ANSWERS[kind], "/", times=10**6)
        link = await links.test()
        assert not link.up
        house.clock.move(60)
        again = await links.test()
        assert (again.since, again.tested_at) == (link.since, link.since + timedelta(seconds=60))
        network.heal()
        assert (await links.test()).up
        assert [f.kind for f in await house.facts()] == ["link.down", "link.up"]

    async def test_a_drill_says_so_wherever_it_is_seen(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        request = candidate.request(mode=Mode.DRILL)
        await house.take(request)
        await self._arrives(candidate, house, request)
        self.check_drill(candidate)

    def check_drill(self, candidate: Candidate) -> None:
        """Look at what the partner was told of a drill."""
        raise NotImplementedError

    async def test_the_account_adds_up_after_every_fault_at_once(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, network = sitting
        requests = [candidate.request(part=str(n)) for n in range(4)]
        for by in itertools.islice(BAD_ANSWERS.values(), 12):
            network.spoil(by, candidate.path)
        await house.take(*requests)
        await house.work(40)
        await house.end(1, Withdrawal.HALTED)
        await house.work(400)
        for request in requests:
            assert open_targets(await house.tally(request)) == 0
            await house.reported(request)
