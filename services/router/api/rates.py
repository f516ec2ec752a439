"""/api/v1/duty/rates: online, reception and confirmation rate, per town and period."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from contracts.registry import StationKind
from contracts.values import Instant, Level, Mode, TownCode
from services.kit.clock import beijing
from services.kit.errors import Invalid
from services.router.actions.rating import rate
from services.router.actions.watching import Names, names
from services.router.api.duty import OnDuty, allowed, own_town
from services.router.api.parts import RouterParts
from services.router.model.rates import Period, Rate, Rates

router = APIRouter(prefix="/api/v1/duty", tags=["duty"], default_response_class=JSONResponse)

USUAL = timedelta(days=7)
LONGEST = timedelta(days=366)


class RateView(BaseModel):
    """So many of so many, and in per cent."""

    numerator: float
    denominator: float
    percent: float | None

    @classmethod
    def of(cls, found: Rate) -> Self:
        """Return a rate as it is shown."""
        return cls(numerator=found.numerator, denominator=found.denominator, percent=found.percent)


class LevelRatesView(BaseModel):
    """Reception and confirmation of one colour."""

    received: RateView
    confirmed: RateView


class TownRatesView(BaseModel):
    """The rates of one town, or of all together."""

    code: str | None
    name: str
    online: RateView
    """In minutes of stations."""
    received: RateView
    confirmed: RateView
    by_level: dict[Level, LevelRatesView]
    median_s: float | None

    @classmethod
    def of(cls, code: str | None, found: Rates, called: Names) -> Self:
        """Return rates as they are shown."""
        return cls(
            code=code,
            name=called.town(code),
            online=RateView.of(found.online),
            received=RateView.of(found.received),
            confirmed=RateView.of(found.confirmed),
            by_level={
                level: LevelRatesView(received=RateView.of(received), confirmed=RateView.of(confirmed))
                for level, (received, confirmed) in (found.by_level or {}).items()
            },
            median_s=found.median_s,
        )


class KindRatesView(BaseModel):
    """The rates of one kind of stations."""

    online: RateView
    received: RateView
    confirmed: RateView

    @classmethod
    def of(cls, found: Rates) -> Self:
        """Return rates as they are shown."""
        return cls(
            online=RateView.of(found.online),
            received=RateView.of(found.received),
            confirmed=RateView.of(found.confirmed),
        )


class RatesView(BaseModel):
    """The rates of a period."""

    since: str
    until: str
    mode: Mode
    rules: str
    """The version of the rules that say what is in time."""
    total: TownRatesView
    towns: list[TownRatesView]
    kinds: dict[StationKind, KindRatesView]
    """Of villages' stations, key units' stations and warning sub-centres, each by itself."""


def period_of(since: datetime | None, until: datetime | None, now: datetime) -> Period:
    """Return the period that is meant, the last week when none is; raise Invalid for one that cannot be."""
    last = min(until or now, now)
    first = since or last - USUAL
    if first >= last:
        raise Invalid("since", "is not before the end", "choose an earlier day")
    if last - first > LONGEST:
        raise Invalid("since", "lies more than a year before the end", "choose a shorter period")
    return Period(first, last)


@router.get("/rates", summary="Online, reception and confirmation rate, per town and period")
async def get_rates(
    parts: RouterParts,
    someone: OnDuty,
    since: Annotated[Instant | None, Query(description="Left out: a week before the end")] = None,
    until: Annotated[Instant | None, Query(description="Left out: now")] = None,
    mode: Mode = Mode.LIVE,
    town: TownCode | None = None,
) -> RatesView:
    """Return numerators, denominators and per cents; a town's desk sees its own."""
    if town is not None:
        allowed(someone, town)
    period = period_of(since, until, parts.db.clock.now())
    found = await rate(
        parts.db, parts.library, parts.escalation.rules, period, mode, town or own_town(someone)
    )
    called = await names(parts.db, parts.library)
    return RatesView(
        since=beijing(period.since),
        until=beijing(period.until),
        mode=mode,
        rules=found.rules,
        total=TownRatesView.of(None, found.total, called),
        towns=[TownRatesView.of(code, one, called) for code, one in found.towns.items()],
        kinds={kind: KindRatesView.of(one) for kind, one in found.kinds.items()},
    )
