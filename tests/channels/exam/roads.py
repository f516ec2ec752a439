"""The exam, of roads: several addresses, wrong clocks, flapping partners, several replicas."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.values import Mode
from sandbox.faults import FaultKind
from services.channels.push.links import Links
from services.channels.push.worker import Workers
from tests.channels.exam.candidate import Candidate, examined, open_targets
from tests.channels.exam.network import BAD_ANSWERS, Network, hanging
from tests.channels.exam.sitting import Sitting
from tests.channels.push.push_make import PushHouse

FIRST, SECOND = "first", "second"


class Roads(Sitting):
    """Whatever road is open is taken, and nobody need help."""

    @pytest.fixture
    async def two_roads(
        self, candidate: Candidate, migrated: Path
    ) -> AsyncIterator[tuple[PushHouse, Network]]:
        """A house whose partner has two addresses."""
        if not candidate.many_addresses:
            pytest.skip("here every recipient has one address of his own")
        (scheme, _, rest), *_ = [candidate.url.partition("://")]
        path = rest.partition("/")[2]
        addresses = " ".join(f"{scheme}://{host}/{path}" for host in (FIRST, SECOND))
        async with examined(candidate, migrated, url=addresses) as both:
            yield both

    async def test_where_one_address_is_dead_the_other_is_taken_and_then_taken_first(
        self, candidate: Candidate, two_roads: tuple[PushHouse, Network]
    ) -> None:
        house, network = two_roads
        network.dead = {FIRST}
        request, next_one = candidate.request(), candidate.request(part="next")
        await house.take(request)
        await self._arrives(candidate, house, request)
        assert candidate.said() == candidate.times
        network.hosts.clear()
        await house.take(next_one)
        await self._arrives(candidate, house, next_one)
        assert set(network.hosts) == {SECOND}
        assert house.workers.breaker.failures == 0

    async def test_when_that_address_dies_the_first_is_found_again_without_anybody(
        self, candidate: Candidate, two_roads: tuple[PushHouse, Network]
    ) -> None:
        house, network = two_roads
        for n, dead in enumerate(({FIRST}, {SECOND}, {FIRST, SECOND}, {SECOND})):
            network.dead = dead
            request = candidate.request(part=str(n))
            await house.take(request)
            await house.once()
            if dead == {FIRST, SECOND}:
                assert open_targets(await house.tally(request)) == request.size
                network.dead = {FIRST}
            await self._arrives(candidate, house, request)
        assert candidate.said() == candidate.times * 4

    async def test_an_address_that_answers_rubbish_is_left_for_the_other(
        self, candidate: Candidate, two_roads: tuple[PushHouse, Network]
    ) -> None:
        house, network = two_roads
        network.spoil(BAD_ANSWERS["a page of HTML"], "/", times=1)
        request = candidate.request()
        await house.take(request)
        await self._arrives(candidate, house, request)
        assert network.hosts[0] == FIRST
        assert SECOND in network.hosts
        assert candidate.said() == candidate.times

    async def test_a_link_test_proves_every_address_by_itself(
        self, candidate: Candidate, two_roads: tuple[PushHouse, Network]
    ) -> None:
        house, network = two_roads
        links = Links(house.db, house.workers.adapter, 60, candidate.lines)
        assert (await links.test()).up
        assert set(network.hosts) == {FIRST, SECOND}
        network.dead = {SECOND}
        house.clock.move(60)
        half = await links.test()
        assert half.up
        assert half.seen.startswith("1 of 2 addresses answer; address 2: ")
        assert not any(host in half.seen for host in ("http", "first.", "second."))
        network.dead = {FIRST, SECOND}
        house.clock.move(60)
        assert not (await links.test()).up
        kept = await links.history()
        assert [test.up for test in kept] == [False, True, True]
        network.dead = set()
        request = candidate.request()
        await house.take(request)
        await self._arrives(candidate, house, request)

    @pytest.mark.parametrize("minutes", [-10, 10])
    async def test_a_wrong_clock_there_keeps_no_warning_back(
        self, minutes: int, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        candidate.theirs.off = timedelta(minutes=minutes)
        link = await Links(house.db, house.workers.adapter, 60).test()
        assert link.up, link.seen
        request = candidate.request()
        await house.take(request)
        await house.work(120)
        await candidate.later(house)
        assert await house.tally(request) == {candidate.arrived: request.size}
        assert candidate.said() == candidate.times

    async def test_a_partner_that_flaps_is_told_once(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        candidate.faults.set(FaultKind.FLAP, times=8)
        request = candidate.request()
        await house.take(request)
        await self._arrives(candidate, house, request)
        assert candidate.said() == candidate.times

    async def test_two_replicas_say_it_once(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, _ = sitting
        requests = [candidate.request(part=str(n)) for n in range(4)]
        await house.take(*requests)
        replicas = [Workers(house.db, house.workers.adapter, candidate.crypto) for _ in range(2)]
        working = [asyncio.ensure_future(replica.run()) for replica in replicas]
        for replica in replicas:
            replica.wake(Mode.LIVE)
        async with asyncio.timeout(30):
            while candidate.said() < candidate.times * 4:
                await asyncio.sleep(0.01)
        for work in working:
            work.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        for request in requests:
            await self._arrives(candidate, house, request)
        assert candidate.said() == candidate.times * 4

    async def test_an_attempt_that_hangs_past_the_expiry_is_not_made_again(
        self, candidate: Candidate, sitting: tuple[PushHouse, Network]
    ) -> None:
        house, network = sitting
        request = candidate.request()
        network.spoil(hanging, candidate.path, times=candidate.at_once)
        await house.take(request)
        hangs = asyncio.ensure_future(house.workers.step(request.mode, request.lane))
        await self._hang(candidate, network)
        house.clock.at = request.notice.expires
        await hangs
        await house.work(600)
        assert candidate.said() == 0
        assert open_targets(await house.tally(request)) == 0
