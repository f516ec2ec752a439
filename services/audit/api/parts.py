"""What the endpoints are given, who may ask, and the fact that somebody asked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request

from services.audit.actions import taken
from services.audit.actions.report_month import Measures, Trends
from services.audit.actions.sign import Signer
from services.audit.actions.taken import Taken
from services.audit.api.leaving import Leaving
from services.audit.data import retention, yardsticks
from services.audit.heads import Place
from services.audit.issuer import Issuer
from services.audit.model.account import Formulas
from services.audit.model.indicators import Yardsticks
from services.audit.model.retention import Retention
from services.audit.papers.printing import Printer
from services.audit.store import alarms
from services.audit.stream import LedgerStream
from services.kit.db import Database
from services.kit.errors import Forbidden
from services.kit.identity import SERVICE, Principal, needs, source_of
from services.kit.masking import masked, masked_query


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
    rules: Retention = field(default_factory=retention.load)
    """How long what is kept."""
    places: Sequence[Place] = ()
    """Where heads are kept outside."""
    yardsticks: Yardsticks = field(default_factory=yardsticks.load)
    trends: Trends = field(default_factory=Trends)
    printer: Printer = field(default_factory=lambda: Printer(60, 1500))

    @property
    def measures(self) -> Measures:
        """What months are measured by."""
        return Measures(self.yardsticks, self.formulas, self.trends)

    leaving: Leaving = field(default_factory=Leaving)
    """Lists that somebody is fetching."""


async def _parts(request: Request) -> Parts:
    found: Parts = request.app.state.parts["audit"]
    return found


Given = Annotated[Parts, Depends(_parts)]

FORECASTERS = ("drafter", "checker", "signer")
DESK = ("drafter", "checker", "signer", "town-desk")
AUDITOR, OPERATOR = "auditor", "operator"
_EXPORT = re.compile(r"/(export|folder)\Z|\.(pdf|xlsx)\Z|\A/api/v1/audit/exports/")
"""Paths of what is taken away, and not only looked at."""


async def _auditor(
    request: Request, given: Given, someone: Annotated[Principal, Depends(needs(AUDITOR, SERVICE))]
) -> Principal:
    return await _asked(request, given, someone)


async def _reader(
    request: Request, given: Given, someone: Annotated[Principal, Depends(needs(AUDITOR, SERVICE, *DESK))]
) -> Principal:
    return await _asked(request, given, someone)


async def _observer(
    request: Request, given: Given, someone: Annotated[Principal, Depends(needs(AUDITOR, *FORECASTERS))]
) -> Principal:
    refuse_both(someone)
    if not observes(someone):
        raise Forbidden(
            "who audits the figures does not enter them", mend="let a forecaster enter what was observed"
        )
    return await _asked(request, given, someone)


async def _asker(someone: Annotated[Principal, Depends(needs(AUDITOR, SERVICE))]) -> Principal:
    refuse_both(someone)
    return someone


async def _operator(someone: Annotated[Principal, Depends(needs(OPERATOR, SERVICE))]) -> Principal:
    refuse_both(someone)
    return someone


def refuse_both(someone: Principal) -> None:
    """Raise Forbidden when somebody is auditor and operator at once: whoever runs it does not examine it."""
    if someone.has(AUDITOR) and someone.has(OPERATOR):
        raise Forbidden("auditor and operator are different people", mend="take one of the roles away")


def observes(someone: Principal) -> bool:
    """Tell whether somebody may say how the weather was: whoever audits the figures does not make them."""
    return someone.has(*FORECASTERS) and not someone.has(AUDITOR)


async def _asked(request: Request, given: Parts, someone: Principal) -> Principal:
    """Record who asks what; our own services may ask unrecorded, but not export. No answer without it."""
    exports = _EXPORT.search(request.url.path) is not None
    await see_alarms(request, given)
    if someone.has(SERVICE) and not exports:
        return someone
    await note(request, given, someone, "audit.exported" if exports else "audit.queried")
    return someone


async def see_alarms(request: Request, given: Parts) -> None:
    """Let a page show how many alarms stand."""
    if request.url.path.startswith("/audit"):
        async with given.db.read() as connection:
            request.state.alarms = await alarms.standing(connection)


async def note(request: Request, given: Parts, someone: Principal, kind: str, **more: Any) -> None:
    """Say as a fact what was asked; a phone number that somebody typed is not kept. No operator asks."""
    refuse_both(someone)
    place = request.path_params
    async with given.db.transaction() as tx:
        request.state.asked = tx.record(
            kind,
            actor=someone.username,
            source=source_of(request),
            warning_id=_uuid(place.get("warning_id")),
            about=masked(str(place["code"])) if "code" in place else None,
            path=masked(request.url.path),
            query=masked_query(request.url.query)[:500],
            **more,
        )


async def left(request: Request, given: Parts, someone: Principal, file: Taken) -> None:
    """Say as a fact how a file ended, by the fact that it was asked for."""
    begun: UUID | None = getattr(request.state, "asked", None)
    await given.leaving.say(taken.end(given.db, file, someone.username, source_of(request), begun))


def _uuid(value: str | None) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError:
        return None


Auditor = Annotated[Principal, Depends(_auditor)]
"""An auditor, or one of our own services."""

Asker = Annotated[Principal, Depends(_asker)]
"""An auditor, or one of our own services, whose question is recorded where it is answered."""

Observer = Annotated[Principal, Depends(_observer)]
"""Whoever may say how the weather was: a forecaster who is no auditor."""

Operator = Annotated[Principal, Depends(_operator)]
"""Who keeps the service running, and is no auditor, or one of our own services."""

Reader = Annotated[Principal, Depends(_reader)]
"""Whoever may see what became of a warning: the desk too."""
