"""What auditors ask, a row for each question, with the milliseconds within which it is to be answered."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks import batches
from benchmarks.ledger_facts import FIRST, YEARS, Size, warning_id
from benchmarks.ledger_story import ACTORS, phone
from contracts.values import Mode
from services.audit.actions import approvals, ask, changes, gateways, moment, people, search, station
from services.audit.actions.search import Asking
from services.audit.model.account import Formulas
from services.audit.model.period import Period
from services.audit.store.approvals import Wanted
from services.kit.clock import BEIJING
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database

A_SECOND = 1000
PAGE = 100
LIVE = Mode.LIVE.value
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

    def year(self) -> Period:
        """Return one of the years."""
        begin = FIRST + timedelta(days=365 * self.chance.randrange(YEARS))
        day = begin.astimezone(BEIJING).date()
        return Period(day, day + timedelta(days=364))


Question = Callable[[Asker], Awaitable[object]]


async def _warning(asker: Asker) -> object:
    wanted = asker.warning()
    account = await ask.warning(asker.db, wanted)
    page = await ask.records(asker.db, 0, PAGE, warning_id=wanted)
    return account.revisions and page.records


async def _station(asker: Asker) -> object:
    year = asker.year()
    return await station.station(asker.db, asker.station(), LIVE, year.first, year.last, asker.formulas)


async def _gateway(asker: Asker) -> object:
    return await gateways.performance(asker.db, asker.gateway(), asker.year(), LIVE)


async def _gateways(asker: Asker) -> object:
    return await gateways.listed(asker.db, asker.year(), LIVE)


async def _approved(asker: Asker) -> object:
    year = asker.year()
    person = asker.chance.choice((None, *ACTORS))
    return await approvals.approved(asker.db, Wanted(first=year.first, last=year.last, person=person))


async def _open(asker: Asker) -> object:
    return await moment.open_at(asker.db, asker.moment(), LIVE)


async def _registry(asker: Asker) -> object:
    return await changes.before_warning(asker.db, asker.warning(), changes.Wanted(touching=True))


async def _reasons(asker: Asker) -> object:
    return await search.search(asker.db, Asking(asker.chance.choice(WORDS)))


async def _phone(asker: Asker) -> object:
    return await people.find(asker.db, asker.crypto, asker.phone())


async def _phone_page(asker: Asker) -> object:
    return await people.warnings(asker.db, asker.crypto, asker.phone(), None, PAGE)


async def _fate(asker: Asker) -> object:
    return await people.outcome(asker.db, asker.crypto, asker.phone(), asker.warning())


async def _listed(asker: Asker) -> object:
    return await ask.warnings(asker.db, None, None, PAGE)


PHONE: tuple[Question, float] = (_phone, 5)
"""One phone over all warnings, with its goal."""

QUESTIONS: list[tuple[str, Question, float]] = [
    ("everything about a warning", _warning, A_SECOND),
    ("a station's year", _station, A_SECOND),
    ("a gateway's performance in a year", _gateway, A_SECOND),
    ("all gateways in a year", _gateways, A_SECOND),
    ("who approved", _approved, A_SECOND),
    ("what was open at a moment", _open, A_SECOND),
    ("what changed before a warning", _registry, A_SECOND),
    ("full text of reasons", _reasons, A_SECOND),
    ("one phone over all warnings", *PHONE),
    ("one phone, with its warnings", _phone_page, A_SECOND),
    ("one phone in one warning", _fate, A_SECOND),
    ("the newest warnings", _listed, A_SECOND),
]
"""What is asked, how, and within how many milliseconds 99 of 100 are to be answered."""
