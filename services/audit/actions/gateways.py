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
from services.audit.store.gateways import OfRevision
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
    sum: Sum


async def listed(db: Database, period: Period, mode: str) -> list[Line]:
    """Return every gateway that was asked for anything in a period."""
    async with questions.snapshot(db) as connection:
        found = await gateways.routes(connection, period.days, mode)
        names = await questions.names(connection, {route for route, _ in found})
        operators = await gateways.operators(connection)
    return [Line(route, names.get(route), operators.get(route), one) for route, one in found]


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
    span, asked = (route, mode, period.first, period.last), (period.days, mode, route)
    async with questions.snapshot(db) as connection:
        rows = await gateways.days(connection, *asked)
        told = await gateways.said(connection, *span)
        facts = await gateways.facts(connection, *span, wanted.before, wanted.facts + 1)
        if not rows and not told and not await gateways.known(connection, route):
            raise NotFound("the ledger knows no such gateway")
        keys = await gateways.largest(connection, *asked, wanted.skip, wanted.limit + 1)
        shown = await _shown(connection, keys[: wanted.limit], asked)
        stops = await gateways.stops(connection, *asked)
        name = (await questions.names(connection, [route])).get(route)
        operator = (await gateways.operators(connection)).get(route)
    return Performance(
        *(route, name, operator, period, mode),
        sum=total(one for _, _, one in rows),
        channels=_grouped((channel, one) for _, channel, one in rows),
        days=sorted(_grouped((day, one) for day, _, one in rows).items()),
        warnings=shown,
        more_warnings=len(keys) > wanted.limit,
        stops=stops,
        told=told,
        facts=facts[: wanted.facts],
        more_facts=len(facts) > wanted.facts,
    )


async def _shown(
    connection: AsyncConnection, keys: Sequence[OfRevision], asked: tuple[Sequence[str], str, str]
) -> list[OfWarning]:
    """Return what a gateway carried of some revisions, with what was published."""
    warning_ids = {warning_id for warning_id, _ in keys}
    sums = _grouped(await gateways.of_revisions(connection, *asked, keys))
    faces = await gateways.faces(connection, warning_ids)
    over = await gateways.ended(connection, warning_ids)
    found = []
    for key in keys:
        level, verb, headline = faces.get(key, (None, None, None))
        found.append(OfWarning(*key, level, verb, headline, over.get(key[0], 0) >= key[1], sums[key]))
    return found


def _grouped(pairs: Iterable[tuple[K, Sum]]) -> dict[K, Sum]:
    groups: dict[K, list[Sum]] = {}
    for key, one in pairs:
        groups.setdefault(key, []).append(one)
    return {key: sums[0] if len(sums) == 1 else total(sums) for key, sums in groups.items()}
