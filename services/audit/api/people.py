"""HTTP in, places out: /api/v1/audit/phones. A number comes in a body: it stands in no URL and in no log."""

import re
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field

from contracts.printable import Line
from services.audit.actions import people
from services.audit.actions.people import Standing, is_beside
from services.audit.api.parts import Asker, Given, note
from services.audit.api.views import Time
from services.audit.model.person import Fate, Step
from services.audit.store.people import Hit
from services.kit import phones
from services.kit.errors import Invalid, NotFound
from services.kit.identity import Principal
from services.kit.masking import masked, number_of

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

MOST = 2**62
_OPENID = re.compile(r"[!-~]{1,64}")


class PhoneQuestion(BaseModel):
    """Whom is asked about: a phone number in any form, or a WeChat openid."""

    phone: Annotated[Line, Field(max_length=60)] | None = None
    openid: Annotated[Line, Field(max_length=64)] | None = None


@dataclass(frozen=True)
class Sought:
    """Somebody who is asked about. The name is never shown."""

    name: str
    shown: str

    @classmethod
    def of(cls, phone: str | None, openid: str | None) -> "Sought":
        """Return who is meant; raise Invalid when it cannot be told."""
        if bool(phone) == bool(openid):
            raise Invalid("phone", "is missing, or stands beside an openid", "send one of phone and openid")
        if openid:
            if _OPENID.fullmatch(openid.strip()) is None:
                raise Invalid("openid", "is not an openid", "send the openid as WeChat gave it")
            return cls(openid.strip(), phones.masked(openid.strip()))
        number = number_of(phone or "")
        if number is None:
            raise Invalid("phone", "is not a mobile number", "send its eleven digits")
        return cls(number, masked(number))


async def asked(request: Request, given: Given, someone: Principal, who: Sought) -> None:
    """Record who asks about whom: the number masked, and its keyed hash. No answer without it."""
    crypto = given.signer.crypto
    hashed = f"{crypto.hash_key}:{crypto.keyed_hash(who.name).hex()}"
    await note(request, given, someone, "audit.queried", phone=who.shown, phone_hash=hashed)


async def _sought(
    request: Request,
    given: Given,
    someone: Asker,
    question: PhoneQuestion,
) -> Sought:
    who = Sought.of(question.phone, question.openid)
    await asked(request, given, someone, who)
    return who


Who = Annotated[Sought, Depends(_sought)]


class StepView(BaseModel):
    """One thing that a report said of this person by name."""

    state: str
    at: Time
    by: str | None
    detail: str | None
    position: int = Field(description="Of the record that says so")

    @classmethod
    def of(cls, step: Step) -> "StepView":
        """Return the view of a step."""
        by, detail = (masked(text) if text else None for text in (step.by, step.detail))
        return cls(state=step.state, at=step.at, by=by, detail=detail, position=step.position)


class OutcomeView(BaseModel):
    """What became of this person in a delivery."""

    states: list[str] = Field(description="One, or several where the counts leave open which of them it is")
    named: bool = Field(description="A report names the person; else it is what the counts leave")
    steps: list[StepView]
    position: int | None = Field(description="Of the record that says so")
    spared_at: Time | None = Field(description="Needed not be called any more")

    @classmethod
    def of(cls, fate: Fate) -> "OutcomeView":
        """Return the view of an outcome."""
        return cls(
            states=list(fate.states),
            named=fate.named,
            steps=[StepView.of(step) for step in fate.steps],
            position=fate.position,
            spared_at=fate.spared_at,
        )


class PlaceView(BaseModel):
    """One batch in which the person stands."""

    position: int = Field(description="Of the record that asks for the delivery")
    revision: int
    channel: str
    route: str = Field(description="The gateway or account that carries it")
    delivery_id: str
    place: int = Field(description="Place in the batch, from 1")
    size: int = Field(description="How many stand in the batch")
    beside_the_plan: bool = Field(description="A call, because somebody had not answered")
    hash_key: str | None = Field(description="The key under which the number was hashed")
    outcome: OutcomeView | None = Field(description="Only where it is asked for")

    @classmethod
    def of(cls, hit: Hit, fate: Fate | None) -> "PlaceView":
        """Return the view of a hit."""
        shared = ("position", "revision", "channel", "route", "delivery_id")
        return cls(
            **{name: getattr(hit, name) for name in shared},
            place=hit.place + 1,
            size=hit.size,
            beside_the_plan=is_beside(hit),
            hash_key=hit.key_id,
            outcome=OutcomeView.of(fate) if fate else None,
        )


class PersonWarning(BaseModel):
    """One warning that was meant for the person."""

    warning_id: str
    headline: str | None = Field(description="Of the newest revision; null while it is not in the ledger")
    level: str | None
    mode: str | None
    state: str | None
    revision: int | None
    said_at: Time | None
    places: list[PlaceView] = Field(description="Newest first")

    @classmethod
    def of(cls, found: Standing) -> "PersonWarning":
        """Return the view of a warning."""
        newest = found.newest
        return cls(
            warning_id=found.warning_id,
            headline=masked(newest.headline) if newest else None,
            level=newest.level if newest else None,
            mode=newest.mode if newest else None,
            state=found.state,
            revision=newest.revision if newest else None,
            said_at=newest.said_at if newest else None,
            places=[PlaceView.of(hit, found.fates.get((hit.delivery_id, hit.place))) for hit in found.hits],
        )


class PersonPage(BaseModel):
    """A page of warnings, the newest first; `next` is the cursor of the page after it."""

    asked: str = Field(description="Masked")
    total: int = Field(description="In how many warnings the person stands")
    data: list[PersonWarning]
    has_more: bool
    next: str | None


async def page_of(given: Given, who: Sought, after: int | None, limit: int, *, outcomes: bool) -> PersonPage:
    """Return a page of the warnings that were meant for somebody."""
    crypto = given.signer.crypto
    found = await people.warnings(given.db, crypto, who.name, after, limit, fates=outcomes)
    return PersonPage(
        asked=who.shown,
        total=found.total,
        data=[PersonWarning.of(standing) for standing in found.standings],
        has_more=found.more,
        next=str(found.standings[-1].first) if found.more else None,
    )


@router.post("/phones", summary="One phone number or openid over all warnings")
async def over_all(
    given: Given,
    who: Who,
    after: Annotated[int | None, Query(ge=1, le=MOST, description="`next` of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 100,
    outcomes: Annotated[bool, Query(description="Also what became of each delivery")] = False,
) -> PersonPage:
    """Return where somebody stands: warning, revision, channel, carrier, delivery, place and record."""
    return await page_of(given, who, after, limit, outcomes=outcomes)


@router.post("/warnings/{warning_id}/phones", summary="One phone number or openid in one warning")
async def in_one(warning_id: UUID, given: Given, who: Who) -> PersonWarning:
    """Return what became of somebody in one warning."""
    found = await people.outcome(given.db, given.signer.crypto, who.name, str(warning_id))
    if found is None:
        raise NotFound("this person stands in no delivery of that warning")
    return PersonWarning.of(found)
