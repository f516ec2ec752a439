"""A request in the words and the form in which stations get it: one encoded payload for all of them."""

from datetime import datetime
from typing import Any

import orjson

from contracts.canonical import sha256_hex
from contracts.delivery import DeliveryRequested
from contracts.values import Channel
from services.channels import render
from services.channels.pull.stations.model import IN_FORCE, KINDS, Kind
from services.channels.pull.stations.store.items import NewNotice
from services.kit.clock import beijing


def notices(request: DeliveryRequested) -> list[NewNotice]:
    """Return the notice of a request; for a warning also the one that would halt it, which is kept ready."""
    kind = KINDS[request.action]
    told = _notice(request, kind, render.render(Channel.STATION, "title", request), _full(request))
    if kind not in IN_FORCE:
        return [told]
    return [told, _notice(request, Kind.HALT, render.render(Channel.STATION, "halt", request), {})]


def _notice(request: DeliveryRequested, kind: Kind, title: str, more: dict[str, Any]) -> NewNotice:
    notice = request.notice
    payload = {
        "kind": kind,
        "mode": request.mode,
        "warning_id": str(request.warning_id),
        "revision": request.revision,
        "identifier": notice.identifier,
        "hazard": notice.hazard,
        "hazard_name": notice.hazard_name,
        "level": notice.level,
        "title": title,
        "expires": beijing(notice.expires),
        **more,
    }
    return NewNotice(
        warning_id=request.warning_id,
        revision=request.revision,
        kind=kind,
        level=notice.level,
        title=title,
        payload=orjson.dumps(payload),
        expires=notice.expires,
    )


def _full(request: DeliveryRequested) -> dict[str, Any]:
    notice, text = request.notice, request.notice.text
    return {
        "references": notice.references,
        "adds_to": notice.adds_to.model_dump(mode="json") if notice.adds_to else None,
        "sender_name": notice.sender_name,
        "sent": beijing(notice.sent),
        "effective": beijing(notice.effective),
        "onset": _or_none(notice.onset),
        "headline": text.headline,
        "description": text.description,
        "instruction": text.instruction,
        "short": text.short,
        "speech": render.render(Channel.STATION, "speech", request),
        "areas": [{"code": place.code, "name": place.name} for place in notice.areas],
        "cap_sha256": sha256_hex(request.cap_xml.encode()) if request.cap_xml else None,
        "cap_xml": request.cap_xml,
    }


def _or_none(at: datetime | None) -> str | None:
    return beijing(at) if at else None
