"""A push vendor for phone apps, in the shape of JPush: tags, devices, counts of what was received."""

import base64
import binascii
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from sandbox.faults import FaultKind, Faults, install

_MOST_BYTES = 4000
"""What the phone makers' channels carry."""
_PLATFORMS = ("android", "ios", "hmos", "quickapp")
_MOST_ASKED = 100


class Audience(BaseModel):
    """Who is meant: any of the tags, or these devices."""

    model_config = ConfigDict(extra="forbid")

    tag: list[str] | None = Field(default=None, min_length=1, max_length=20)
    registration_id: list[str] | None = Field(default=None, min_length=1, max_length=1000)


class Options(BaseModel):
    """How the vendor is to treat the push."""

    model_config = ConfigDict(extra="forbid")

    sendno: int | None = Field(default=None, ge=0)
    time_to_live: int = Field(default=86_400, ge=0, le=864_000)
    override_msg_id: int | None = None
    """The push that this one takes the place of."""
    apns_production: bool = False
    classification: int = Field(default=0, ge=0, le=1)
    third_party_channel: dict[str, Any] | None = None


class Push(BaseModel):
    """The body of POST /v3/push."""

    model_config = ConfigDict(extra="forbid")

    cid: str | None = Field(default=None, pattern=r"^[0-9A-Za-z_-]{1,64}$")
    """The caller's own id: the same one within a day is the same push."""
    platform: Literal["all"] | list[Literal["android", "ios", "hmos", "quickapp"]]
    audience: Literal["all"] | Audience
    notification: dict[str, Any]
    message: dict[str, Any] | None = None
    options: Options = Options()


class PushError(Exception):
    """An error of the vendor: HTTP status, code, message."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.answer = {"error": {"code": code, "message": message}}


@dataclass(frozen=True)
class Device:
    """A phone with the app."""

    tags: frozenset[str]
    platform: str = "android"


@dataclass
class Pushed:
    """A push that the vendor took."""

    msg_id: int
    cid: str | None
    alert: str
    devices: tuple[str, ...]
    at: datetime
    overrides: int | None
    overridden_at: datetime | None = None


@dataclass
class Vendor:
    """The vendor, the phones it knows, and all that was pushed."""

    app_key: str
    master_secret: str
    devices: dict[str, Device]
    deaf: set[str] = field(default_factory=set)
    """Phones that are off: pushed to, but nothing is received."""
    received_after_s: float = 0.3
    remembers_s: float = 86_400
    """How long a cid is remembered."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    faults: Faults = field(default_factory=Faults)
    pushes: dict[int, Pushed] = field(default_factory=dict)
    repeated: int = 0

    def push(self, body: bytes) -> dict[str, Any]:
        """Return the answer to a push."""
        order = _push(body)
        if (earlier := self._earlier(order.cid)) is not None:
            self.repeated += 1
            return _accepted(order, earlier.msg_id)
        devices = self._meant(order)
        if not devices:
            raise PushError(400, 1011, "cannot find user by this audience")
        pushed = Pushed(
            msg_id=54_000_000_000_000_000 + len(self.pushes) + 1,
            cid=order.cid,
            alert=_alert(order),
            devices=devices,
            at=self.now(),
            overrides=order.options.override_msg_id,
        )
        if (replaced := self.pushes.get(pushed.overrides or 0)) is not None:
            replaced.overridden_at = pushed.at
        self.pushes[pushed.msg_id] = pushed
        return _accepted(order, pushed.msg_id)

    def counts(self, msg_ids: str) -> list[dict[str, Any]]:
        """Return how many phones received each of the pushes."""
        wanted = msg_ids.split(",")
        if len(wanted) > _MOST_ASKED or not all(re.fullmatch(r"\d{1,20}", msg_id) for msg_id in wanted):
            raise PushError(400, 3002, "msg_ids is wrong")
        return [self._count(int(msg_id)) for msg_id in wanted]

    def reached(self, pushed: Pushed) -> list[str]:
        """Return the phones that received a push by now."""
        if self.now() < pushed.at + timedelta(seconds=self.received_after_s):
            return []
        return [device for device in pushed.devices if device not in self.deaf]

    def on_air(self) -> list[Pushed]:
        """Return the pushes that are shown on phones and not overridden."""
        shown = [pushed for pushed in self.pushes.values() if pushed.overridden_at is None]
        return [pushed for pushed in shown if self.reached(pushed)]

    def view(self) -> dict[str, Any]:
        """Return what the vendor holds, as GET /state shows it."""
        pushes = [
            {
                "msg_id": pushed.msg_id,
                "cid": pushed.cid,
                "alert": pushed.alert,
                "devices": len(pushed.devices),
                "received": len(self.reached(pushed)),
                "overrides": pushed.overrides,
                "overridden": pushed.overridden_at is not None,
            }
            for pushed in self.pushes.values()
        ]
        on_air = [pushed.msg_id for pushed in self.on_air()]
        return {"pushes": pushes, "repeated": self.repeated, "on_air": on_air}

    def _count(self, msg_id: int) -> dict[str, Any]:
        pushed = self.pushes.get(msg_id)
        if pushed is None:
            return {"msg_id": str(msg_id), "android_received": None, "ios_apns_sent": None}
        reached = [self.devices[device].platform for device in self.reached(pushed)]
        sent = [self.devices[device].platform for device in pushed.devices]
        return {
            "msg_id": str(msg_id),
            "android_received": sum(platform != "ios" for platform in reached),
            "ios_apns_sent": sent.count("ios"),
            "ios_apns_received": reached.count("ios"),
        }

    def _earlier(self, cid: str | None) -> Pushed | None:
        since = self.now() - timedelta(seconds=self.remembers_s)
        same = (pushed for pushed in self.pushes.values() if cid and pushed.cid == cid and pushed.at > since)
        return next(same, None)

    def _meant(self, order: Push) -> tuple[str, ...]:
        platforms = _PLATFORMS if order.platform == "all" else order.platform
        known = {name: device for name, device in self.devices.items() if device.platform in platforms}
        if order.audience == "all":
            return tuple(known)
        tags, names = set(order.audience.tag or ()), order.audience.registration_id
        if names is not None:
            known = {name: known[name] for name in dict.fromkeys(names) if name in known}
        return tuple(name for name, device in known.items() if not tags or tags & device.tags)


def create(state: Vendor) -> FastAPI:
    """Return the vendor as a web application."""
    app = FastAPI(title="Push vendor", docs_url=None, redoc_url=None)
    install(app, state.faults, state.view)

    @app.exception_handler(PushError)
    async def explain(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, PushError)
        return JSONResponse(error.answer, error.status)

    @app.post("/v3/push")
    async def push(request: Request) -> dict[str, Any]:
        _check(state, request)
        return state.push(await request.body())

    @app.get("/v3/received")
    async def received(request: Request, msg_ids: str = "") -> list[dict[str, Any]]:
        _check(state, request)
        return state.counts(msg_ids)

    return app


def _check(state: Vendor, request: Request) -> None:
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    try:
        pair = base64.b64decode(given, validate=True).decode()
    except (binascii.Error, ValueError):
        pair = ""
    if scheme.lower() != "basic" or pair != f"{state.app_key}:{state.master_secret}":
        raise PushError(401, 1004, "authen failed")
    if fault := state.faults.take(FaultKind.REFUSE, request.url.path):
        raise PushError(fault.code or 503, 1030, "Server internal timeout")


def _push(body: bytes) -> Push:
    try:
        order = Push.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise PushError(400, 1003, f"{where or 'body'}: {first['msg']}") from None
    if len(json.dumps(order.notification, ensure_ascii=False).encode()) > _MOST_BYTES:
        raise PushError(400, 1005, "the notification is longer than 4000 bytes")
    if isinstance(order.audience, Audience) and not (order.audience.tag or order.audience.registration_id):
        raise PushError(400, 1003, "audience: nobody is meant")
    if not _alert(order):
        raise PushError(400, 1003, "notification: alert is empty")
    return order


def _alert(order: Push) -> str:
    per_platform = [order.notification.get(platform) for platform in _PLATFORMS]
    alerts = [order.notification.get("alert"), *(p.get("alert") for p in per_platform if isinstance(p, dict))]
    return next((alert for alert in alerts if isinstance(alert, str) and alert), "")


def _accepted(order: Push, msg_id: int) -> dict[str, Any]:
    return {"sendno": str(order.options.sendno or 0), "msg_id": str(msg_id)}
