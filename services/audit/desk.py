"""The auditor's pages: accounts, timelines, stations, records with their proofs. They only show."""

from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from contracts.outcome import Column
from contracts.values import Channel, Mode
from services.audit import say
from services.audit.actions import ask, sign
from services.audit.actions.reconcile import reconcile
from services.audit.api import accounts
from services.audit.api.parts import Auditor, Given, Parts
from services.audit.api.record_views import HeadView, RecordPage, RecordView
from services.audit.api.records import MOST, Position
from services.audit.api.views import ReconciledView, WarningView
from services.kit.clock import BEIJING
from services.kit.pages import render

router = APIRouter(include_in_schema=False)

After = Annotated[int, Query(ge=0, le=MOST)]
Wanted = Annotated[str, Query(max_length=100)]

ON_A_PAGE = 100
OLDEST_YEAR = 2020


def _page(template: str, request: Request, **values: Any) -> HTMLResponse:
    shown = {"say": say.ALL, "columns": list(Column), **values}
    return HTMLResponse(render(f"audit/{template}.html", request=request, **shown))


async def _head(given: Parts) -> HeadView:
    found = await sign.head(given.db, given.signer)
    return HeadView.of(found, given.signer.crypto.public_key(found.key_id), None)


@router.get("/audit")
async def overview(
    request: Request, given: Given, someone: Auditor, after: Wanted = "", mode: Wanted = ""
) -> HTMLResponse:
    """Show the warnings with their accounts, and the head of the ledger."""
    only = Mode(mode) if mode in list(Mode) else None
    found = await accounts.warnings(given, someone, after, only, 20)
    return _page("overview", request, found=found, mode=only or "", head=await _head(given))


@router.get("/audit/reconcile")
async def compare(request: Request, given: Given, _: Auditor) -> HTMLResponse:
    """Show what does not add up."""
    found = await reconcile(given.db, given.stream, given.grace, issuer=given.issuer)
    return _page("reconcile", request, found=ReconciledView.of(found))


@router.get("/audit/warnings/{warning_id}")
async def warning(
    request: Request,
    warning_id: UUID,
    given: Given,
    _: Auditor,
    after: After = 0,
    kind: Wanted = "",
    channel: Wanted = "",
) -> HTMLResponse:
    """Show the account of a warning, its silent places and its timeline."""
    found = WarningView.of(await ask.warning(given.db, str(warning_id)))
    where = {"warning_id": str(warning_id), "kind": kind or None, "channel": channel or None}
    page = RecordPage.of(await ask.records(given.db, after, ON_A_PAGE, **where))
    return _page(
        "warning",
        request,
        warning=found,
        page=page,
        kind=kind,
        channel=channel,
        after=after,
        channels=list(Channel),
    )


@router.get("/audit/stations/{code}")
async def station(
    request: Request,
    code: accounts.Code,
    given: Given,
    _: Auditor,
    year: Annotated[int | None, Query(ge=2000, le=2200)] = None,
    mode: Mode = Mode.LIVE,
) -> HTMLResponse:
    """Show a station's year."""
    this = given.db.clock.now().astimezone(BEIJING).year
    found = await accounts.station_year(given, code, year or this, mode)
    return _page("station", request, station=found, years=range(this, OLDEST_YEAR - 1, -1))


@router.get("/audit/records")
async def records(
    request: Request,
    given: Given,
    _: Auditor,
    after: After = 0,
    kind: Wanted = "",
    about: Wanted = "",
) -> HTMLResponse:
    """Show the ledger in its order."""
    found = await ask.records(given.db, after, ON_A_PAGE, kind=kind or None, about=about or None)
    page = RecordPage.of(found)
    return _page("records", request, page=page, kind=kind, about=about, after=after)


@router.get("/audit/records/{position}")
async def record(request: Request, position: Position, given: Given, _: Auditor) -> HTMLResponse:
    """Show one record, whole, with its proof."""
    found = RecordView.whole(await ask.proof(given.db, given.signer, position))
    payload = orjson.dumps(found.payload, option=orjson.OPT_INDENT_2).decode()
    return _page("record", request, record=found, payload=payload)
