"""The auditor's page of search: full text of reasons."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from services.audit.actions.search import search
from services.audit.api.parts import Auditor, Given
from services.audit.api.search import SearchPage, asking
from services.audit.desk.page import MOST, Wanted, page
from services.audit.model import reasons
from services.audit.say import KINDS
from services.kit.errors import Invalid

router = APIRouter(include_in_schema=False)

ON_A_PAGE = 20
SEARCHED = tuple(kind for kind in KINDS if kind not in reasons.SILENT)


@router.get("/audit/search")
async def searched(
    request: Request,
    given: Given,
    _: Auditor,
    q: str = "",
    kind: Wanted = "",
    warning: Wanted = "",
    who: Wanted = "",
    since: Wanted = "",
    until: Wanted = "",
    after: Annotated[int | None, Query(ge=1, le=MOST)] = None,
) -> HTMLResponse:
    """Show hits, newest first; what cannot be asked is said beside the form, which keeps every word."""
    form = {"q": q, "kind": kind, "warning": warning, "who": who, "since": since, "until": until}
    answer, problem = None, None
    if q.strip():
        try:
            days = (_day("since", since), _day("until", until))
            asked = asking(q, kind, _warning(warning), who, *days)
            answer = SearchPage.of(await search(given.db, asked, after, ON_A_PAGE))
        except Invalid as error:
            problem = error
    return page("search", request, page=answer, problem=problem, form=form, kinds=SEARCHED, after=after)


def _day(field: str, text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise Invalid(field, "is no day", "send it as YYYY-MM-DD") from None


def _warning(text: str) -> UUID | None:
    try:
        return UUID(text.strip()) if text.strip() else None
    except ValueError:
        raise Invalid("warning", "is no id of a warning", "copy it from the page of the warning") from None
