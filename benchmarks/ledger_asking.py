"""Asking every question many times, each time of something else: the middle and the slowest of a hundred."""

import random
import statistics
import time

from benchmarks import figures
from benchmarks.ledger_facts import Size
from benchmarks.ledger_questions import QUESTIONS, Asker, Question
from services.audit.data import rates
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database

MOST_S = 60.0
"""One question is asked no longer than this, however slow it is."""


async def run(db: Database, crypto: SoftwareCrypto, size: Size, stations: list[str], times: int) -> None:
    """Print how long each question takes."""
    asker = Asker(db, crypto, size, stations, random.Random(7), rates.load())
    for name, question, goal in QUESTIONS:
        await ask(asker, name, question, goal, times)


async def ask(asker: Asker, name: str, question: Question, goal: float, times: int) -> None:
    """Print how long a question takes."""
    taken = await _asked(asker, question, times)
    figures.plain(f"{name}: p50", statistics.median(taken), f"ms of {len(taken)}")
    figures.at_most(f"{name}: p99", _at(taken, 0.99), "ms", goal)


async def _asked(asker: Asker, question: Question, times: int) -> list[float]:
    """Return how many milliseconds each answer took, after one to warm up."""
    taken: list[float] = []
    begun = time.perf_counter()
    for number in range(times + 1):
        asked = time.perf_counter()
        await question(asker)
        now = time.perf_counter()
        if number:
            taken.append((now - asked) * 1000)
        if taken and now - begun > MOST_S:
            break
    return taken


def _at(taken: list[float], share: float) -> float:
    return sorted(taken)[min(len(taken) - 1, int(share * len(taken)))]
