"""The exam that every adapter takes: the rows of the table, each with the same questions."""

from math import prod

import pytest

from services.channels.push.adapters import ADAPTERS
from services.kit.crypto import SoftwareCrypto
from tests.channels.exam import Candidate, Exam
from tests.channels.push.candidates import CANDIDATES
from tests.clock import HandClock

LEAST = 40
"""So many cases each adapter passes at least."""


@pytest.fixture(params=CANDIDATES)
def candidate(request: pytest.FixtureRequest, clock: HandClock, crypto: SoftwareCrypto) -> Candidate:
    """A candidate of each row."""
    return CANDIDATES[request.param](clock, crypto)


class TestExam(Exam):
    """All questions, to every candidate."""

    @pytest.fixture
    def candidate(self, candidate: Candidate) -> Candidate:
        """The one who takes the exam."""
        return candidate


def test_every_adapter_sits_for_the_exam() -> None:
    assert {candidate.channel for candidate in CANDIDATES.values()} == set(ADAPTERS)


def test_the_exam_has_cases_enough() -> None:
    questions = [getattr(Exam, name) for name in dir(Exam) if name.startswith("test_")]
    cases = [prod(len(list(mark.args[1])) for mark in getattr(q, "pytestmark", ())) for q in questions]
    assert sum(cases) >= LEAST
