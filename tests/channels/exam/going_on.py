"""The exam, of going on: updates, and calls and partners that hang."""

import asyncio
import itertools
from contextlib import suppress
from pathlib import Path

import pytest

from contracts.values import Action, Mode, Withdrawal
from services.channels.push.breaker import FAILURES, REST
from tests.channels.exam.candidate import Candidate, examined, open_targets
from tests.channels.exam.network import BAD_ANSWERS, Network, hanging
from tests.channels.exam.sitting import A_WHILE_S, Sitting
from tests.channels.push.push_make import PushHouse


class GoingOn(Sitting):
    """Nothing waits for what hangs."""

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
            for line in (*candidate.lines, *well.lines):
                line.timeout_s = 30
            working = [asyncio.ensure_future(h.workers.run()) for h in (dead, alive)]
            for house in (dead, alive):
                await house.take(*(candidate.request(part=str(n)) for n in range(3)))
                house.workers.wake(Mode.LIVE)
            # The dead one is never let go: whatever the machine, the other one does not wait for it.
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
