"""The daily reconciliation file."""

from collections.abc import AsyncIterator
from datetime import date

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from services.channels.pull.gateways.actions.settle import lines, settle
from services.channels.pull.gateways.api import views
from services.channels.pull.gateways.api.door import PREFIX, TAG, Called, Caller, Given, answer
from services.channels.pull.gateways.model.settling import Totals
from services.channels.pull.gateways.parts import Parts

router = APIRouter(prefix=PREFIX, tags=[TAG])


@router.get("/reconciliation/{day}.csv", summary="The reconciliation file of a day")
async def file(given: Given, called: Called, day: date) -> StreamingResponse:
    """Return what was asked of this gateway on a day (Beijing), and what became of it; totals come last."""
    return await csv_of(given, called, day)


@router.get("/reconciliation/{day}", summary="The totals of a day", response_model=views.Reconciliation)
async def totals(given: Given, called: Called, day: date) -> Response:
    """Return what a day comes to; a day that is over and settled changes no more."""
    found = await settle(given.db, called.gateway, called.mode, day)
    return answer(
        given,
        gateway=called.gateway,
        mode=called.mode,
        day=day.isoformat(),
        final=found.final,
        items=found.totals.items,
        targets=found.totals.targets,
        by_state=dict(found.totals.by_state),
        segments=found.totals.segments,
        sha256=found.sha256,
    )


async def csv_of(given: Parts, called: Caller, day: date) -> StreamingResponse:
    """Return the file of a day as it is written; what is wrong with the day is said before its first line."""
    told = lines(given.db, called.gateway, called.mode, day, Totals())
    first = await anext(told)

    async def all_lines() -> AsyncIterator[bytes]:
        yield first
        async for line in told:
            yield line

    name = f"yutian-{called.gateway}-{called.mode}-{day.isoformat()}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(all_lines(), media_type="text/csv; charset=utf-8", headers=headers)
