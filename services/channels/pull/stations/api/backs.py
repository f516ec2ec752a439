"""Villages tell back: whether the loudspeaker said it, who was reached and missed, what help is needed."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.back import HELP, PLACE, Back, Households
from contracts.printable import Line
from contracts.values import Instant
from services.channels.pull.stations.actions.back import Telling, tell_back
from services.channels.pull.stations.api.parts import BoundedRoute, Code, GivenParts, StationMode
from services.kit.clock import beijing
from services.kit.errors import Invalid

router = APIRouter(
    prefix="/api/v1/stations",
    tags=["stations"],
    route_class=BoundedRoute,
    default_response_class=JSONResponse,
)

Name = Annotated[Line, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]


class BackBody(BaseModel):
    """What a village tells of one warning and revision. A later report replaces the one before."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "warning_id": "0198a1c2-7b30-7d1e-9f42-3c5d6e7f8091",
                "revision": 1,
                "at": "2026-06-11T14:31:40+08:00",
                "by": "王芳",
                "relayed": True,
                "reached": 212,
                "missed": 6,
                "help": "三户老人需要转移",
                "road_cut": True,
                "road_where": "赶安路K3",
            }
        },
    )

    warning_id: UUID
    revision: int = Field(ge=1, le=2**31 - 1)
    at: Instant = Field(
        description="When it is told, by the station's clock: of two reports the later one counts"
    )
    by: Name
    relayed: bool = Field(description="Whether the loudspeaker said it")
    reached: Households | None = Field(None, description="Households that know of it; null: not counted")
    missed: Households | None = Field(None, description="Households that could not be reached")
    help: Line = Field("", max_length=HELP, description="Which help is needed; empty: none")
    road_cut: bool = False
    road_where: Line = Field("", max_length=PLACE, description="Where; only of a road that is cut")


class BackAnswer(BaseModel):
    """What became of it; it is sent when it is stored."""

    number: int = Field(description="Of the report that counts now; it grows with each that replaces another")
    news: bool = Field(description="False for what was told before, or is older than what is known")
    told_at: str = Field(description="Of the report that counts now")
    server_time: str


@router.post("/{code}/backs", summary="Tell back how far a warning got, and what is needed")
async def post_back(code: Code, mode: StationMode, body: BackBody, parts: GivenParts) -> BackAnswer:
    """Keep the village's latest word on a revision; told late, twice or out of order it does no harm."""
    telling = Telling(code, mode, body.warning_id, body.revision, body.at, back_of(body))
    heard = await tell_back(parts.db, telling)
    return BackAnswer(
        number=heard.number,
        news=heard.news,
        told_at=beijing(heard.latest.at),
        server_time=beijing(parts.db.clock.now()),
    )


def back_of(body: BackBody) -> Back:
    """Return what is told; raise Invalid for a place without a cut."""
    help_, where = body.help.strip(), body.road_where.strip()
    if where and not body.road_cut:
        raise Invalid("road_where", "names a place, and no road is cut", "set road_cut, or leave it empty")
    return Back(
        by=body.by,
        relayed=body.relayed,
        reached=body.reached,
        missed=body.missed,
        help=help_,
        road_cut=body.road_cut,
        road_where=where,
    )
