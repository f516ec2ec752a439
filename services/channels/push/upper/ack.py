"""The acknowledgement file, `/msg/data/rows/{status,error_code,note}`, read as hostile. Pure."""

import re
from dataclasses import dataclass
from typing import Any

from lxml import etree

from services.channels.push.calling import quoted

MOST_BYTES = 64 << 10
_STATUS = re.compile(r"-?\d{1,9}", re.ASCII)
_ROWS = "data/rows"


@dataclass(frozen=True)
class Ack:
    """What the platform says of a file: taken, or why not."""

    taken: bool
    why: str


def read(content: bytes) -> Ack | None:
    """Return what an acknowledgement says, None when it is none: half written, or not to be trusted."""
    root = _parsed(content)
    rows = root.findall(_ROWS) if root is not None and root.tag == "msg" else []
    if len(rows) != 1:
        return None
    said = {name: rows[0].findall(name) for name in ("status", "error_code", "note")}
    if any(len(found) > 1 for found in said.values()) or len(said["status"]) != 1:
        return None
    status, code, note = (_text(said[name]) for name in ("status", "error_code", "note"))
    if not _STATUS.fullmatch(status):
        return None
    if int(status) == 0:
        return Ack(True, "received above, still to be confirmed by a person there")
    return Ack(
        False, ": ".join(filter(None, (f"refused above with status {status}", quoted(code), quoted(note))))
    )


def _text(found: list[etree._Element]) -> str:
    return (found[0].text or "").strip() if found else ""


def _parsed(content: bytes) -> etree._Element | None:
    if len(content) > MOST_BYTES:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    information: Any = root.getroottree().docinfo
    return None if information.doctype else root
