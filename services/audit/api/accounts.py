"""HTTP in, account out: /api/v1/audit/warnings."""

import base64
import binascii
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from contracts.values import Mode
from services.audit.actions import ask
from services.audit.api.parts import Auditor, Given, Reader
from services.audit.api.record_views import RecordPage
from services.audit.api.views import WarningLine, WarningPage, WarningView
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
