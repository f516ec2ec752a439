"""The page of amendments: who came into the registry after a plan, and whether they are reached too."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from services.kit import forms
from services.kit.errors import Invalid, NotFound, Problem
from services.kit.identity import Principal, needs
from services.kit.pages import render
from services.router.actions import watching
from services.router.actions.amend import Decision, Drift, amend, drift
from services.router.api.parts import Parts, RouterParts
from services.router.model.crowd import SEALED

router = APIRouter(prefix="/duty/amendments", include_in_schema=False)
DECIDES = ("checker", "signer")
Watcher = Annotated[Principal, Depends(needs("drafter", *DECIDES))]
Decider = Annotated[Principal, Depends(needs(*DECIDES))]

CHANNELS = {
    "station": "Village stations",
    "sms": "People by SMS",
    "wechat": "People by WeChat",
    "area": "Location-based SMS",
    "broadcast": "Loudspeakers",
    "cable": "Television",
    "app": "App",
    "feed": "Public feed",
    "web": "Browsers",
    "media": "Radio and media",
    "weibo": "Weibo",
    "upper": "12379 platform above us",
}
MOST_NAMED = 200


@router.get("/{warning_id}")
async def show(request: Request, warning_id: UUID, parts: RouterParts, someone: Watcher) -> HTMLResponse:
    """Show who came and who went since the newest plan of a warning, and what was decided of it."""
    return await _page(request, parts, warning_id, someone)


@router.post("/{warning_id}")
async def decide(request: Request, warning_id: UUID, parts: RouterParts, someone: Decider) -> Response:
    """Reach those who came, or note that nobody is to; refused, show why."""
    form = await forms.read(request)
    reason = str(form.get("reason") or "").strip()
    version, choice = str(form.get("registry_version") or ""), form.get("take")
    try:
        if choice not in ("yes", "no"):
            raise Invalid("take", "is neither yes nor no", "use the buttons of the page")
        if len(reason) > 500:
            raise Invalid("reason", "is too long", "say it in 500 letters")
        await parts.filled()
        decision = Decision(version, choice == "yes", someone.username, reason)
        await amend(parts.db, parts.library, parts.crypto, warning_id, decision)
    except NotFound:
        raise
    except Problem as error:
        return await _page(request, parts, warning_id, someone, error=error, reason=reason)
    return RedirectResponse(f"/duty/amendments/{warning_id}", status_code=303)


async def _page(
    request: Request,
    parts: Parts,
    warning_id: UUID,
    someone: Principal,
    *,
    error: Problem | None = None,
    reason: str = "",
) -> HTMLResponse:
    await parts.filled()
    found = await drift(parts.db, parts.library, warning_id)
    values = {
        "found": found,
        "headline": await watching.headline(parts.db, warning_id, found.made.revision),
        "names": await watching.names(parts.db, parts.library),
        "channels": CHANNELS,
        "sealed": SEALED,
        "most": MOST_NAMED,
        "came": _came(found),
        "may": someone.has(*DECIDES),
        "error": error,
        "reason": reason,
    }
    html = render("router/amendments.html", request=request, **values)
    return HTMLResponse(html, error.status if error else 200, {"cache-control": "no-store"})


def _came(found: Drift) -> bool:
    return any(change.added for change in found.changes)
