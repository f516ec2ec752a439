"""What the platform sends of its own accord: states, heartbeats, questions for operations data. Pure."""

from dataclasses import dataclass
from datetime import datetime

from services.channels.push.broadcast import answers, document, envelope, ids
from services.channels.push.broadcast.answers import StateReport
from services.channels.push.broadcast.archive import Foreign, Unreadable
from services.channels.push.broadcast.envelope import Opened
from services.channels.push.broadcast.site import Site
from services.kit import sm

UNSIGNED = ("ConnectionCheck",)
"""Sites do not sign heartbeats; whatever is believed is signed."""


@dataclass(frozen=True)
class Heartbeat:
    """ConnectionCheck: the platform wants to know whether we are there."""

    packet_id: str


@dataclass(frozen=True)
class Question:
    """OMDRequest: the platform wants operations data of a kind, of a time, whole or what is new."""

    packet_id: str
    kind: str
    since: datetime | None
    until: datetime | None
    report: str
    """Full or Incremental."""


Asked = StateReport | Heartbeat | Question


def read(site: Site, content: bytes, key: sm.Verifier) -> Asked:
    """Return what a packet of the platform wants; raise Unreadable when it cannot be read or trusted."""
    opened = envelope.opened(site, content, key, unsigned=UNSIGNED)
    match opened.kind:
        case "EBMStateResponse":
            return answers.state_report(site, opened)
        case "ConnectionCheck":
            _moment(document.required(opened.body, "RptTime"))
            return Heartbeat(opened.packet_id)
        case "OMDRequest":
            return _question(opened)
    raise Foreign("packets of this kind are not taken here")


def _question(opened: Opened) -> Question:
    found = {name: document.text(opened.body, f"Params/{name}") for name in ("RptStartTime", "RptEndTime")}
    since, until = (_moment(text) if text else None for text in found.values())
    if since and until and until < since:
        raise Unreadable("the time that is asked for ends before it begins")
    report = document.text(opened.body, "Params/RptType") or "Full"
    if report not in ("Full", "Incremental"):
        raise Unreadable("RptType is neither Full nor Incremental")
    return Question(opened.packet_id, document.required(opened.body, "OMDType"), since, until, report)


def _moment(text: str) -> datetime:
    try:
        return ids.moment(text)
    except ValueError:
        raise Unreadable("a time is not written as yyyy-MM-dd HH:mm:ss") from None
