"""The list of warnings: by state and mode, page by page."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from contracts.values import Mode
from services.issuer.api import IssuerParts, SignedIn
from services.issuer.api.warnings import get_warnings
from services.issuer.desk.page import page
from services.issuer.model import OPEN, STANDING, State

router = APIRouter(include_in_schema=False)

PAGE = 25
GROUPS: dict[str, tuple[str, frozenset[State]]] = {
    "all": ("All", frozenset()),
    "standing": ("In force or halted", STANDING),
    "open": ("Drafts and approvals", OPEN),
    "over": ("Over", frozenset(State) - STANDING - OPEN),
}
"""What can be listed: a word in the address, its name, its states."""


@router.get("/warnings")
async def show_list(
    request: Request,
    parts: IssuerParts,
    _: SignedIn,
    show: str = "all",
    mode: str = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> HTMLResponse:
    """Show warnings, the newest first."""
    chosen = show if show in GROUPS else "all"
    only = Mode(mode) if mode in set(Mode) else None
    states = sorted(GROUPS[chosen][1])
    listed = await get_warnings(request, Response(), parts, states, only, cursor, limit=PAGE)
    following = str(request.url.include_query_params(cursor=listed.next)) if listed.next else None
    return page(
        "list.html",
        request=request,
        parts=parts,
        warnings=listed.data,
        groups=GROUPS,
        chosen=chosen,
        only=only,
        modes=list(Mode),
        following=following,
        later=cursor is not None,
    )
