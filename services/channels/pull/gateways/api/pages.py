"""/gateways: how each gateway stands, what it passes, and its daily files, for those who are signed in."""

from datetime import date, timedelta
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, StreamingResponse

from contracts.values import Mode
from services.channels.pull.gateways.api.conformance import view
from services.channels.pull.gateways.api.door import Caller, Given
from services.channels.pull.gateways.api.settling import csv_of
from services.channels.pull.gateways.api.watch import summary
from services.channels.pull.gateways.parts import Parts
from services.channels.pull.gateways.store import gateways, runs
from services.kit import pages
from services.kit.clock import BEIJING
from services.kit.identity import needs

router = APIRouter(prefix="/gateways", tags=["gateways"])
seats = Depends(needs("operator", "auditor", "drafter", "checker", "signer"))
DAYS = 7
"""So many days' files are offered."""


@router.get("", summary="How the gateways stand", response_class=HTMLResponse, dependencies=[seats])
async def show(request: Request, given: Given) -> HTMLResponse:
    """Show every gateway: its work, last pull, maintenance, conformance, and the files of the last days."""
    known = await gateways.known(given.db)
    shown = [await _shown(given, row["gateway_id"]) for row in known]
    today = given.db.clock.now().astimezone(BEIJING).date()
    days = [(today - timedelta(days=n)).isoformat() for n in range(DAYS)]
    return HTMLResponse(pages.render("channels/gateways.html", request=request, gateways=shown, days=days))


@router.get("/{gateway}/{mode}/{day}.csv", summary="The file of a day", dependencies=[seats])
async def file(gateway: str, mode: Mode, day: date, given: Given) -> StreamingResponse:
    """Return the reconciliation file of a gateway's day."""
    return await csv_of(given, Caller(gateway, mode), day)


async def _shown(given: Parts, gateway: str) -> dict[str, Any]:
    run = await runs.latest(given.db, gateway)
    return {
        "id": gateway,
        "modes": [(mode, summary(await gateways.status(given.db, gateway, mode))) for mode in Mode],
        "run": run,
        "conformance": view(run) if run else None,
    }
