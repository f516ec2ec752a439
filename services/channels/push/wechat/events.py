"""What WeChat posts to us: signed by a shared token, a small XML document, read as hostile. Pure."""

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

from lxml import etree

from contracts.outcome import TargetState
from services.kit.errors import Invalid

MOST_BYTES = 64 << 10
_JOB_FINISH, _MASS_FINISH = "TEMPLATESENDJOBFINISH", "MASSSENDJOBFINISH"
_LONGEST_ID, _LONGEST_WORDS = 64, 80


@dataclass(frozen=True)
class Finished:
    """A template message reached its follower, or did not."""

    message_id: str
    state: TargetState
    detail: str | None


@dataclass(frozen=True)
class Massed:
    """A mass message came to so many followers, or was not sent."""

    message_id: str
    reached: int
    detail: str | None


def signed(token: str, signature: str, timestamp: str, nonce: str) -> bool:
    """Tell whether a request was signed by who knows the token: SHA-1 over the three, sorted."""
    proof = "".join(sorted((token, timestamp, nonce)))
    # WeChat's own rule; what it protects is checked again by the message id, which nobody else knows.
    expected = hashlib.sha1(proof.encode(), usedforsecurity=False).hexdigest()
    return bool(token) and hmac.compare_digest(expected.encode(), signature.encode())


def read(content: bytes) -> Finished | Massed | None:
    """Return what a posted document says of a message, None when it says something else.

    Raises Invalid when it is not a plain document.
    """
    root = _parsed(content)
    kind, event = (root.findtext(name) or "" for name in ("MsgType", "Event"))
    if kind.strip() != "event" or event.strip() not in (_JOB_FINISH, _MASS_FINISH):
        return None
    message_id = (root.findtext("MsgID") or root.findtext("MsgId") or "").strip()
    status = " ".join((root.findtext("Status") or "").split()).lower()
    if not message_id or len(message_id) > _LONGEST_ID or not status:
        raise Invalid("body", "the event names no message or no status", "send MsgID and Status")
    words = "".join(c for c in status if c.isprintable())[:_LONGEST_WORDS]
    if event.strip() == _MASS_FINISH:
        came = (root.findtext("SentCount") or "").strip()
        reached = int(came) if came.isascii() and came.isdigit() and len(came) < 10 else 0
        return Massed(message_id, reached, None if status == "send success" else words)
    if status == "success":
        return Finished(message_id, TargetState.RECEIVED, None)
    return Finished(message_id, TargetState.FAILED, words)


def _parsed(content: bytes) -> etree._Element:
    if len(content) > MOST_BYTES:
        raise Invalid("body", "is too long", f"send at most {MOST_BYTES} bytes")
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise Invalid("body", "is not well-formed XML", "send the event as WeChat does") from None
    information: Any = root.getroottree().docinfo
    if information.doctype or root.tag != "xml":
        raise Invalid("body", "is not an event", "send the event as WeChat does")
    return root
