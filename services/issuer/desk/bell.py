"""What rings for me, as a page, and as the strip that the script puts on every page of the desk."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.issuer.actions.ringing import Ring, Why, rings
from services.issuer.api import IssuerParts, SignedIn
from services.issuer.desk.page import fragment, page

router = APIRouter(include_in_schema=False)

WORDS = {
    Why.APPROVAL: "waits for your approval",
    Why.SPOOLED: "is approved and not out yet",
    Why.ENDING: "runs out within %(detail)s minutes",
    Why.REVIEW: "must be reviewed, and is overdue",
    Why.SUSPENSION: "asks your department about a suspension",
}
"""Why it rings, in words that catalogues have."""


@router.get("/bell")
async def show_bell(
    request: Request, parts: IssuerParts, by: SignedIn, part: bool = False, at: str = ""
) -> HTMLResponse:
    """Show what rings; as a strip, without what the page at that address shows anyway."""
    found = await rings(parts.db, parts.catalogue, by)
    if not part:
        return page("bell.html", request=request, parts=parts, rings=found, words=WORDS)
    shown = [] if at in ("/", "/bell", "/wall") else [one for one in found if not _is_at(one, at)]
    return HTMLResponse(fragment("rings.html", request=request, parts=parts, rings=shown, words=WORDS))


def _is_at(ring: Ring, path: str) -> bool:
    return path == f"/warnings/{ring.warning_id}"
