"""What stations say by MQTT: the same reports and heartbeats as over HTTP, answered on a topic of theirs."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError

from services.channels.pull.stations.api import telling
from services.channels.pull.stations.api.parts import LARGEST_BODY, Parts
from services.channels.pull.stations.api.telling import HeartbeatBody, ReportsBody
from services.channels.pull.stations.mqtt import topics
from services.channels.pull.stations.mqtt.mailboxes import Mailboxes
from services.channels.pull.stations.store.items import Key
from services.kit.clock import beijing
from services.kit.errors import Fault, Invalid, Problem, Retry

Tell = Callable[[Parts, Key, Any], Awaitable[dict[str, Any]]]

_KINDS: Mapping[str, tuple[type[BaseModel], Tell]] = {
    topics.REPORTS: (ReportsBody, telling.tell_reports),
    topics.HEARTBEAT: (HeartbeatBody, telling.tell_heartbeat),
}


class Inbox:
    """Hears one message at a time, and says what to answer."""

    def __init__(self, parts: Parts, boxes: Mailboxes) -> None:
        self.parts = parts
        self.boxes = boxes

    async def hear(self, key: Key, what: str, payload: bytes) -> bytes:
        """Store what a station said and return the answer; raise Retry when it cannot be stored now."""
        kind, tell = _KINDS[what]
        try:
            body = _read(kind, payload)
            answer = await tell(self.parts, key, body)
        except Retry:
            raise
        except Problem as problem:
            answer = {"problem": _problem(problem), "server_time": beijing(self.parts.db.clock.now())}
        else:
            self._catch_up(key, body, answer)
        return orjson.dumps({"of": what, **answer})

    def _catch_up(self, key: Key, body: BaseModel, answer: Mapping[str, Any]) -> None:
        """Send what a station lacks; one that has more than we know begins anew, from 0."""
        if isinstance(body, HeartbeatBody) and answer["behind"]:
            after = body.seq if body.seq < answer["last_sequence"] else 0
            self.boxes.ask(key, after)


def _read(kind: type[BaseModel], payload: bytes) -> BaseModel:
    if len(payload) > LARGEST_BODY:
        raise Invalid("payload", "is too big", f"send at most {LARGEST_BODY // 1024} kB")
    try:
        return kind.model_validate_json(payload)
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        places = [".".join(str(part) for part in one["loc"]) or "payload" for one in found[:20]]
        raise Invalid.of(
            [Fault(place[:60], one["msg"], "see /docs") for place, one in zip(places, found, strict=False)]
        ) from None


def _problem(problem: Problem) -> dict[str, Any]:
    faults = problem.faults if isinstance(problem, Invalid) else ()
    return {
        "type": f"/problems/{problem.name}",
        "title": problem.title,
        "status": problem.status,
        "detail": problem.why,
        "mend": problem.mend,
        "errors": [{"field": fault.field, "why": fault.why, "mend": fault.mend} for fault in faults],
    }
