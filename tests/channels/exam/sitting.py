"""What every part of the exam stands on: the candidate, and a house with its adapter and network."""

import asyncio

import pytest

from contracts.delivery import DeliveryRequested
from services.kit.crypto import SoftwareCrypto
from tests.channels.exam.candidate import Candidate
from tests.channels.exam.network import Network
from tests.channels.push.push_make import PushHouse
from tests.clock import HandClock

A_WHILE_S = 1.0
"""After so long a sandbox shows what it was told, and goes on showing it."""


class Sitting:
    """A house, its network, and the one who takes the exam."""

    @pytest.fixture
    def candidate(self, clock: HandClock, crypto: SoftwareCrypto) -> Candidate:
        """The one who takes the exam."""
        raise NotImplementedError

    async def _arrives(self, candidate: Candidate, house: PushHouse, request: DeliveryRequested) -> None:
        await house.work(400)
        await candidate.later(house)
        assert await house.tally(request) == {candidate.arrived: request.size}
        await house.reported(request)

    async def _hang(self, candidate: Candidate, network: Network) -> None:
        while sum(path.startswith(candidate.path) for _, path in network.calls) < candidate.at_once:
            await asyncio.sleep(0.01)

    def check_drill(self, candidate: Candidate) -> None:
        """Look at what the partner was told of a drill."""
        candidate.check_drill()
