"""What auditors ask, each many times with other arguments: the middle and the slowest of a hundred."""

import random
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks import batches, figures
from benchmarks.ledger_facts import FIRST, YEARS, Size, warning_id
from benchmarks.ledger_story import phone
from contracts.values import Mode
from services.audit import rates
from services.audit.actions import ask, people, search
from services.audit.actions import station as stations
from services.audit.actions.search import Asking
from services.audit.model.account import Formulas
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database

A_SECOND = 1000
MOST_S = 30.0
"""One question is asked no longer than this, however slow it is."""
PAGE = 100
WORDS = ("水位上涨", "阵风", "同意发布", "地质灾害隐患", "石壕 降水", "应急管理局", "17处", "没有这样的词")
"""What is looked for in reasons: common, rare, and not there."""


@dataclass
class Asker:
    """Somebody who asks, each time of something else."""

    db: Database
    crypto: SoftwareCrypto
    size: Size
    stations: list[str]
    chance: random.Random
    formulas: Formulas

    def warning(self) -> str:
        """Return one of the warnings."""
        return str(warning_id(self.chance.randrange(self.size.stories)))

    def station(self) -> str:
        """Return one of the stations."""
        return self.chance.choice(self.stations)

    def gateway(self) -> str:
        """Return one of the gateways."""
        return self.chance.choice(batches.GATEWAYS)

    def phone(self) -> str:
        """Return the number of one of the people."""
        return phone(self.chance.randrange(self.size.phones))

    def moment(self) -> datetime:
        """Return a moment of all the years."""
        return FIRST + timedelta(seconds=self.chance.randrange(YEARS * 365 * 86_400))

    def year(self) -> tuple[datetime, datetime]:
        """Return the begin and the end of one of the years."""
        begin = FIRST + timedelta(days=365 * self.chance.randrange(YEARS))
        return begin, begin + timedelta(days=365)


Question = Callable[[Asker], Awaitable[object]]


async def _warning(asker: Asker) -> object:
    wanted = asker.warning()
    account = await ask.warning(asker.db, wanted)
    page = await ask.records(asker.db, 0, PAGE, warning_id=wanted)
    return account.revisions and page.records


async def _station(asker: Asker) -> object:
    first, last = asker.year()
    return await stations.station(
        asker.db, asker.station(), stations.Wanted(Mode.LIVE, first, last), asker.formulas
    )


async def _listed(asker: Asker) -> object:
    return await ask.warnings(asker.db, None, None, PAGE)


async def _phone(asker: Asker) -> object:
    return await people.find(asker.db, asker.crypto, asker.phone())


async def _phone_page(asker: Asker) -> object:
    return await people.warnings(asker.db, asker.crypto, asker.phone(), None, PAGE)


async def _reasons(asker: Asker) -> object:
    return await search.search(asker.db, Asking(asker.chance.choice(WORDS)))


QUESTIONS: list[tuple[str, Question, float]] = [
    ("everything about a warning", _warning, A_SECOND),
    ("a station's year", _station, A_SECOND),
    ("the newest warnings", _listed, A_SECOND),
    ("one phone over all warnings", _phone, 5),
    ("one phone, its first page of warnings", _phone_page, A_SECOND),
    ("full text of reasons", _reasons, A_SECOND),
]
"""What is asked, how, and within how many milliseconds 99 of 100 are to be answered."""


async def run(db: Database, crypto: SoftwareCrypto, size: Size, stations: list[str], times: int) -> None:
    """Print how long each question takes."""
    asker = Asker(db, crypto, size, stations, random.Random(7), rates.load())
    for name, question, goal in QUESTIONS:
        taken = await _asked(asker, question, times)
        figures.plain(f"{name}: p50 of {len(taken)}", statistics.median(taken), "ms")
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
