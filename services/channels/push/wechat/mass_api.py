"""/api/v1/wechat/masses and /quota: mass messages by two people, and the day's quota for operators."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from contracts.printable import Line, Lines
from services.channels.push.store import masses
from services.channels.push.store.masses import Mass
from services.channels.push.wechat.mass import Kind, Masses, stands
from services.channels.push.wechat.quota import Quota
from services.kit.clock import beijing
from services.kit.idempotency import idempotent_route
from services.kit.identity import Principal, needs

router = APIRouter(prefix="/api/v1/wechat", tags=["wechat"], route_class=idempotent_route("wechat"))
MOST_SHOWN = 100

Writer = Annotated[Principal, Depends(needs("drafter", "checker", "signer"))]
Sender = Annotated[Principal, Depends(needs("checker", "signer"))]
Operator = Annotated[Principal, Depends(needs("operator"))]
Name = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


@dataclass(frozen=True)
class MassParts:
    """What the endpoints are given."""

    masses: Masses
    quota: Quota


async def parts(request: Request) -> MassParts:
    """Return the parts that the app has put by."""
    found: MassParts = request.app.state.parts["wechat-masses"]
    return found


Given = Annotated[MassParts, Depends(parts)]


class MassBody(BaseModel):
    """A new mass message."""

    model_config = ConfigDict(extra="forbid")

    kind: Kind
    text: Lines = Field(min_length=1, max_length=600)


class PreviewBody(BaseModel):
    """To whom it is shown beforehand."""

    model_config = ConfigDict(extra="forbid")

    openid: Line = Field(min_length=1, max_length=64)


class MassView(BaseModel):
    """A mass message and how it stands."""

    mass_id: str
    kind: str
    text: str
    state: str
    """written, sending, sent, finished, failed; unconfirmed when nobody confirmed it within half an hour."""
    author: str
    made_at: str
    sender: str | None
    sent_at: str | None
    reached: int | None
    detail: str | None


class MassesView(BaseModel):
    """The newest mass messages."""

    data: list[MassView]


class QuotaView(BaseModel):
    """The day's quota of template messages."""

    left: int | None
    reserve: int


class ClearedView(BaseModel):
    """How often the quota was cleared this month."""

    times: int


@router.post("/masses", summary="Write a digest or the message of a drill", status_code=201)
async def write(body: MassBody, given: Given, someone: Writer) -> MassView:
    """Keep a mass message until somebody else sends it; warnings are never sent so."""
    return _view(given, await given.masses.write(body.kind, body.text, by=someone.username))


@router.get("/masses", summary="The newest mass messages")
async def show(given: Given, someone: Writer) -> MassesView:  # noqa: ARG001 (only who may see them)
    """Return the newest mass messages, newest first."""
    found = await masses.newest(given.masses.db, MOST_SHOWN)
    return MassesView(data=[_view(given, mass) for mass in found])


@router.post("/masses/{mass_id}/preview", summary="Show it to one follower first", status_code=204)
async def preview(mass_id: Name, body: PreviewBody, given: Given, someone: Writer) -> None:  # noqa: ARG001
    """Send it to one follower alone."""
    await given.masses.preview(mass_id, body.openid)


@router.post("/masses/{mass_id}/send", summary="Send it, as another person than who wrote it")
async def send(mass_id: Name, given: Given, someone: Sender) -> MassView:
    """Send it; sent again after a lost answer, it is the same message."""
    return _view(given, await given.masses.send(mass_id, by=someone.username))


@router.get("/quota", summary="How many template messages are left today")
async def quota(given: Given, someone: Operator) -> QuotaView:  # noqa: ARG001
    """Ask WeChat how many are left, and say how many are kept for what is urgent."""
    return QuotaView(left=await given.quota.left(), reserve=given.quota.reserve)


@router.post("/quota/clear", summary="Clear the day's quota: ten times a month")
async def clear(given: Given, someone: Operator) -> ClearedView:
    """Clear the quota of the account, by the decision of a person."""
    return ClearedView(times=await given.quota.clear("an operator decided it", actor=someone.username))


def _view(given: MassParts, mass: Mass) -> MassView:
    return MassView(
        mass_id=mass.mass_id,
        kind=mass.kind,
        text=mass.text,
        state=stands(mass, given.masses.db.clock.now()),
        author=mass.author,
        made_at=beijing(mass.made_at),
        sender=mass.sender,
        sent_at=beijing(mass.sent_at) if mass.sent_at else None,
        reached=mass.reached,
        detail=mass.detail,
    )
