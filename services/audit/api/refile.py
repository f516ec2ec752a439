"""POST /api/v1/audit/refile: what was unknown is read again, by a version that can read it."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field

from services.audit.actions.refile import refile
from services.audit.api.parts import Given, Operator

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])


class RefiledView(BaseModel):
    """What became of the unknown records."""

    unknown: Annotated[int, Field(description="Records that could not be read until now")]
    read: Annotated[int, Field(description="How many of them can be read now")]


@router.post("/refile", summary="Read unknown records again")
async def post_refile(given: Given, _: Operator) -> RefiledView:
    """Read every unknown record again and fold it into the accounts; leaves and chain stay as they are."""
    return RefiledView(**vars(await refile(given.db)))
