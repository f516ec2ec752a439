"""/api/v1/push: a browser says what it wants, where it takes messages, and that it has shown one."""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

from aiolimiter import AsyncLimiter
from cryptography.hazmat.primitives.asymmetric import ec
from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from contracts.outcome import TargetState
from contracts.values import HazardCode, Level, TownCode
from services.channels import ground
from services.channels.hazards import hazards
from services.channels.push.actions import hear
from services.channels.push.store import browsers
from services.channels.push.store.tables import PLACES
from services.channels.push.web import endpoints
from services.channels.push.web.vapid import Vapid
from services.channels.push.web.wishes import Address, Wishes
from services.kit.crypto import CryptoProvider, KeyFolder
from services.kit.db import Database
from services.kit.errors import Fault, Invalid, NotFound, Retry
from services.kit.idempotency import idempotent_route
from services.kit.identity import refuse_foreign

router = APIRouter(
    prefix="/api/v1/push",
    tags=["push"],
    dependencies=[Depends(refuse_foreign)],
    route_class=idempotent_route("web", sessions=False),
)

MOST_A_SECOND = 50
"""Subscriptions that one replica takes: whoever sends more of them is no citizen."""

Base64 = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,100}={0,2}$")]
Endpoint = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]{4,1024}$")]


@dataclass(frozen=True)
class Parts:
    """What the endpoints are given."""

    db: Database
    crypto: CryptoProvider
    vapid: Vapid
    services: frozenset[str]
    most: int
    told: Callable[[], None]
    pace: AsyncLimiter


class WebSettings(Protocol):
    """What of the settings concerns browsers."""

    @property
    def web_services(self) -> str:
        """Push services that are named, with commas between."""
        ...

    @property
    def web_contact(self) -> str:
        """Whom a push service may write to."""
        ...

    @property
    def web_most_browsers(self) -> int:
        """So many browsers are kept."""
        ...


def parts_of(
    db: Database,
    crypto: CryptoProvider,
    keys: KeyFolder,
    settings: WebSettings,
    told: Callable[[], None],
) -> Parts:
    """Return the parts from the settings."""
    named = frozenset(one.strip().rstrip("/") for one in settings.web_services.split(",") if one.strip())
    pace = AsyncLimiter(MOST_A_SECOND, 1)
    return Parts(db, crypto, Vapid(keys, settings.web_contact), named, settings.web_most_browsers, told, pace)


async def parts(request: Request) -> Parts:
    """Return the parts that the app has put by."""
    found: Parts = request.app.state.parts["web-browsers"]
    return found


Given = Annotated[Parts, Depends(parts)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Keys(_Body):
    """With what a message for this browser is closed."""

    p256dh: Base64
    auth: Base64


class SubscriptionBody(_Body):
    """A browser and what it wants to be told."""

    endpoint: Endpoint
    keys: Keys
    towns: list[TownCode] = Field(min_length=1, max_length=50)
    hazards: list[HazardCode] = Field(default=[], max_length=50, description="None: all of them")
    lowest: Level = Field(Level.BLUE, description="The lowest colour; red always comes")
    language: Literal["zh", "en"] = "zh"
    drills: bool = Field(False, description="Whether drills are shown as well")


class MoveBody(_Body):
    """A browser whose push service has given it another address."""

    before: Endpoint
    endpoint: Endpoint
    keys: Keys


class EndpointBody(_Body):
    """A browser, by the address that only it and its push service know."""

    endpoint: Endpoint


class ShownBody(_Body):
    """By which tokens a browser tells that it has shown a message."""

    token: list[Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{24}$")]] = Field(
        min_length=1, max_length=50
    )


class KeyView(BaseModel):
    """With what a browser subscribes to us."""

    public_key: str = Field(description="applicationServerKey, base64url")


class WishesView(BaseModel):
    """What a browser is told."""

    browser_id: str
    towns: list[str]
    hazards: list[str]
    lowest: Level
    language: str
    drills: bool


@router.get("/key", summary="With which key a browser subscribes")
async def key(given: Given) -> KeyView:
    """Return our public key (VAPID)."""
    return KeyView(public_key=given.vapid.active()[1].public)


@router.post("/subscriptions", status_code=201, summary="Let a browser be warned")
async def subscribe(body: SubscriptionBody, given: Given) -> WishesView:
    """Keep a browser and what it wants, in place of what it wanted before."""
    address = _address(given, body.endpoint, body.keys)
    wishes = await _wishes(given, body)
    if not given.pace.has_capacity() or await browsers.count(given.db) >= given.most:
        raise Retry("no more browsers can be taken now", after=60)
    async with given.pace:
        key_id, _ = given.vapid.active()
        async with given.db.transaction() as tx:
            name = await browsers.keep(tx, given.crypto, address, key_id, wishes)
            tx.record("browser.subscribed", about=name, towns=len(wishes.towns), lowest=wishes.lowest)
    return _view(name, wishes)


@router.post("/subscriptions:move", summary="A browser has another address")
async def move(body: MoveBody, given: Given) -> WishesView:
    """Keep what a browser wants under its new address."""
    known = await browsers.find(given.db, given.crypto, body.before)
    if known is None:
        raise NotFound("this browser is not subscribed", mend="subscribe anew")
    address = _address(given, body.endpoint, body.keys)
    async with given.db.transaction() as tx:
        name = await browsers.keep(tx, given.crypto, address, known.key_id, known.wishes)
        if name != known.browser_id:
            await browsers.rename(tx, known.browser_id, name)
            await browsers.remove(tx, [known.browser_id])
        tx.record("browser.moved", about=name, before=known.browser_id)
    return _view(name, known.wishes)


@router.post("/subscriptions:find", summary="What a browser is told")
async def find(body: EndpointBody, given: Given) -> WishesView:
    """Return what a browser wants to be told."""
    known = await browsers.find(given.db, given.crypto, body.endpoint)
    if known is None:
        raise NotFound("this browser is not subscribed", mend="subscribe first")
    return _view(known.browser_id, known.wishes)


@router.post("/subscriptions:remove", status_code=204, summary="Warn a browser no more")
async def remove(body: EndpointBody, given: Given) -> Response:
    """Forget a browser; one that is not known is forgotten already."""
    name = browsers.name_of(body.endpoint)
    async with given.db.transaction() as tx:
        if await browsers.remove(tx, [name]):
            tx.record("browser.unsubscribed", about=name)
    return Response(status_code=204)


@router.post("/shown", status_code=204, summary="A browser has shown a message")
async def shown(body: ShownBody, given: Given) -> Response:
    """Count the towns of a message as reached; a token that is not known, or no more, changes nothing."""
    for token in dict.fromkeys(body.token):
        if await browsers.knows_token(given.db, token):
            await hear.keep(given.db, token, TargetState.RECEIVED, "a browser has shown it")
            given.told()
    return Response(status_code=204)


def _address(given: Parts, endpoint: str, keys: Keys) -> Address:
    """Return where a browser takes messages; raise Invalid that names what is wrong with it."""
    endpoints.check(endpoint, given.services)
    mend = "send the subscription as the browser gave it"
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), _bytes(keys.p256dh))
    except ValueError:
        raise Invalid("keys.p256dh", "is not a point of P-256", mend) from None
    if len(_bytes(keys.auth)) != 16:
        raise Invalid("keys.auth", "has not 16 bytes", mend)
    return Address(endpoint, keys.p256dh.rstrip("="), keys.auth.rstrip("="))


def _bytes(text: str) -> bytes:
    plain = text.rstrip("=")
    try:
        return base64.urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
    except binascii.Error:
        return b""


async def _wishes(given: Parts, body: SubscriptionBody) -> Wishes:
    """Return what somebody chose; raise Invalid for a place or hazard that would never come."""
    known = await ground.towns(given.db, PLACES)
    if not known:
        raise Retry("the places are not known here yet", after=30)
    offered = {hazard.code for hazard in hazards()}
    faults = [
        Fault(f"towns[{n}]", "is no town of the district", "choose among those of /public/follow")
        for n, town in enumerate(body.towns)
        if town not in known
    ]
    faults += [
        Fault(f"hazards[{n}]", "cannot be chosen", "choose among those of /public/follow, or none")
        for n, code in enumerate(body.hazards)
        if code not in offered
    ]
    if faults:
        raise Invalid.of(faults)
    return Wishes(frozenset(body.towns), frozenset(body.hazards), body.lowest, body.language, body.drills)


def _view(name: str, wishes: Wishes) -> WishesView:
    return WishesView(
        browser_id=name,
        towns=sorted(wishes.towns),
        hazards=sorted(wishes.hazards),
        lowest=wishes.lowest,
        language=wishes.language,
        drills=wishes.drills,
    )
