"""XML as this family writes it, and as it must be read: no entities, no network, no depth."""

from typing import Any

from lxml import etree

from services.channels.push.broadcast.archive import Missing, Unreadable

_DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_MOST_DEPTH = 16


def add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    """Append an element with this text, and return it."""
    element = etree.SubElement(parent, name)
    element.text = text
    return element


def to_bytes(root: etree._Element) -> bytes:
    """Return the document as UTF-8 without a byte order mark."""
    return _DECLARATION + etree.tostring(root, encoding="UTF-8", xml_declaration=False)


def parse(content: bytes, root_name: str) -> etree._Element:
    """Return the root of a document; raise Unreadable when it is not well formed, or more than plain."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Unreadable("the file is not well-formed XML") from None
    information: Any = root.getroottree().docinfo
    if information.doctype:
        raise Unreadable("the file declares a document type")
    if root.tag != root_name:
        raise Unreadable(f"the file's root is not {root_name}")
    if any(_too_deep(element) for element in root.iter()):
        raise Unreadable("the file is nested too deep")
    return root


def _too_deep(element: etree._Element) -> bool:
    return sum(1 for _ in zip(element.iterancestors(), range(_MOST_DEPTH), strict=False)) == _MOST_DEPTH


def text(parent: etree._Element, path: str) -> str | None:
    """Return the stripped text at a path, None when it is absent or empty."""
    found = parent.findtext(path)
    return (found.strip() or None) if found else None


def required(parent: etree._Element, path: str) -> str:
    """Return the text at a path; raise Unreadable when it is absent or empty."""
    found = text(parent, path)
    if found is None:
        raise Missing(f"{path} is missing")
    return found
