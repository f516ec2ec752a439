"""The auditor's page of lists: each by what it is narrowed, and in which forms it can be had."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from contracts.values import Channel, Mode
from services.audit.actions.exports import MEDIA
from services.audit.actions.lists import LISTS
from services.audit.api.parts import Auditor
from services.audit.desk.page import page

router = APIRouter(include_in_schema=False)

ORDER = (
    *("warning", "gateway", "station", "year", "mode", "channel", "q", "kind", "about", "who"),
    *("after", "since", "until"),
)
"""In which order a form asks."""


@router.get("/audit/exports")
async def lists(request: Request, _: Auditor) -> HTMLResponse:
    """Show every list with a form; the form's answer is the file."""
    fields = {name: [field for field in ORDER if _asked(name, field)] for name in LISTS}
    return page(
        "lists",
        request,
        lists=LISTS.values(),
        fields=fields,
        forms=tuple(MEDIA),
        channels=list(Channel),
        modes=list(Mode),
    )


def _asked(name: str, field: str) -> bool:
    """Tell whether a form asks for something: for a year, where a list is of a period and a station."""
    filters = LISTS[name].filters
    if "station" in filters and field in ("year", "since", "until"):
        return field == "year"
    return field in filters
