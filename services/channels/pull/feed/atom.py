"""The CAP Atom feed (RFC 4287) and RSS 2.0 of what is in force, as bytes."""

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from typing import Any

from lxml import etree

from services.channels.pull.feed.model import Entry
from services.kit.clock import BEIJING, beijing

ATOM = "http://www.w3.org/2005/Atom"
CAP_TYPE = "application/cap+xml"
TITLE = "綦江区气象台 天气预警 · Qijiang weather warnings"
_NAMESPACES: Any = {None: ATOM}
"""The default namespace; the stubs of lxml know only named ones."""
_RSS_NAMESPACES: Any = {"atom": ATOM}


def feed(entries: Sequence[Entry], base_url: str, changed_at: datetime) -> bytes:
    """Return the Atom feed; ids are stable, a lift is an entry of its own."""
    root = etree.Element(f"{{{ATOM}}}feed", nsmap=_NAMESPACES)
    _text(root, "id", f"{base_url}/feed/cap.atom")
    _text(root, "title", TITLE)
    _text(root, "updated", beijing(changed_at))
    author = etree.SubElement(root, f"{{{ATOM}}}author")
    _text(author, "name", entries[0].notice.sender_name if entries else "綦江区气象台")
    etree.SubElement(root, f"{{{ATOM}}}link", rel="self", href=f"{base_url}/feed/cap.atom")
    etree.SubElement(root, f"{{{ATOM}}}link", rel="alternate", type="text/html", href=f"{base_url}/public")
    for entry in entries:
        _entry(root, entry, base_url)
    return _bytes(root)


def _entry(root: etree._Element, entry: Entry, base_url: str) -> None:
    node = etree.SubElement(root, f"{{{ATOM}}}entry")
    _text(node, "id", urn(entry))
    _text(node, "title", entry.notice.text.headline)
    _text(node, "updated", beijing(entry.published_at))
    _text(node, "published", beijing(entry.notice.sent))
    _text(node, "summary", entry.notice.text.description)
    etree.SubElement(node, f"{{{ATOM}}}category", term=entry.notice.level, label=entry.notice.hazard_name)
    href = f"{base_url}/feed/cap/{entry.notice.identifier}.xml"
    etree.SubElement(node, f"{{{ATOM}}}link", rel="alternate", type=CAP_TYPE, href=href)
    page = f"{base_url}/public/{entry.warning_id}"
    etree.SubElement(node, f"{{{ATOM}}}link", rel="related", type="text/html", href=page)


def rss(entries: Sequence[Entry], base_url: str, changed_at: datetime) -> bytes:
    """Return the same as RSS 2.0, for readers that know nothing else."""
    root = etree.Element("rss", version="2.0", nsmap=_RSS_NAMESPACES)
    channel = etree.SubElement(root, "channel")
    _plain(channel, "title", TITLE)
    _plain(channel, "link", f"{base_url}/public")
    _plain(channel, "description", "生效中的天气预警 · Weather warnings in force")
    _plain(channel, "language", "zh-CN")
    _plain(channel, "lastBuildDate", _rfc822(changed_at))
    etree.SubElement(
        channel, f"{{{ATOM}}}link", rel="self", type="application/rss+xml", href=f"{base_url}/feed/rss.xml"
    )
    for entry in entries:
        item = etree.SubElement(channel, "item")
        _plain(item, "title", entry.notice.text.headline)
        _plain(item, "link", f"{base_url}/public/{entry.warning_id}")
        _plain(item, "description", entry.notice.text.description)
        _plain(item, "category", f"{entry.notice.hazard_name} {entry.notice.level}")
        etree.SubElement(item, "guid", isPermaLink="false").text = urn(entry)
        _plain(item, "pubDate", _rfc822(entry.notice.sent))
    return _bytes(root)


def urn(entry: Entry) -> str:
    """Return the id that a revision has in every feed, for ever."""
    return f"urn:yutian:cap:{entry.notice.identifier}"


def _rfc822(at: datetime) -> str:
    return format_datetime(at.astimezone(BEIJING))


def _text(parent: etree._Element, name: str, text: str) -> None:
    _plain(parent, f"{{{ATOM}}}{name}", text)


def _plain(parent: etree._Element, name: str, text: str) -> None:
    etree.SubElement(parent, name).text = text


def _bytes(root: etree._Element) -> bytes:
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return content
