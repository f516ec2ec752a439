"""The fault switch that every partner in the sandbox has: in code, and by POST /faults."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, Field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OWN_PATHS = frozenset({"/faults", "/state"})
"""What belongs to the sandbox, not to the partner that it plays: never faulty."""
EVENTS = "/events"
"""The path under which a partner's own later events are faulted."""


class FaultKind(StrEnum):
    """What can go wrong with a partner."""

    REFUSE = "refuse"
    """It says no, in its own words."""
    DELAY = "delay"
    """It takes its time before it looks at what was sent."""
    DROP = "drop"
    """The connection breaks and nothing was done."""
    TWICE = "twice"
    """What was sent arrives twice, and what it says later is said twice."""
    LATE = "late"
    """It acts at once and answers late."""
    SILENT = "silent"
    """It never answers and does nothing."""
    FLAP = "flap"
    """Every other connection breaks."""
    FORGE = "forge"
    """Its answers are signed with another key than the agreed one, where it signs."""
    HOSTILE = "hostile"
    """It answers with an attack upon whoever reads it, where it answers with files."""


@dataclass
class Fault:
    """One fault that is switched on."""

    kind: FaultKind
    seconds: float = 1.0
    times: int | None = None
    """How often it still happens; None until it is cleared."""
    path: str | None = None
    """Only on paths that begin so; None for all of them."""
    code: int | None = None
    """The partner's own code for a refusal, where it has several."""
    hit: int = 0
    """How often it was met, of a fault that counts."""

    def hits(self, path: str) -> bool:
        """Return whether the fault is meant for this path."""
        return self.path is None or path.startswith(self.path)


class FaultSetting(BaseModel):
    """The body of POST /faults."""

    model_config = ConfigDict(extra="forbid")

    kind: FaultKind
    seconds: float = Field(default=1.0, ge=0, le=3600)
    times: int | None = Field(default=None, ge=1)
    path: str | None = None
    code: int | None = None


@dataclass
class Faults:
    """The faults of one partner that are switched on now."""

    active: dict[FaultKind, Fault] = field(default_factory=dict)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def set(
        self,
        kind: FaultKind | str,
        *,
        seconds: float = 1.0,
        times: int | None = None,
        path: str | None = None,
        code: int | None = None,
    ) -> None:
        """Switch a fault on, in place of an earlier one of its kind."""
        kind = FaultKind(kind)
        self.active[kind] = Fault(kind, seconds, times, path, code)

    def clear(self, kind: FaultKind | str | None = None) -> None:
        """Switch one kind of fault off, or all of them; whoever was kept waiting is let go."""
        for gone in [FaultKind(kind)] if kind is not None else list(self.active):
            self.active.pop(gone, None)
        self._changed.set()
        self._changed = asyncio.Event()

    def take(self, kind: FaultKind, path: str) -> Fault | None:
        """Return the fault when it happens now, and count it."""
        fault = self.active.get(kind)
        if fault is None or not fault.hits(path):
            return None
        if fault.times is not None:
            fault.times -= 1
            if fault.times == 0:
                del self.active[kind]
        return fault

    async def cleared(self) -> None:
        """Wait until faults are cleared."""
        await self._changed.wait()

    def view(self) -> list[dict[str, Any]]:
        """Return the faults as GET /faults shows them."""
        return [
            {"kind": f.kind, "seconds": f.seconds, "times": f.times, "path": f.path, "code": f.code}
            for f in self.active.values()
        ]


class FaultSwitch:
    """Stands before a partner's application and spoils its answers as it is told."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self.app = app
        self.faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the call through, spoilt by whatever is switched on for its path."""
        if scope["type"] != "http" or scope["path"] in OWN_PATHS:
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        if self.faults.take(FaultKind.SILENT, path):
            await self._stay_silent(receive)
            await _break(send)
        elif self.faults.take(FaultKind.DROP, path) or self._flaps(path):
            await _break(send)
        else:
            await self._answer(scope, receive, send)

    def _flaps(self, path: str) -> bool:
        """Tell whether this is one of the connections that break."""
        fault = self.faults.take(FaultKind.FLAP, path)
        if fault is not None:
            fault.hit += 1
        return fault is not None and fault.hit % 2 == 1

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if delay := self.faults.take(FaultKind.DELAY, path):
            await asyncio.sleep(delay.seconds)
        late = self.faults.take(FaultKind.LATE, path)
        twice = self.faults.take(FaultKind.TWICE, path)
        if late is None and twice is None:
            await self.app(scope, receive, send)
            return
        body = await _body(receive)
        answer = await self._heard(scope, body)
        if twice is not None:
            answer = await self._heard(scope, body)
        if late is not None:
            await asyncio.sleep(late.seconds)
        for message in answer:
            await send(message)

    async def _heard(self, scope: Scope, body: list[Message]) -> list[Message]:
        """Return what the application answers to a body, unsent."""
        answer: list[Message] = []
        rest = iter(body)

        async def replay() -> Message:
            return next(rest, {"type": "http.disconnect"})

        async def keep(message: Message) -> None:
            answer.append(message)

        await self.app(dict(scope), replay, keep)
        return answer

    async def _stay_silent(self, receive: Receive) -> None:
        gone = asyncio.ensure_future(_disconnected(receive))
        cleared = asyncio.ensure_future(self.faults.cleared())
        _, waiting = await asyncio.wait({gone, cleared}, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()


def install(app: FastAPI, faults: Faults, state: Callable[[], dict[str, Any]]) -> None:
    """Put the switch before a partner's application, with /faults to turn it and /state to look inside."""
    app.add_middleware(FaultSwitch, faults=faults)

    @app.post("/faults")
    async def switch_on(setting: FaultSetting) -> list[dict[str, Any]]:
        faults.set(**setting.model_dump())
        return faults.view()

    @app.delete("/faults")
    async def switch_off(kind: FaultKind | None = None) -> list[dict[str, Any]]:
        faults.clear(kind)
        return faults.view()

    @app.get("/faults")
    async def show() -> list[dict[str, Any]]:
        return faults.view()

    @app.get("/state")
    async def look_inside() -> dict[str, Any]:
        return state()


async def _break(send: Send) -> None:
    """Begin an answer and never end it: the server then closes the connection."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})


async def _body(receive: Receive) -> list[Message]:
    messages = [await receive()]
    while messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
