"""The exam, of ending: withdrawals, expiry, lifts and halts."""

import asyncio

import pytest

from contracts.values import Action, Withdrawal
from sandbox.faults import FaultKind
from services.channels.push.model import UNSURE, Stage
from tests.channels.exam.candidate import Candidate, open_targets
from tests.channels.exam.network import BAD_ANSWERS, Network
from tests.channels.exam.sitting import A_WHILE_S, Sitting
from tests.channels.push.push_make import PushHouse, only


class Ending(Sitting):
    """What ends is not said any more, and is taken back where it was."""

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
