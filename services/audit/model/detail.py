"""Details: what a record says, short enough for a line of a timeline."""

from typing import Any

from contracts.amendment import PlanAmended
from contracts.back import StationTold
from contracts.delivery import (
    DeliveryReported,
    DeliveryRequested,
    DeliveryWithdrawn,
    PlanMade,
    StationSeen,
)
from contracts.fact import DeadLetter, Fact
from contracts.message import Message
from contracts.proposal import RiskProposed
from contracts.registry import BlockChanged
from contracts.sparing import DeliverySpared
from contracts.warning import WarningHalted, WarningPublished
from services.audit.model.entry import NAMED
from services.kit.masking import masked_deep

MOST_OUTCOMES = 5
"""A line shows so many single outcomes; all of them are in the record itself."""


def detail(message: Message | None) -> dict[str, Any]:
    """Return what is worth showing of a message, masked; nothing of one that could not be read."""
    found: dict[str, Any] = masked_deep(_detail(message))
    return found


def _detail(message: Message | None) -> dict[str, Any]:
    match message:
        case WarningPublished():
            return _published(message)
        case WarningHalted():
            return {"by": message.by, "reason": message.reason}
        case PlanMade():
            return _planned(message)
        case DeliveryRequested():
            return _requested(message)
        case DeliveryReported():
            return _reported(message)
        case DeliveryWithdrawn():
            return {"reason": message.reason.value}
        case DeliverySpared():
            return {"people": len(message.targets)}
        case StationTold():
            return {"number": message.number, **message.back.model_dump()}
        case Fact():
            return _fact(message)
    return {name: getattr(message, name) for name in _SHOWN.get(type(message), ())}


_SHOWN: dict[type, tuple[str, ...]] = {
    PlanAmended: ("number", "by", "registry_version"),
    StationSeen: ("presence", "last_sequence", "clock_offset_ms"),
    BlockChanged: ("sha256", "gone"),
    RiskProposed: ("source", "product", "hazard", "level", "headline", "expires"),
    DeadLetter: ("consumer", "original_subject", "original_id", "reason"),
}
"""Messages that are shown as they are, field by field."""


def _published(message: WarningPublished) -> dict[str, Any]:
    notice = message.notice
    return {
        "identifier": notice.identifier,
        "level": notice.level.value,
        "headline": notice.text.headline,
        "approved_by": list(notice.approved_by),
        "approved_at": message.approved_at,
        "expires": notice.expires,
        "manifest_sha256": message.manifest_sha256,
    }


def _planned(message: PlanMade) -> dict[str, Any]:
    return {
        "count": message.manifest.count,
        "channels": {entry.channel.value: entry.count for entry in message.manifest.channels},
        "deliveries": len(message.deliveries),
        "manifest_sha256": message.manifest.sha256,
    }


def _requested(message: DeliveryRequested) -> dict[str, Any]:
    found = {
        "delivery_id": str(message.delivery_id),
        "action": message.action.value,
        "size": message.size,
    }
    return {**found, "route": message.batch.route} if message.batch else found


def _reported(message: DeliveryReported) -> dict[str, Any]:
    found = {
        "delivery_id": str(message.delivery_id),
        "report": message.report,
        "tally": {state.value: count for state, count in message.tally.items()},
    }
    if message.outcomes and message.channel in NAMED:
        first = message.outcomes[:MOST_OUTCOMES]
        found["outcomes"] = [[o.target, o.state.value, *([o.by] if o.by else [])] for o in first]
        if len(message.outcomes) > len(first):
            found["more"] = len(message.outcomes) - len(first)
    return {**found, "detail": message.detail} if message.detail else found


def _fact(message: Fact) -> dict[str, Any]:
    source = {"source": message.source} if message.source else {}
    return {"service": message.service, **source, **message.detail}
