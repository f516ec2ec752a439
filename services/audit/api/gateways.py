"""HTTP in, performance out: /api/v1/audit/gateways."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Query

from contracts.values import Mode
from services.audit.actions import gateways
from services.audit.actions.gateways import Wanted
from services.audit.api.cursors import Cursor, cursor_of, read_place
from services.audit.api.gateway_views import GatewayLine, GatewayList, GatewayView
from services.audit.api.parts import Auditor, Given, Parts
from services.audit.model.period import period_of

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

From = Annotated[
    date | None, Query(alias="from", description="First day (Beijing); the month's first when none is named")
]
To = Annotated[date | None, Query(description="Last day (Beijing); today when none is named")]
Route = Annotated[str, Path(pattern=r"^[A-Za-z0-9][\w.-]{0,63}$", description="The gateway's id")]
Skip = Annotated[int, Query(ge=0, le=1_000_000)]


@router.get("/gateways", summary="Gateways and what they carried in a period")
async def listed(
    given: Given, _: Auditor, first: From = None, to: To = None, mode: Mode = Mode.LIVE
) -> GatewayList:
    """Return every gateway that was asked for anything, with its sums and rates."""
    return await gateway_list(given, first, to, mode)


async def gateway_list(given: Parts, first: date | None, to: date | None, mode: Mode) -> GatewayList:
    """Return the gateways of a period."""
    period = period_of(first, to, given.db.clock.now())
    found = await gateways.listed(given.db, period, mode)
    return GatewayList(
        first=period.begin,
        last=period.end,
        mode=mode,
        formulas=given.formulas.version,
        data=[GatewayLine.of(line, given.formulas) for line in found],
    )


@router.get("/gateways/{route}", summary="A gateway's performance in a period")
async def performance(
    route: Route,
    given: Given,
    _: Auditor,
    first: From = None,
    to: To = None,
    mode: Mode = Mode.LIVE,
    after: Cursor = "",
    skip: Skip = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> GatewayView:
    """Return what it was asked, what became of it, how long it took, and what was said of it."""
    return await gateway(given, route, (first, to), mode, Wanted(skip, limit, read_place(after), limit))


async def gateway(
    given: Parts, route: str, days: tuple[date | None, date | None], mode: Mode, wanted: Wanted
) -> GatewayView:
    """Return the performance of one gateway."""
    period = period_of(*days, given.db.clock.now())
    found = await gateways.performance(given.db, route, period, mode, wanted)
    last = found.facts[-1] if found.more_facts else None
    cursor = cursor_of(last["event_at"], last["position"]) if last else None
    return GatewayView.of(found, given.formulas, wanted.skip, cursor)
