"""Who else warns of the same where a warning would go: asked before it is submitted or approved."""

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from contracts.values import Level
from services.issuer.actions.alongside import clashes
from services.issuer.actions.mixing import parts_of
from services.issuer.api.named import Named
from services.issuer.api.parts import IssuerParts
from services.issuer.api.views import Moment
from services.issuer.model import Alongside
from services.kit.identity import principal

router = APIRouter(prefix="/api/v1/warnings/{warning_id}", tags=["review"], dependencies=[Depends(principal)])


class AlongsideView(BaseModel):
    """A warning in force for the same hazard and towns of which nobody has said what becomes."""

    reference: str
    """What `beside` or `supersedes` names it by."""
    ours: bool
    level: Level
    headline: str
    sender_name: str
    expires: Moment
    towns: list[str]


@router.get("/alongside", summary="Who else warns of the same there, and is not answered")
async def get_alongside(warning: Named, parts: IssuerParts) -> list[AlongsideView]:
    """List them: a submit or an approval that does not answer for each is refused with 409."""
    async with parts.db.read() as connection:
        together = [warning, *await parts_of(connection, warning)]
        found = await clashes(connection, together, parts.db.clock.now())
    return [_view(one) for one in found]


def _view(one: Alongside) -> AlongsideView:
    return AlongsideView(**{**vars(one), "towns": list(one.towns)})
