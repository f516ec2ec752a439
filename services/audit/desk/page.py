"""What the auditor's pages share: how one is drawn, and the words of queries."""

from typing import Annotated, Any

from fastapi import Query, Request
from fastapi.responses import HTMLResponse

from contracts.outcome import Column
from services.audit import say
from services.audit.actions import sign
from services.audit.api.parts import AUDITOR, Parts
from services.audit.api.record_views import HeadView
from services.audit.api.records import MOST as MOST
from services.audit.model import scales
from services.kit.identity import SERVICE
from services.kit.masking import masked
from services.kit.pages import render

After = Annotated[int, Query(ge=0, le=MOST)]
Wanted = Annotated[str, Query(max_length=100)]

ON_A_PAGE = 100

NAV = (
    ("/audit", "Warnings"),
    ("/audit/records", "Records"),
    ("/audit/people", "People"),
    ("/audit/search", "Search"),
    ("/audit/approvals", "Who approved"),
    ("/audit/open", "At a moment"),
    ("/audit/gateways", "Gateways"),
    ("/audit/reports", "Reports"),
    ("/audit/exports", "Exports"),
    ("/audit/reconcile", "Reconcile"),
    ("/audit/alarms", "Alarms"),
    ("/audit/keeping", "Keeping"),
)
"""The auditor's menu: addresses and words."""


FOR_THE_DESK = (("/audit/reports", "Reports"),)
"""What forecasters may open."""


def page(template: str, request: Request, **values: Any) -> HTMLResponse:
    """Draw one of the audit's pages."""
    return HTMLResponse(html(template, request, **values))


def html(template: str, request: Request, **values: Any) -> str:
    """Return one of the audit's pages as text: no phone number is in it, whoever wrote one wherever."""
    someone = getattr(request.state, "principal", None)
    audits = someone is None or someone.has(AUDITOR, SERVICE)
    menu = NAV if audits else FOR_THE_DESK
    drawn = {"stretched": scales.stretched, "ticks": scales.ticks, "columns": list(Column)}
    shown = {"say": say.ALL, "menu": menu, "audits": audits, **drawn, **values}
    return masked(render(f"audit/{template}.html", request=request, **shown))


async def head(given: Parts) -> HeadView:
    """Return the signed head of the ledger."""
    found = await sign.head(given.db, given.signer)
    return HeadView.of(found, given.signer.crypto.public_key(found.key_id), None)
