"""/api/v1/duty: who is silent now, since when, whom to call; and the answers that people write down."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from contracts.printable import Line
from contracts.values import Instant, TownCode
from services.kit.errors import Forbidden, Invalid
from services.kit.idempotency import idempotent_route
from services.kit.identity import SERVICE, Principal, needs
from services.router.actions import answering, watching
from services.router.actions.answering import Told
from services.router.api.duty_views import DutyView, StandingView, StoryView
from services.router.api.parts import RouterParts
from services.router.api.why import FaultView, fault_views
from services.router.model.duty import Way
from services.router.store.silence import cursor_of

router = APIRouter(
    prefix="/api/v1/duty",
    tags=["duty"],
    route_class=idempotent_route("router"),
    default_response_class=JSONResponse,
)

# Without Idempotency-Key: its store would hold the numbers in clear.
secret_router = APIRouter(prefix="/api/v1/duty", tags=["duty"], default_response_class=JSONResponse)

DISTRICT = ("drafter", "checker", "signer", SERVICE)
"""Those who look after the whole district; a town's desk sees and answers for its own town."""

OnDuty = Annotated[Principal, Depends(needs(*DISTRICT, "town-desk"))]


def own_town(someone: Principal) -> str | None:
    """Return the only town that somebody looks after, None for the district; raise Forbidden for no town."""
    if someone.has(*DISTRICT):
        return None
    if not someone.town:
        raise Forbidden("this account is a town's desk without a town", mend="ask an operator to name it")
    return someone.town


def allowed(someone: Principal, town: str) -> None:
    """Raise Forbidden when a town is somebody else's."""
    if own_town(someone) not in (None, town):
        raise Forbidden("another desk looks after this town")


class StandingsView(BaseModel):
    """Every revision that asks for answers now, worst first."""

    data: list[StandingView]
    escalation_version: str
    """Of the rules by which a new revision would climb."""
    escalation_faults: list[FaultView]
    """Of the file that should have replaced them; empty when they are the newest."""


class DutiesView(BaseModel):
    """A page of duties."""

    data: list[StoryView]
    next: str | None = None
    """Where the list goes on: the `after` of the next page."""


class AnswerBody(BaseModel):
    """Who answered. A phone is kept sealed and never shown again."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"example": {"name": "张三", "phone": "13800138000", "note": "已上岗"}},
    )

    name: Line = Field(min_length=1, max_length=60)
    phone: str | None = Field(None, pattern=r"^\+?[0-9]{3,15}$")
    at: Instant | None = Field(None, description="When he answered; left out: now")
    note: Line = Field("", max_length=500)
    way: Way = Field(Way.MANUAL, description="Other than manual only for our own services")
    in_hand: bool = Field(
        False, description="Somebody above the place has it in hand; the place is silent yet"
    )


class PersonBody(BaseModel):
    """Whose number is wanted."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"example": {"person_id": "p000001"}})

    person_id: Line = Field(min_length=1, max_length=64)


class PhoneView(BaseModel):
    """A whole number. That it was shown is in the ledger."""

    phone: str


@router.get("", summary="What asks for answers now")
async def get_standing(parts: RouterParts, someone: OnDuty) -> StandingsView:
    """Return every standing revision with its towns: how many must answer, and how many have."""
    names = await watching.names(parts.db, parts.library)
    found = await watching.standing(parts.db, own_town(someone))
    return StandingsView(
        data=[StandingView.of(one, names) for one in found],
        escalation_version=parts.escalation.rules.version,
        escalation_faults=fault_views(parts.escalation.faults),
    )


@router.get("/towns/{town}", summary="Who is silent in a town")
async def get_town(
    town: TownCode,
    parts: RouterParts,
    someone: OnDuty,
    everyone: bool = Query(False, alias="all", description="Those who have answered too"),
    after: Annotated[str, Query(max_length=120)] = "",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> DutiesView:
    """Return a town's duties, worst colour first: since when, what was done, whom to call."""
    allowed(someone, town)
    names = await watching.names(parts.db, parts.library)
    found = await watching.of_town(
        parts.db, parts.crypto, town, silent=not everyone, after=after, limit=limit
    )
    onward = cursor_of(found[-1].duty) if len(found) == limit else None
    return DutiesView(data=[StoryView.of_story(story, names) for story in found], next=onward)


@router.get("/{duty_id}", summary="One duty, and its whole story")
async def get_duty(duty_id: UUID, parts: RouterParts, someone: OnDuty) -> StoryView:
    """Return a duty: whom it is about, what was done, who can be called, what was answered."""
    names = await watching.names(parts.db, parts.library)
    return StoryView.of_story(await watching.story(parts.db, parts.crypto, duty_id, own_town(someone)), names)


@router.post("/{duty_id}/answers", status_code=201, summary="Write an answer down")
async def post_answer(duty_id: UUID, body: AnswerBody, parts: RouterParts, someone: OnDuty) -> DutyView:
    """Record who answered, on which phone, when; the clock stops."""
    if body.way is not Way.MANUAL and not someone.has(SERVICE):
        raise Invalid("way", "is not for people to say", "leave it out: what you write down is manual")
    told = Told(body.name, body.phone, body.at, body.note, body.way, body.in_hand)
    found = await answering.record(
        parts.db, parts.crypto, duty_id, told, by=someone.username, town=own_town(someone)
    )
    return DutyView.of(found, await watching.names(parts.db, parts.library))


@secret_router.post("/{duty_id}/phones", summary="Show somebody's whole number")
async def post_phone(duty_id: UUID, body: PersonBody, parts: RouterParts, someone: OnDuty) -> PhoneView:
    """Return the number of somebody on the duty's list, and note in the ledger who has seen it."""
    town = own_town(someone)
    phone = await watching.unmask(
        parts.db, parts.crypto, duty_id, body.person_id, by=someone.username, town=town
    )
    return PhoneView(phone=phone)
