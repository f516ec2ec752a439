"""HTTP in, account out: /api/v1/audit/warnings, /reconcile."""

import base64
import binascii
from dataclasses import replace
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from contracts.values import Mode
from services.audit.actions import ask, walk
from services.audit.actions.reconcile import Reconciled, caught_up, reconcile
from services.audit.api.parts import Auditor, Given, Parts, Reader
from services.audit.api.record_views import RecordPage
from services.audit.api.views import (
    DifferenceView,
    ReconciledView,
    RecountedView,
    WarningLine,
    WarningPage,
    WarningView,
)
from services.kit.clock import from_microseconds, microseconds
from services.kit.errors import Invalid

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

After = Annotated[str, Query(description="Cursor: `next` of the page before", max_length=100)]


@router.get("/warnings", summary="Warnings with their accounts, newest first")
async def warnings(
    given: Given,
    _: Reader,
    after: After = "",
    mode: Mode | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> WarningPage:
    """Return a page of warnings; each line holds the sums of the newest revision."""
    found = await ask.warnings(given.db, _cursor(after), mode, limit + 1)
    more = len(found) > limit
    shown = found[:limit]
    return WarningPage(
        data=[WarningLine(**WarningLine.head(account)) for _, account in shown],
        has_more=more,
        next=_cursor_of(shown[-1][0], shown[-1][1].warning_id) if more else None,
    )


def _cursor_of(at: datetime, warning_id: str) -> str:
    return base64.urlsafe_b64encode(f"{microseconds(at)}/{warning_id}".encode()).decode()


def _cursor(text: str) -> tuple[datetime, str] | None:
    if not text:
        return None
    try:
        at, _, warning_id = base64.urlsafe_b64decode(text.encode()).decode().partition("/")
        return from_microseconds(int(at)), str(UUID(warning_id))
    except (binascii.Error, ValueError, OverflowError):
        raise Invalid("after", "is not a cursor", "send `next` of the page before, unchanged") from None


@router.get("/warnings/{warning_id}", summary="The account of a warning")
async def warning(warning_id: UUID, given: Given, _: Reader) -> WarningView:
    """Return what became of everyone: per revision and channel, stations by name, silent places."""
    return WarningView.of(await ask.warning(given.db, str(warning_id)))


@router.get("/warnings/{warning_id}/timeline", summary="Every record of a warning, in order")
async def timeline(
    warning_id: UUID,
    given: Given,
    _: Auditor,
    after: Annotated[int, Query(ge=0, le=2**62, description="Position of the last record seen")] = 0,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    kind: Annotated[str | None, Query(max_length=100)] = None,
    channel: Annotated[str | None, Query(max_length=10)] = None,
) -> RecordPage:
    """Return a page of the warning's timeline."""
    where = {"warning_id": str(warning_id), "kind": kind, "channel": channel}
    return RecordPage.of(await ask.records(given.db, after, limit, **where))


@router.get("/reconcile", summary="Compare manifests, deliveries, reports, stream and ledger")
async def compare(
    request: Request,
    given: Given,
    _: Auditor,
    warning: Annotated[UUID | None, Query(description="Only this one")] = None,
    whole: Annotated[bool, Query(description="Compute every record, hash and account anew")] = False,
    wait: Annotated[float, Query(ge=0, le=60, description="So many seconds for what is in flight")] = 0,
) -> ReconciledView:
    """Return every difference, named; what is younger than the grace is on its way."""
    request.state.long = whole
    await caught_up(given.db, given.stream, wait)
    return ReconciledView.of(await reconciled(given, str(warning) if warning else None, whole=whole))


async def reconciled(given: Parts, only: str | None = None, *, whole: bool = False) -> Reconciled:
    """Compare the accounts, and beside them the ledger with itself and with its heads outside."""
    found = await reconcile(given.db, given.stream, given.grace, only, issuer=given.issuer, recipients=whole)
    if only is not None:
        more = (await walk.recounted(given.db, only))[1]
    else:
        more = await walk.beside(
            *(given.db, given.signer, given.rules, given.grace, given.places, given.stream), all_of_it=whole
        )
    return replace(found, differences=[*found.differences, *more])


@router.get("/recount", summary="Fold the records of every warning anew, and compare with the books")
async def recount(
    request: Request,
    given: Given,
    _: Auditor,
    warning: Annotated[UUID | None, Query(description="Only this one")] = None,
) -> RecountedView:
    """Return every row of the books that the records do not come to."""
    request.state.long = True
    count, found = await walk.recounted(given.db, str(warning) if warning else None)
    shown = [DifferenceView.of(one) for one in found]
    return RecountedView(adds_up=not found, warnings=count, differences=shown)
