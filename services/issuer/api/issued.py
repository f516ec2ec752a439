"""GET /api/v1/issued: every revision that was issued, so that an auditor can miss what was never heard."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel

from contracts.values import Instant, Mode
from services.issuer import store
from services.issuer.api.parts import IssuerParts
from services.kit.clock import beijing
from services.kit.errors import Invalid
from services.kit.identity import SERVICE, needs

router = APIRouter(
    prefix="/api/v1", tags=["warnings"], dependencies=[Depends(needs("auditor", "operator", SERVICE))]
)

After = Annotated[
    str, Query(pattern=r"^([0-9a-f-]{36}/\d{1,9})?$", description="Cursor: `next` of the page before")
]


class IssuedView(BaseModel):
    """A revision that has been issued, whatever became of it."""

    warning_id: UUID
    revision: int
    mode: Mode
    approved_at: str


class IssuedPage(BaseModel):
    """A page of them."""

    data: list[IssuedView]
    has_more: bool
    next: str | None


@router.get("/issued", summary="Every revision that was issued")
async def get_issued(
    parts: IssuerParts,
    after: After = "",
    warning: Annotated[UUID | None, Query(description="Only this one")] = None,
    since: Annotated[Instant | None, Query(description="Only what was approved since then")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> IssuedPage:
    """Return revisions by warning and number: what the ledger must have heard of."""
    async with parts.db.read() as connection:
        found = await store.issued.page(connection, _key(after), limit + 1, warning, since)
    data = [
        IssuedView(
            warning_id=UUID(one.warning_id),
            revision=one.revision,
            mode=one.mode,
            approved_at=beijing(one.approved_at),
        )
        for one in found[:limit]
    ]
    more = len(found) > limit
    last = f"{data[-1].warning_id}/{data[-1].revision}" if more else None
    return IssuedPage(data=data, has_more=more, next=last)


def _key(after: str) -> store.issued.Key | None:
    if not after:
        return None
    warning_id, revision = after.split("/")
    try:
        return str(UUID(warning_id)), int(revision)
    except ValueError:
        raise Invalid("after", "is not a cursor", "send `next` of the page before, as it came") from None
