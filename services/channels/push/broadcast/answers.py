"""What the platform answers: a receipt, or how far a message has come. Everything in it is checked."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from itertools import islice

from lxml import etree

from services.channels.push.broadcast import document, envelope, ids
from services.channels.push.broadcast.archive import Unreadable
from services.channels.push.broadcast.envelope import Opened
from services.channels.push.broadcast.site import PlayState, Site
from services.kit import sm

_MOST_AREAS = 5000
_MOST_ITEMS = 2000
_MOST_TEXT = 500


class ResultCode(IntEnum):
    """What the platform made of a packet; from 2 on, it does nothing more with it."""

    NOT_PROCESSED = 0
    ACCEPTED = 1
    NOT_PARSED = 2
    CONTENT_MISSING = 3
    SIGNATURE_WRONG = 4
    OTHER = 5

    @property
    def final_refusal(self) -> bool:
        """True when the same packet will never be taken."""
        return self >= ResultCode.NOT_PARSED


@dataclass(frozen=True)
class Answer:
    """The head of every packet that the platform sends."""

    packet_id: str
    related: str | None
    """The packet that is answered."""
    source: str
    at: datetime | None


@dataclass(frozen=True)
class Receipt(Answer):
    """EBDResponse: the packet was parsed, or why not. Accepted is not yet played."""

    code: ResultCode
    description: str | None


@dataclass(frozen=True)
class PlayedItem:
    """What one piece of equipment did."""

    adapter: str | None
    system: str | None
    state: PlayState | None
    start: datetime | None
    end: datetime | None
    description: str | None


@dataclass(frozen=True)
class StateReport(Answer):
    """EBMStateResponse: how far one message has come, and where it was heard."""

    message_id: str
    state: PlayState
    reported_at: datetime | None
    description: str | None
    coverage_rate: float | None
    """Between 0 and 1."""
    areas: tuple[str, ...]
    """Twelve-digit codes that were covered; empty when the platform does not say."""
    resources: tuple[int, ...]
    items: tuple[PlayedItem, ...]


def read(site: Site, content: bytes, key: sm.Verifier | None) -> Receipt | StateReport:
    """Return what a tar of the platform says; raise Unreadable when it is not one, or not the platform's.

    Without a key no signature is asked for: only for the answer to a heartbeat, where sites do not sign.
    """
    opened = envelope.opened(site, content, key, unsigned=() if key else ("EBDResponse", "EBMStateResponse"))
    match opened.kind:
        case "EBDResponse":
            return _receipt(opened.root, opened.body)
        case "EBMStateResponse":
            return state_report(site, opened)
    raise Unreadable("the answer is neither a receipt nor a state")


def _receipt(root: etree._Element, body: etree._Element) -> Receipt:
    try:
        code = ResultCode(int(document.required(body, "ResultCode")))
    except ValueError:
        raise Unreadable("the receipt's code is unknown") from None
    return Receipt(
        packet_id=document.required(root, "EBDID"),
        related=document.text(root, "RelatedEBD/EBDID"),
        source=document.required(root, "SRC/EBRID"),
        at=_moment(document.text(root, "EBDTime")),
        code=code,
        description=_short(document.text(body, "ResultDesc")),
    )


def state_report(site: Site, opened: Opened) -> StateReport:
    """Return how far a message has come, as an answer or a packet of its own says it."""
    root, body = opened.root, opened.body
    message_id = document.required(body, "EBM/EBMID")
    if not ids.is_message_id(message_id):
        raise Unreadable("the state is not that of a message")
    state = site.dialect.play_states.get(document.required(body, "BrdStateCode"))
    if state is None:
        raise Unreadable("the state's code is unknown")
    codes = (document.text(body, "Coverage/AreaCode") or "").split(",")
    counts = (document.text(body, "Coverage/ResBrdStat") or "").split(",")
    return StateReport(
        packet_id=document.required(root, "EBDID"),
        related=document.text(root, "RelatedEBD/EBDID"),
        source=document.required(root, "SRC/EBRID"),
        at=_moment(document.text(root, "EBDTime")),
        message_id=message_id,
        state=state,
        reported_at=_moment(document.text(body, "RptTime")),
        description=_short(document.text(body, "BrdStateDesc")),
        coverage_rate=_rate(document.text(body, f"Coverage/{site.dialect.coverage}")),
        areas=tuple(c.strip() for c in codes[:_MOST_AREAS] if _digits(c.strip()) and len(c.strip()) == 12),
        resources=tuple(int(count) for count in counts[:8] if _digits(count.strip()) and len(count) < 10),
        items=tuple(islice(_items(site, body), _MOST_ITEMS)),
    )


def _items(site: Site, body: etree._Element) -> Iterator[PlayedItem]:
    for item in body.findall("ResBrdInfo/ResBrdItem")[:_MOST_ITEMS]:
        adapter = _short(document.text(item, "EBRAS/EBRID"))
        for system in item.findall("EBRBS")[:_MOST_ITEMS]:
            yield PlayedItem(
                adapter=adapter,
                system=_short(document.text(system, "BrdSysInfo")),
                state=site.dialect.play_states.get(document.text(system, "BrdStateCode") or ""),
                start=_moment(document.text(system, "StartTime")),
                end=_moment(document.text(system, "EndTime")),
                description=_short(document.text(system, "BrdStateDesc")),
            )


def _rate(text: str | None) -> float | None:
    """Return the rate between 0 and 1; some platforms write it in per cent."""
    try:
        rate = float(text.removesuffix("%")) if text else -1.0
    except ValueError:
        return None
    if 1 < rate <= 100:
        return rate / 100
    return rate if 0 <= rate <= 1 else None


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _short(text: str | None) -> str | None:
    return text[:_MOST_TEXT] if text else None


def _moment(text: str | None) -> datetime | None:
    # A badly written time is no reason to lose what was said: the moment of hearing is known anyway.
    try:
        return ids.moment(text) if text else None
    except ValueError:
        return None
