"""Exercising: what came of a drill, station by station, with every rate as numerator and denominator."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.values import Channel, Mode
from services.issuer import store
from services.issuer.actions.following import photograph
from services.issuer.catalogue import Catalogue
from services.issuer.model import WeatherWarning
from services.issuer.model.progress import Photograph
from services.issuer.store.progress import Target
from services.kit.db import Database
from services.kit.errors import Refused

MOST = 10_000


@dataclass(frozen=True)
class Rate:
    """How many of how many."""

    count: int
    of: int

    @property
    def percent(self) -> float | None:
        """The rate in percent, None when there was nobody to count."""
        return round(100 * self.count / self.of, 1) if self.of else None


@dataclass(frozen=True)
class Answer:
    """What one station did."""

    station: str
    received_s: float | None
    confirmed_s: float | None
    by: str | None


@dataclass(frozen=True)
class Agreed:
    """One approval, and how long it was waited for."""

    name: str
    at: datetime
    waited_s: float


@dataclass(frozen=True)
class Exercise:
    """The report of one drill revision."""

    warning: WeatherWarning
    photo: Photograph
    approvals: tuple[Agreed, ...]
    answers: tuple[Answer, ...]
    """Those that confirmed come first, the quickest first; then those that only received; then the silent."""
    reception_min: int
    reception: Rate
    answer_min: int | None
    answered: Rate
    confirmed: Rate

    @property
    def silent(self) -> tuple[Answer, ...]:
        """The stations that never confirmed."""
        return tuple(one for one in self.answers if one.confirmed_s is None)


async def exercise(
    db: Database, catalogue: Catalogue, warning_id: UUID, revision: int | None = None
) -> Exercise:
    """Return the report of a drill that went out, the newest revision when none is named."""
    photo = await photograph(db, warning_id, revision)
    async with db.read() as connection:
        warning = await store.warnings.get(connection, warning_id, photo.revision)
        found = await store.progress.targets(
            connection, warning_id, photo.revision, Channel.STATION, "", MOST
        )
    if warning.content.mode is not Mode.DRILL:
        raise Refused("this is no drill", mend="look at its page: progress is there")
    return _report(catalogue, warning, photo, {one.target: one for one in found})


def _report(
    catalogue: Catalogue, warning: WeatherWarning, photo: Photograph, known: dict[str, Target]
) -> Exercise:
    listed = warning.manifest.targets(Channel.STATION) if warning.manifest else None
    codes = listed.targets if listed else ()
    answers = [_answer(code, known.get(code), photo.approved_at) for code in codes]
    promises = catalogue.promises
    answer_min = promises.colours[warning.content.level].answer_min
    until = min(warning.content.expires - photo.approved_at, timedelta(minutes=promises.reception_min))
    return Exercise(
        warning=warning,
        photo=photo,
        approvals=_agreed(warning),
        answers=tuple(sorted(answers, key=_order)),
        reception_min=promises.reception_min,
        reception=Rate(_within([one.received_s for one in answers], until), len(codes)),
        answer_min=answer_min,
        answered=Rate(
            _within([one.confirmed_s for one in answers], timedelta(minutes=answer_min or 0)), len(codes)
        ),
        confirmed=Rate(sum(one.confirmed_s is not None for one in answers), len(codes)),
    )


def _within(waits: list[float | None], limit: timedelta) -> int:
    return sum(one is not None and one <= limit.total_seconds() for one in waits)


def _answer(code: str, target: Target | None, approved_at: datetime) -> Answer:
    received, confirmed = (target.received_at, target.confirmed_at) if target else (None, None)
    return Answer(
        code,
        (received - approved_at).total_seconds() if received else None,
        (confirmed - approved_at).total_seconds() if confirmed else None,
        target.by if target and confirmed else None,
    )


def _order(answer: Answer) -> tuple[bool, float, bool, str]:
    return (
        answer.confirmed_s is None,
        answer.confirmed_s or 0.0,
        answer.received_s is None,
        answer.station,
    )


def _agreed(warning: WeatherWarning) -> tuple[Agreed, ...]:
    begun, found = warning.submitted_at or warning.created_at, []
    for one in warning.approvals:
        found.append(Agreed(one.name, one.at, (one.at - begun).total_seconds()))
        begun = one.at
    return tuple(found)
