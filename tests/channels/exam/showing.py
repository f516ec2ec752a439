"""The exam, of showing: secrets, link tests, drills."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import structlog

from contracts.values import Mode
from services.channels.push.links import Links
from tests.channels.exam.candidate import Candidate, examined, open_targets
from tests.channels.exam.network import BAD_ANSWERS, Forward, Network, Spoil, echoing_kinds
from tests.channels.exam.sitting import Sitting
from tests.channels.push.push_make import PushHouse


class Showing(Sitting):
    """What is seen is true, and nothing is repeated that nobody may see."""

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
