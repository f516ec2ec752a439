"""The exam, of saying: once, though answers are bad, are lost, come twice, or never."""

import pytest

from services.channels.push.actions import attempts
from services.channels.push.adapter import Answers, Earlier
from services.channels.push.model import CLAIM, Delivery
from tests.channels.exam.candidate import Candidate, open_targets
from tests.channels.exam.network import BAD_ANSWERS, LOST_ANSWERS, Network, after_acting
from tests.channels.exam.sitting import Sitting
from tests.channels.push.push_make import PushHouse, only


class Saying(Sitting):
    """A warning is said once and nothing is lost."""

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
