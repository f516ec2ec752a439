"""POST /api/v1/audit/refile: what was unknown is read again, or every record into tables newer than it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from services.audit.actions.refile import refile
from services.audit.actions.refill import Refilled, refill_all
from services.audit.api.parts import Given
from services.kit.identity import SERVICE, needs

router = APIRouter(prefix="/api/v1/audit", tags=["audit"], dependencies=[Depends(needs(SERVICE, "operator"))])


class RefiledView(BaseModel):
    """What became of the unknown records."""

    unknown: Annotated[int, Field(description="Records that could not be read until now")]
    read: Annotated[int, Field(description="How many of them can be read now")]
    warnings: Annotated[int, Field(description="Warnings that were folded anew")] = 0
    left: Annotated[int, Field(description="Warnings left as they are: something was deleted")] = 0


@router.post("/refile", summary="Read unknown records again, or all of them")
async def post_refile(
    request: Request,
    given: Given,
    whole: Annotated[
        bool, Query(description="Fold every record anew; who was interrupted goes on where he was")
    ] = False,
) -> RefiledView:
    """Read every unknown record again and fold it into the accounts; leaves and chain stay as they are."""
    request.state.long = whole
    found = await refile(given.db)
    more = await refill_all(given.db) if whole else Refilled(0, 0)
    return RefiledView(**vars(found), **vars(more))
