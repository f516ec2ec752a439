"""What the endpoints are given, who may ask, and the fact that somebody asked."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request

from services.audit.actions.sign import Signer
from services.audit.issuer import Issuer
from services.audit.model.account import Formulas
from services.audit.stream import LedgerStream
from services.kit.db import Database
from services.kit.errors import Forbidden
from services.kit.identity import SERVICE, Principal, needs, source_of


@dataclass(frozen=True)
class Parts:
    """The audit's own parts, put together in `app.py`."""

    db: Database
    signer: Signer
    stream: LedgerStream
    grace: timedelta
    formulas: Formulas
    issuer: Issuer | None = None
    """Who knows what was issued."""


async def _parts(request: Request) -> Parts:
    found: Parts = request.app.state.parts["audit"]
    return found


Given = Annotated[Parts, Depends(_parts)]

DESK = ("drafter", "checker", "signer", "town-desk")
AUDITOR = "auditor"
_PHONE = re.compile(r"1[3-9]\d{9}")


async def _auditor(
    request: Request, given: Given, someone: Annotated[Principal, Depends(needs(AUDITOR, SERVICE))]
) -> Principal:
    return await _asked(request, given, someone)


async def _reader(
    request: Request, given: Given, someone: Annotated[Principal, Depends(needs(AUDITOR, SERVICE, *DESK))]
) -> Principal:
    return await _asked(request, given, someone)


async def _asked(request: Request, given: Parts, someone: Principal) -> Principal:
    """Record who asks what; our own services may ask unrecorded, but not export. No answer without it."""
    exports = request.url.path.endswith("/export")
    if someone.has(SERVICE) and not exports:
        return someone
    if someone.has(AUDITOR) and someone.has("operator"):
        raise Forbidden("auditor and operator are different people", mend="take one of the roles away")
    await _record(request, given, someone, "audit.exported" if exports else "audit.queried")
    return someone


async def _record(request: Request, given: Parts, someone: Principal, kind: str) -> None:
    """Say as a fact what was asked; a phone number that somebody typed is not kept."""
    place = request.path_params
    async with given.db.transaction() as tx:
        tx.record(
            kind,
            actor=someone.username,
            source=source_of(request),
            warning_id=_uuid(place.get("warning_id")),
            about=_masked(str(place["code"])) if "code" in place else None,
            path=_masked(request.url.path),
            query=_masked(request.url.query)[:500],
        )


def _masked(text: str) -> str:
    return _PHONE.sub(lambda found: f"{found[0][:3]}****{found[0][7:]}", text)


def _uuid(value: str | None) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError:
        return None


Auditor = Annotated[Principal, Depends(_auditor)]
"""An auditor, or one of our own services."""

Reader = Annotated[Principal, Depends(_reader)]
"""Whoever may see what became of a warning: the desk too."""
