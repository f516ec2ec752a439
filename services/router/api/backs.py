"""/api/v1/backs: what villages told back, for their town and the district; red items first."""

from datetime import timedelta
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from contracts.values import Mode, TownCode
from services.kit.clock import beijing
from services.router.actions import backing, watching
from services.router.actions.backing import LONGEST
from services.router.actions.watching import Names
from services.router.api.duty import OnDuty, allowed, own_town
from services.router.api.parts import RouterParts
from services.router.store.backs import Asked, Told, cursor_of

router = APIRouter(prefix="/api/v1/backs", tags=["duty"])


class SumView(BaseModel):
    """What the reports say together; what nobody counted adds nothing."""

    villages: int
    relayed: int
    reached: int
    missed: int
    help: int
    road_cut: int


class BackView(BaseModel):
    """The latest word of one village on one warning."""

    mode: Mode
    warning_id: UUID
    revision: int
    station: str
    village: str
    village_name: str
    town: str
    town_name: str
    number: int
    """Grows whenever the village says something else."""
    at: str
    by: str
    relayed: bool
    reached: int | None
    missed: int | None
    help: str
    road_cut: bool
    road_where: str
    red: bool
    """Help is needed, or a road is cut."""

    @classmethod
    def of(cls, told: Told, names: Names) -> Self:
        """Return a report as it is shown."""
        plain = ("mode", "warning_id", "revision", "station", "village", "town", "number")
        return cls(
            **{name: getattr(told, name) for name in plain},
            **told.back.model_dump(),
            village_name=names.place(told.village),
            town_name=names.town(told.town),
            at=beijing(told.at),
            red=told.back.red,
        )


class BacksView(BaseModel):
    """A page of reports, and the sum of all that were asked for."""

    sum: SumView
    data: list[BackView]
    next: str | None = None
    """Where the list goes on: the `after` of the next page."""


@router.get("", summary="What villages told back")
async def get_backs(
    response: Response,
    parts: RouterParts,
    someone: OnDuty,
    town: TownCode | None = None,
    warning_id: UUID | None = None,
    mode: Mode | None = None,
    hours: Annotated[int, Query(ge=1, le=LONGEST // timedelta(hours=1))] = 24,
    after: Annotated[str, Query(max_length=160)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> BacksView:
    """Return the latest word of each village on each warning; a town's desk sees its own town's."""
    if town is not None:
        allowed(someone, town)
    since = parts.db.clock.now() - timedelta(hours=hours)
    asked = Asked(since, town or own_town(someone), warning_id, mode)
    found = await backing.overview(parts.db, asked, after, limit)
    names = await watching.names(parts.db, parts.library)
    response.headers["content-disposition"] = 'inline; filename="backs.json"'
    onward = cursor_of(found.told[-1]) if len(found.told) == limit else None
    data = [BackView.of(one, names) for one in found.told]
    return BacksView(sum=SumView(**vars(found.sum)), data=data, next=onward)
