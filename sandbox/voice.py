"""A calling platform: takes orders of calls, rings people, reads a text out, and notes the key they press."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from sandbox.faults import FaultKind, Faults, install

Person = Literal["confirms", "listens", "silent", "busy"]
"""What somebody does who is called: presses the key, only listens, does not answer, is talking."""

_ENDS = {"confirms": "confirmed", "listens": "answered", "silent": "no-answer", "busy": "busy"}
_MOST_BYTES = 1 << 20


class Order(BaseModel):
    """Calls that are ordered; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")

    order_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    numbers: list[Annotated[str, StringConstraints(pattern=r"^\d{3,15}$")]] = Field(
        min_length=1, max_length=1000
    )
    text: str = Field(min_length=1, max_length=1000)
    confirm_key: Annotated[str, StringConstraints(pattern=r"^[0-9*#]$")]
    rings: int = Field(ge=1, le=5)
    drill: bool = False
    until: AwareDatetime


class Halt(BaseModel):
    """Numbers of an order that are called no more; none named: all of them."""

    model_config = ConfigDict(extra="forbid")

    numbers: list[Annotated[str, StringConstraints(pattern=r"^\d{3,15}$")]] = Field(
        default_factory=list, max_length=1000
    )


@dataclass
class Kept:
    """An order that the platform took."""

    digest: str
    order: Order
    at: datetime
    stopped: dict[str, datetime] = field(default_factory=dict)
    """When somebody was asked to stop calling a number."""


@dataclass
class Exchange:
    """The platform, who is called by it, and what they do."""

    key: str
    people: dict[str, Person] = field(default_factory=dict)
    """By number; whoever is not named here presses the key."""
    answers_after_s: float = 0.4
    ring_s: float = 20
    """How long it rings each time at somebody who does not answer."""
    rings_on_s: float = 0
    """How long a telephone rings on after it was stopped: platforms stop between two rings."""
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    faults: Faults = field(default_factory=Faults)
    orders: dict[str, Kept] = field(default_factory=dict)
    repeated: int = 0

    def take(self, body: bytes) -> tuple[int, dict[str, Any]]:
        """Return status and answer to an order."""
        try:
            order = Order.model_validate_json(body)
        except ValidationError as error:
            where = ".".join(map(str, error.errors(include_url=False, include_input=False)[0]["loc"]))
            return 422, {"status": "rejected", "reason": f"{where or 'body'}: cannot be used"}
        digest = hashlib.sha256(body).hexdigest()
        kept = self.orders.get(order.order_id)
        if kept is not None and kept.digest != digest:
            return 409, {"status": "rejected", "reason": "order_id was used for another order"}
        if kept is None:
            self.orders[order.order_id] = Kept(digest, order, self.now())
        else:
            self.repeated += 1
        return 200, {"order_id": order.order_id, "status": "accepted"}

    def calls(self, kept: Kept) -> list[str]:
        """Return how far each call of an order is, in the order of its numbers."""
        return [self._call(kept, number) for number in kept.order.numbers]

    def stop(self, kept: Kept, numbers: list[str]) -> None:
        """Call these numbers no more, all of the order's when none is named; what is over stays so."""
        for number in numbers or kept.order.numbers:
            if number in kept.order.numbers:
                kept.stopped.setdefault(number, self.now())

    def _call(self, kept: Kept, number: str) -> str:
        person = self.people.get(number, "confirms")
        waits = self.ring_s * kept.order.rings if person in ("silent", "busy") else self.answers_after_s
        over_at = kept.at + timedelta(seconds=waits)
        stopped_at = kept.stopped.get(number)
        if stopped_at is not None and stopped_at < over_at:
            rings_on = self.now() < stopped_at + timedelta(seconds=self.rings_on_s)
            return "ringing" if rings_on else "stopped"
        return _ENDS[person] if self.now() >= over_at else "ringing"

    def view(self) -> dict[str, Any]:
        """Return what the platform holds, as GET /state shows it."""
        orders = [
            {
                "order_id": name,
                "text": kept.order.text,
                "drill": kept.order.drill,
                "calls": self.calls(kept),
                "stopped": len(kept.stopped),
            }
            for name, kept in self.orders.items()
        ]
        return {"orders": orders, "repeated": self.repeated}


def create(state: Exchange) -> FastAPI:
    """Return the platform as a web application."""
    app = FastAPI(title="Calling platform", docs_url=None, redoc_url=None)
    install(app, state.faults, state.view)

    @app.post("/orders")
    async def take(request: Request) -> JSONResponse:
        _check(state, request)
        body = await request.body()
        if len(body) > _MOST_BYTES:
            return JSONResponse({"status": "rejected", "reason": "too long"}, 413)
        status, answer = state.take(body)
        return JSONResponse(answer, status)

    @app.get("/orders/{order_id}")
    async def show(order_id: str, request: Request) -> dict[str, Any]:
        _check(state, request)
        kept = state.orders.get(order_id)
        if kept is None:
            raise HTTPException(404, "no such order")
        return {"order_id": order_id, "calls": state.calls(kept)}

    @app.post("/orders/{order_id}/stop")
    async def stop(order_id: str, request: Request) -> JSONResponse:
        _check(state, request)
        kept = state.orders.get(order_id)
        if kept is None:
            return JSONResponse({"status": "rejected", "reason": "no such order"}, 404)
        try:
            halt = Halt.model_validate_json(await request.body())
        except ValidationError:
            return JSONResponse({"status": "rejected", "reason": "body: cannot be used"}, 422)
        state.stop(kept, halt.numbers)
        return JSONResponse({"order_id": order_id, "calls": state.calls(kept)})

    @app.get("/health")
    async def health(request: Request) -> dict[str, Any]:
        _check(state, request)
        return {"status": "ok"}

    return app


def _check(state: Exchange, request: Request) -> None:
    if request.headers.get("authorization") != f"Bearer {state.key}":
        raise HTTPException(401, "the key is not known")
    if fault := state.faults.take(FaultKind.REFUSE, request.url.path):
        raise HTTPException(fault.code or 503, "not now")
