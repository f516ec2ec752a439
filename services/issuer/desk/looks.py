"""How a warning will look: the channels render it with the code that speaks in earnest; the desk shows it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import httpx
from pydantic import ValidationError

from contracts import cap
from contracts.text import parts as segments_of
from contracts.values import Channel, Mode, Value
from contracts.warning import Notice
from services.issuer.model import Kind
from services.kit.telemetry import log

PATIENCE_S = 4.0
_ACTIONS = {Kind.ALERT: "START", Kind.UPDATE: "REPLACE", Kind.CANCEL: "STOP"}


class Piece(Value):
    """One part of what a channel says."""

    name: str
    text: str
    limit: int | None = None
    over: int = 0

    @property
    def segments(self) -> tuple[str, ...]:
        """The text as an SMS is sent: segment by segment."""
        return segments_of(self.text)


class LookFault(Value):
    """What a channel could not say whole: the field, why, how to mend it."""

    field: str
    detail: str
    mend: str


class Look(Value):
    """How it looks on one channel."""

    channel: Channel
    pieces: tuple[Piece, ...] = ()
    faults: tuple[LookFault, ...] = ()

    def said(self, name: str) -> Piece | None:
        """Return a part by its name."""
        return next((piece for piece in self.pieces if piece.name == name), None)


class Answer(Value):
    """What the channels answer."""

    data: tuple[Look, ...]


@dataclass(frozen=True)
class Seen:
    """How it looks on every channel that answered; `away` when none did."""

    looks: tuple[Look, ...] = ()
    away: bool = False
    cap_xml: str = ""
    facts: tuple[str, ...] = ()
    """Urgency, severity and certainty as CAP says them."""
    by_channel: dict[Channel, Look] = field(default_factory=dict)

    @property
    def faults(self) -> Sequence[tuple[Channel, LookFault]]:
        """Everything that some channel could not say whole."""
        return [(look.channel, fault) for look in self.looks for fault in look.faults]


class Looks(Protocol):
    """Something that knows how each channel speaks."""

    async def looks(self, mode: Mode, kind: Kind, notice: Notice) -> tuple[Look, ...] | None:
        """Return how a notice looks on each channel; None when nobody answers."""
        ...


class ChannelLooks:
    """Asks the channels."""

    def __init__(self, http: httpx.AsyncClient, channels_url: str, internal_key: str) -> None:
        self.http = http
        self.url = f"{channels_url}/api/v1/renderings"
        self.internal_key = internal_key

    async def looks(self, mode: Mode, kind: Kind, notice: Notice) -> tuple[Look, ...] | None:
        """Return how a notice looks; outlines stay here, no channel shows them."""
        areas = [{"code": place.code, "name": place.name} for place in notice.areas]
        body = {
            "mode": mode,
            "action": _ACTIONS[kind],
            "notice": {**notice.model_dump(mode="json", exclude={"areas"}), "areas": areas},
        }
        headers = {"Authorization": f"Bearer {self.internal_key}"}
        try:
            reply = await self.http.post(self.url, json=body, headers=headers, timeout=PATIENCE_S)
            return Answer.model_validate_json(reply.raise_for_status().content).data
        except (httpx.HTTPError, ValidationError) as error:
            log.warning("the channels do not answer", error=type(error).__name__)
            return None


class NoLooks:
    """A desk without channels."""

    async def looks(self, _mode: Mode, _kind: Kind, _notice: Notice) -> tuple[Look, ...] | None:
        """Return that nobody answers."""
        return None


def seen(looks: tuple[Look, ...] | None, ways: Sequence[Channel], alert: cap.CapAlert) -> Seen:
    """Return what the page shows: the channels by which it goes, in the order of the rule."""
    by_channel = {look.channel: look for look in looks or ()}
    ordered = tuple(by_channel[way] for way in ways if way in by_channel)
    info = alert.infos[0]
    return Seen(
        looks=ordered,
        away=looks is None,
        cap_xml=cap.write(alert).decode(),
        by_channel={look.channel: look for look in ordered},
        facts=(str(info.urgency), str(info.severity), str(info.certainty)),
    )
