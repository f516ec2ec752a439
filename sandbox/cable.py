"""A cable television head-end: takes signed orders, puts text on the air, counts the boxes it reached."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, hmac
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from contracts.canonical import canonical_bytes
from sandbox.faults import FaultKind, Faults, install

SIGNATURE_HEADER = "x-signature"
"""`HMAC-SM3 <hex>` over the canonical bytes of the JSON body."""
_SCHEME = "HMAC-SM3 "
_MOST_BYTES = 256 << 10
LOST = "contact lost"
_FORCED = {"FULL", "SWITCH"}
_MAY_FORCE = {"RED", "ORANGE"}
_BEIJING = timezone(timedelta(hours=8))

OrderId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{8,64}$")]
AreaCode = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]


class Order(BaseModel):
    """What the district platform orders; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")

    order_id: OrderId
    action: Literal["START", "REPLACE", "STOP"]
    related_order_id: OrderId | None = None
    """The order that is replaced or stopped."""
    drill: bool = False
    ebm_id: Annotated[str, StringConstraints(pattern=r"^\d{35}$")] | None = None
    severity: Literal["RED", "ORANGE", "YELLOW", "BLUE"]
    event_type: Annotated[str, StringConstraints(pattern=r"^1[1-4][A-Z]\d{2}$")]
    area: list[AreaCode] = Field(min_length=1, max_length=1000)
    display_mode: Literal["CRAWL", "WINDOW", "FULL", "SWITCH"]
    approver: str | None = Field(default=None, max_length=40)
    """Who approved a forced mode, by name."""
    title: str | None = Field(default=None, max_length=20)
    text: str = Field(min_length=1)
    font_size: int | None = Field(default=None, ge=12, le=96)
    colour: Annotated[str, StringConstraints(pattern=r"^#[0-9A-Fa-f]{6}$")] | None = None
    position: Literal["TOP", "BOTTOM"] | None = None
    speed: int | None = Field(default=None, ge=1, le=10)
    repeat_count: int = Field(default=1, ge=1, le=999)
    interval_s: int = Field(default=60, ge=0, le=3600)
    start: AwareDatetime
    end: AwareDatetime
    expires: AwareDatetime
    """When the warning itself ends; nothing stays on the air longer."""
    contact_s: int | None = Field(default=None, ge=30, le=3600)
    """A forced mode ends by itself when nobody has asked after it for so long."""
    program_number: int | None = Field(default=None, ge=1, le=65535)
    """The programme that SWITCH turns to."""
    audio_url: Annotated[str, StringConstraints(pattern=r"^https?://\S{1,500}$")] | None = None


@dataclass
class Kept:
    """An order that the head-end knows, taken or not."""

    digest: str
    received_at: datetime
    order: Order | None = None
    reason: str | None = None
    """Why it was rejected."""
    ended_at: datetime | None = None
    """When it was stopped or replaced."""
    heard_at: datetime | None = None
    """When somebody last asked after it."""

    def lost_at(self) -> datetime | None:
        """Return when contact is lost if nobody asks any more; None for what needs none."""
        if self.order is None or self.order.contact_s is None:
            return None
        return (self.heard_at or self.received_at) + timedelta(seconds=self.order.contact_s)


@dataclass
class HeadEnd:
    """The head-end and all that it holds; the key is what signs the orders."""

    key: bytes
    longest: dict[str, int] = field(
        default_factory=lambda: {"CRAWL": 120, "WINDOW": 200, "FULL": 200, "SWITCH": 200}
    )
    on_air_after_s: float = 0.4
    stops_after_s: float = 0.2
    boxes_of_area: Callable[[str], int] = lambda code: 1200 if code.endswith("000") else 80
    """How many boxes an area has: a town's code ends in three zeros."""
    region: str = "500110"
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    faults: Faults = field(default_factory=Faults)
    orders: dict[str, Kept] = field(default_factory=dict)
    received: int = 0
    repeated: int = 0
    unsigned: int = 0

    def on_air(self) -> list[Order]:
        """Return the orders whose text is on the screens at this moment."""
        shown = [kept.order for kept in self.orders.values() if self.status(kept) == "on-air"]
        return [order for order in shown if order is not None]

    def status(self, kept: Kept) -> str:
        """Return how far an order has come: accepted, on-air, stopped or rejected."""
        now, order = self.now(), kept.order
        if order is None:
            return "rejected"
        if order.action == "STOP":
            done = kept.received_at + timedelta(seconds=self.stops_after_s)
            return "stopped" if now >= done else "accepted"
        if now >= self._ends(kept, order):
            return "stopped"
        return "on-air" if now >= self._starts(kept, order) else "accepted"

    def reply(self, order_id: str, kept: Kept) -> dict[str, Any]:
        """Return what the head-end says of an order."""
        said: dict[str, Any] = {"order_id": order_id, "status": self.status(kept)}
        if kept.reason is not None:
            said["reason"] = kept.reason
        order = kept.order
        if order is not None and order.action != "STOP" and said["status"] in {"on-air", "stopped"}:
            starts, ends = self._starts(kept, order), self._ends(kept, order)
            if starts < ends:
                said["started_at"] = _local(starts)
                said["boxes"] = sum(map(self.boxes_of_area, order.area))
            if said["status"] == "stopped":
                said["stopped_at"] = _local(ends)
                if ends == kept.lost_at():
                    said["reason"] = LOST
        return said

    def take(self, document: dict[str, Any], signed: bytes) -> tuple[int, dict[str, Any]]:
        """Return the HTTP status and the answer to an order whose signature holds."""
        self.received += 1
        order_id = document.get("order_id")
        if not isinstance(order_id, str) or not 8 <= len(order_id) <= 64:
            return 422, {"status": "rejected", "reason": "order_id: 8 to 64 letters, digits and hyphens"}
        digest = hashlib.sha256(signed).hexdigest()
        if (kept := self.orders.get(order_id)) is not None:
            self.repeated += 1
            if kept.digest != digest:
                reason = "order_id was used for another order"
                return 409, {"order_id": order_id, "status": "rejected", "reason": reason}
        else:
            kept = self._keep(order_id, document, digest)
        return 422 if kept.order is None else 200, self.reply(order_id, kept)

    def view(self) -> dict[str, Any]:
        """Return what the head-end holds, as GET /state shows it."""
        return {
            "received": self.received,
            "repeated": self.repeated,
            "unsigned": self.unsigned,
            "on_air": [order.order_id for order in self.on_air()],
            "orders": [
                self.reply(order_id, kept)
                | ({"order": kept.order.model_dump(mode="json")} if kept.order else {})
                for order_id, kept in self.orders.items()
            ],
        }

    def _keep(self, order_id: str, document: dict[str, Any], digest: str) -> Kept:
        kept = Kept(digest, self.now())
        try:
            order = Order.model_validate(document)
            kept.reason = self._objection(order)
        except ValidationError as error:
            order, kept.reason = None, _fault(error)
        if kept.reason is None and order is not None:
            kept.order = order
            if order.related_order_id is not None:
                ended = self.orders[order.related_order_id]
                ended.ended_at = ended.ended_at or self.now()
        self.orders[order_id] = kept
        return kept

    def _objection(self, order: Order) -> str | None:
        related = self.orders.get(order.related_order_id or "")
        forced = order.display_mode in _FORCED and order.action != "STOP"
        sound = (
            (order.text.isprintable(), "text: one paragraph without control characters"),
            (
                len(order.text) <= self.longest[order.display_mode],
                f"text: at most {self.longest[order.display_mode]} characters",
            ),
            (order.end > order.start, "end: not after start"),
            (order.end <= order.expires, "end: after the warning expires"),
            (order.action == "STOP" or order.end > self.now(), "end: has passed"),
            (all(code.startswith(self.region) for code in order.area), "area: not ours"),
            (not forced or order.approver, "approver: a forced mode needs one by name"),
            (not forced or order.contact_s, "contact_s: a forced mode is held only while in contact"),
            (
                not forced or order.display_mode != "SWITCH" or order.program_number,
                "program_number: to which programme",
            ),
            (not forced or order.severity in _MAY_FORCE, "display_mode: forced only for red and orange"),
            ((order.action == "START") == (order.related_order_id is None), "related_order_id"),
            (order.action == "START" or (related and related.order), "related_order_id: no such order"),
        )
        return next((why for holds, why in sound if not holds), None)

    def _starts(self, kept: Kept, order: Order) -> datetime:
        return max(kept.received_at, order.start) + timedelta(seconds=self.on_air_after_s)

    def _ends(self, kept: Kept, order: Order) -> datetime:
        ends = [order.end]
        if kept.ended_at is not None:
            ends.append(kept.ended_at + timedelta(seconds=self.stops_after_s))
        if (lost := kept.lost_at()) is not None:
            ends.append(lost)
        return min(ends)

    def asked(self, kept: Kept) -> None:
        """Note that we are heard, unless contact is lost already: what has ended does not begin again."""
        if kept.order is not None and self.now() < self._ends(kept, kept.order):
            kept.heard_at = self.now()


def create(state: HeadEnd) -> FastAPI:
    """Return the head-end as a web application."""
    app = FastAPI(title="Cable head-end", docs_url=None, redoc_url=None)
    install(app, state.faults, state.view)

    @app.post("/orders")
    async def order(request: Request) -> JSONResponse:
        status, answer = _ordered(state, await request.body(), request.headers.get(SIGNATURE_HEADER, ""))
        return JSONResponse(answer, status)

    @app.get("/orders/{order_id}")
    async def ask(order_id: str) -> JSONResponse:
        kept = state.orders.get(order_id)
        if kept is None:
            return JSONResponse({"order_id": order_id, "reason": "no such order"}, 404)
        state.asked(kept)
        return JSONResponse(state.reply(order_id, kept))

    @app.get("/health")
    async def health() -> JSONResponse:
        if state.faults.take(FaultKind.REFUSE, "/health"):
            return JSONResponse({"status": "down"}, 503)
        return JSONResponse({"status": "ok", "on_air": len(state.on_air()), "time": _local(state.now())})

    return app


def _ordered(state: HeadEnd, body: bytes, signature: str) -> tuple[int, dict[str, Any]]:
    """Return the HTTP status and the answer to a posted order."""
    if fault := state.faults.take(FaultKind.REFUSE, "/orders"):
        return fault.code or 503, {"status": "rejected", "reason": "refused"}
    if len(body) > _MOST_BYTES:
        return 413, {"status": "rejected", "reason": "too long"}
    document, signed = _read(body)
    if document is None:
        return 400, {"status": "rejected", "reason": "the body is not a JSON object"}
    if not _holds(state.key, signed, signature):
        state.unsigned += 1
        return 401, {"status": "rejected", "reason": "the signature does not hold"}
    return state.take(document, signed)


def _read(body: bytes) -> tuple[dict[str, Any] | None, bytes]:
    """Return the order and its canonical bytes, None when the body is not a JSON object."""
    try:
        document = json.loads(body)
        return (document, canonical_bytes(document)) if isinstance(document, dict) else (None, b"")
    except (ValueError, RecursionError):
        return None, b""


def _holds(key: bytes, signed: bytes, header: str) -> bool:
    code = hmac.HMAC(key, hashes.SM3())
    code.update(signed)
    try:
        code.verify(bytes.fromhex(header.removeprefix(_SCHEME)))
    except (InvalidSignature, ValueError):
        return False
    return header.startswith(_SCHEME)


def _fault(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def _local(at: datetime) -> str:
    return at.astimezone(_BEIJING).isoformat(timespec="milliseconds")
