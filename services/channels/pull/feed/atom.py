"""The CAP Atom feed (RFC 4287) and GeoJSON of what is in force, as bytes."""

from datetime import datetime
from typing import Any

import orjson
from lxml import etree

from services.channels.pull.feed.model import Entry
from services.kit.clock import beijing

ATOM = "http://www.w3.org/2005/Atom"
CAP_TYPE = "application/cap+xml"
_NAMESPACES: Any = {None: ATOM}
"""The default namespace; the stubs of lxml know only named ones."""


def feed(entries: list[Entry], base_url: str, now: datetime) -> bytes:
    """Return the feed; ids are stable, a lift is an entry of its own."""
    root = etree.Element(f"{{{ATOM}}}feed", nsmap=_NAMESPACES)
    _text(root, "id", f"{base_url}/feed/cap.atom")
    _text(root, "title", "綦江区气象台 天气预警 · Qijiang weather warnings")
    _text(root, "updated", beijing(max((e.published_at for e in entries), default=now)))
    author = etree.SubElement(root, f"{{{ATOM}}}author")
    _text(author, "name", entries[0].notice.sender_name if entries else "綦江区气象台")
    etree.SubElement(root, f"{{{ATOM}}}link", rel="self", href=f"{base_url}/feed/cap.atom")
    for entry in entries:
        _entry(root, entry, base_url)
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return content


def _entry(root: etree._Element, entry: Entry, base_url: str) -> None:
    node = etree.SubElement(root, f"{{{ATOM}}}entry")
    _text(node, "id", f"urn:yutian:cap:{entry.notice.identifier}")
    _text(node, "title", entry.notice.text.headline)
    _text(node, "updated", beijing(entry.published_at))
    _text(node, "published", beijing(entry.notice.sent))
    _text(node, "summary", entry.notice.text.description)
    etree.SubElement(node, f"{{{ATOM}}}category", term=entry.notice.level, label=entry.notice.hazard_name)
    href = f"{base_url}/feed/cap/{entry.notice.identifier}.xml"
    etree.SubElement(node, f"{{{ATOM}}}link", rel="alternate", type=CAP_TYPE, href=href)


def _text(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, f"{{{ATOM}}}{name}").text = text


def geojson(entries: list[Entry]) -> bytes:
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
                "lifted": entry.action == "STOP",
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
