"""A gateway's performance: what it was asked to carry in a period, how long it took, what went wrong."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model.account import Formulas, Rate
from services.audit.model.carried import Sum, total
from services.audit.model.period import Period
from services.audit.store import gateways, questions
from services.audit.store.questions import Record
from services.kit.db import Database
from services.kit.errors import NotFound

K = TypeVar("K")


@dataclass(frozen=True)
class Rates:
    """The rates of a gateway, each with its denominator."""

    answered: Rate
    """Batches answered in time, of the batches asked."""
    received: Rate
    """Recipients delivered or confirmed, of those asked."""
    failed: Rate
    repeated: Rate
    """Batches handed out more than once, of those handed out."""
    ran_out: Rate
    """Leases that ran out before any answer, of all leases."""


def rates_of(found: Sum, rules: Formulas) -> Rates:
    """Return the rates of some sums."""
    count = found.count
    return Rates(
        answered=Rate(
            found.within("answered", rules.gateway_answered_within.total_seconds()), count("batches")
        ),
        received=Rate(count("delivered") + count("confirmed"), count("recipients")),
        failed=Rate(count("failed"), count("recipients")),
        repeated=Rate(count("repeated"), count("leased")),
        ran_out=Rate(count("ran_out"), count("attempts")),
    )


@dataclass(frozen=True)
class Line:
    """One gateway in the list."""

    route: str
    name: str | None
    operator: str | None
    revisions: int
    sum: Sum


async def listed(db: Database, period: Period, mode: str) -> list[Line]:
    """Return every gateway that was asked for anything in a period."""
    async with questions.snapshot(db) as connection:
        rows = await gateways.routes(connection, period.days, mode)
        names = await questions.names(connection, {row["route"] for row in rows})
        operators = await gateways.operators(connection)
    return [
        Line(
            row["route"],
            names.get(row["route"]),
            operators.get(row["route"]),
            row["revisions"],
            Sum({name: value for name, value in row.items() if name != "route"}),
        )
        for row in rows
    ]


@dataclass(frozen=True)
class OfWarning:
    """What a gateway was asked to carry of one revision."""

    warning_id: str
    revision: int
    level: str | None
    verb: str | None
    headline: str | None
    stopped: bool
    """True when the revision was ended before it expired: what waited was to be withdrawn."""
    sum: Sum


@dataclass(frozen=True)
class Performance:
    """A gateway's performance in a period."""

    route: str
    name: str | None
    operator: str | None
    period: Period
    mode: str
    sum: Sum
    channels: Mapping[str, Sum]
    days: Sequence[tuple[str, Sum]]
    warnings: Sequence[OfWarning]
    more_warnings: bool
    stops: Sum
    """The sums of revisions that were ended before they expired."""
    told: Mapping[str, int]
    """How often each kind of fact was said of it."""
    facts: Sequence[Record]
    more_facts: bool


@dataclass(frozen=True)
class Wanted:
    """Which part of the lists is wanted."""

    skip: int = 0
    limit: int = 50
    before: tuple[datetime, int] | None = None
    facts: int = 50


async def performance(
    db: Database, route: str, period: Period, mode: str, wanted: Wanted | None = None
) -> Performance:
    """Return the performance of one gateway; raise NotFound when the ledger has never heard of it."""
    wanted = wanted or Wanted()
    span = (route, mode, period.first, period.last)
    async with questions.snapshot(db) as connection:
        rows = await gateways.days(connection, period.days, mode, route)
        told = await gateways.said(connection, *span)
        facts = await gateways.facts(connection, *span, wanted.before, wanted.facts + 1)
        if not rows and not told and not await gateways.known(connection, route):
            raise NotFound("the ledger knows no such gateway")
        over = await gateways.ended(connection, period.days, mode, route)
        sums = _Sums(rows, over)
        shown = await sums.page(connection, wanted)
        name = (await questions.names(connection, [route])).get(route)
        operator = (await gateways.operators(connection)).get(route)
    return Performance(
        *(route, name, operator, period, mode),
        sum=total(sums.by_revision.values()),
        channels=_grouped((channel, one) for _, channel, _, one in rows),
        days=sorted(_grouped((day, one) for day, _, _, one in rows).items()),
        warnings=shown,
        more_warnings=len(sums.order) > wanted.skip + wanted.limit,
        stops=total(sums.by_revision[key] for key in sums.stopped),
        told=told,
        facts=facts[: wanted.facts],
        more_facts=len(facts) > wanted.facts,
    )


class _Sums:
    """The sums of a gateway by revision, the largest first."""

    def __init__(self, rows: Sequence[gateways.OfDay], over: Mapping[str, int]) -> None:
        self.by_revision = _grouped((key, one) for _, _, key, one in rows)
        self.order = sorted(self.by_revision, key=lambda k: (-self.by_revision[k].count("recipients"), k))
        self.stopped = {key for key in self.order if over.get(key[0], 0) >= key[1]}

    async def page(self, connection: AsyncConnection, wanted: Wanted) -> list[OfWarning]:
        """Return a page of them, with what was published."""
        shown = self.order[wanted.skip : wanted.skip + wanted.limit]
        faces = await gateways.faces(connection, {warning_id for warning_id, _ in shown})
        found = []
        for key in shown:
            level, verb, headline = faces.get(key, (None, None, None))
            found.append(OfWarning(*key, level, verb, headline, key in self.stopped, self.by_revision[key]))
        return found


def _grouped(pairs: Iterable[tuple[K, Sum]]) -> dict[K, Sum]:
    groups: dict[K, list[Sum]] = {}
    for key, one in pairs:
        groups.setdefault(key, []).append(one)
    return {key: sums[0] if len(sums) == 1 else total(sums) for key, sums in groups.items()}
