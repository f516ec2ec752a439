"""What is in force as GeoJSON, and as JSON for apps of others."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson

from contracts.values import Action
from contracts.warning import WarningText
from services.channels.pull.feed.model import Entry
from services.kit.clock import beijing


def geojson(entries: Sequence[Entry], base_url: str) -> bytes:
    """Return the places of every warning in force, with its face, as a FeatureCollection."""
    features = [
        {
            "type": "Feature",
            "properties": {
                "identifier": entry.notice.identifier,
                "hazard": entry.notice.hazard,
                "hazard_name": entry.notice.hazard_name,
                "level": entry.notice.level,
                "headline": entry.notice.text.headline,
                "expires": beijing(entry.notice.expires),
                "lifted": entry.action is Action.STOP,
                "page": f"{base_url}/public/{entry.warning_id}",
                "code": place.code,
                "name": place.name,
                "approximate": True,
            },
            "geometry": {"type": "Polygon", "coordinates": [place.outline]} if place.outline else None,
        }
        for entry in entries
        for place in entry.notice.areas
    ]
    return orjson.dumps({"type": "FeatureCollection", "features": features})


def listed(entries: Sequence[Entry], base_url: str, changed_at: datetime) -> bytes:
    """Return everything that an app needs to show what is in force; unknown fields may be added later."""
    warnings = [_warning(entry, base_url) for entry in entries]
    return orjson.dumps({"updated": beijing(changed_at), "warnings": warnings})


def _warning(entry: Entry, base_url: str) -> dict[str, Any]:
    notice = entry.notice
    return {
        "id": notice.identifier,
        "warning_id": str(entry.warning_id),
        "revision": entry.revision,
        "lifted": entry.action is Action.STOP,
        "hazard": notice.hazard,
        "hazard_name": {"zh": notice.hazard_name, "en": notice.hazard_name_en},
        "level": notice.level,
        "product": notice.product,
        "sender": {"zh": notice.sender_name, "en": notice.sender_name_en},
        "sent": beijing(notice.sent),
        "effective": beijing(notice.effective),
        "onset": beijing(notice.onset) if notice.onset else None,
        "expires": beijing(notice.expires),
        "adds_to": str(notice.adds_to.warning_id) if notice.adds_to else None,
        "text": {"zh": _words(notice.text), "en": _words(notice.text_en) if notice.text_en else None},
        "areas": [
            {"code": place.code, "name": place.name, "name_en": place.name_en} for place in notice.areas
        ],
        "cap": f"{base_url}/feed/cap/{notice.identifier}.xml",
        "page": f"{base_url}/public/{entry.warning_id}",
    }


def _words(text: WarningText) -> dict[str, str]:
    return {"headline": text.headline, "description": text.description, "instruction": text.instruction}
