"""The auditor's page of people: one phone over all warnings. The number is typed, and never shown again."""

import base64
import binascii
import re
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from services.audit.api.parts import Asker, Auditor, Given, see_alarms
from services.audit.api.people import MOST, Sought, asked, page_of
from services.audit.desk.page import page
from services.kit import forms
from services.kit.errors import Invalid, Reject, Retry
from services.kit.masking import has_number

router = APIRouter(include_in_schema=False)

ON_A_PAGE = 20
_LETTER = re.compile(r"[A-Za-z]")
_CONTEXT = b"yutian/audit-person"


@router.get("/audit/people")
async def empty(request: Request, _: Auditor) -> HTMLResponse:
    """Show the form."""
    return page("people", request, found=None, fault=None, older=None)


@router.post("/audit/people")
async def people(request: Request, given: Given, someone: Asker) -> HTMLResponse:
    """Show the warnings that were meant for somebody, and what became of each."""
    await see_alarms(request, given)
    form = await forms.read(request)
    try:
        who = _who(given, str(form.get("who", ""))[:100], str(form.get("sealed", "")))
    except Invalid as wrong:
        shown = page("people", request, found=None, fault=wrong.faults[0], older=None)
        shown.status_code = wrong.status
        return shown
    await asked(request, given, someone, who)
    after = str(form.get("after", ""))[:20]
    number = int(after) if after.isdecimal() and 0 < int(after) <= MOST else None
    found = await page_of(given, who, number, ON_A_PAGE, outcomes=True)
    return page("people", request, found=found, fault=None, older=_further(given, who, found.next))


def _who(given: Given, typed: str, sealed: str) -> Sought:
    """Return who was typed, or of whom there are more warnings."""
    if sealed:
        try:
            opened = given.signer.crypto.unseal(base64.b64decode(sealed), _CONTEXT).decode()
        except (Reject, Retry, binascii.Error, ValueError):
            raise Invalid("who", "cannot be read any more", "type it again") from None
        typed = opened
    if _LETTER.search(typed) and not has_number(typed):
        return Sought.of(None, typed)
    return Sought.of(typed or " ", None)


def _further(given: Given, who: Sought, after: str | None) -> dict[str, Any] | None:
    """Return what the button to the next page sends: the name sealed, for the page shows none."""
    if after is None:
        return None
    sealed = base64.b64encode(given.signer.crypto.seal(who.name.encode(), _CONTEXT)).decode()
    return {"sealed": sealed, "after": after}
