"""What is pushed to a browser: the newest word of one warning, and how urgent it is. Pure."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from contracts.delivery import DeliveryRequested
from contracts.values import Action, Level, Mode
from services.channels.render import render
from services.kit.clock import beijing
from services.kit.errors import Refused

TITLE, BODY = 60, 300
"""Characters at most: with all the rest well within the 3,993 bytes that a message may have."""

LONGEST_TTL_S = 28 * 86_400
_URGENCY = {Level.RED: "high", Level.ORANGE: "high", Level.YELLOW: "normal", Level.BLUE: "low"}


@dataclass(frozen=True)
class Words:
    """What a browser shows, in one language."""

    language: str
    title: str
    body: str


def words(request: DeliveryRequested, *, halted: bool) -> dict[str, Words]:
    """Return what is shown, by language; raise Refused when there is nothing to show."""
    notice = request.notice
    found = {"zh": _words(request, "zh-CN", "", halted)}
    if notice.text_en is not None:
        english = request.model_copy(update={"notice": notice.model_copy(update={"text": notice.text_en})})
        found["en"] = _words(english, "en", "_en", halted)
    return found


def _words(request: DeliveryRequested, language: str, suffix: str, halted: bool) -> Words:
    channel = request.channel
    part = "halt" if halted else "text"
    title = _plain(render(channel, f"title{suffix}", request), TITLE)
    return Words(language, title, _plain(render(channel, f"{part}{suffix}", request), BODY))


def payload(
    request: DeliveryRequested, said: Words, url: str, tokens: Sequence[str], *, halted: bool
) -> bytes:
    """Return the message for one browser; with tokens it is asked to tell that it has shown it."""
    notice = request.notice
    over = halted or request.action is Action.STOP
    body: dict[str, Any] = {
        "id": str(request.warning_id),
        "revision": request.revision,
        "halted": halted,
        "over": over,
        "level": notice.level,
        "urgency": urgency(request),
        "drill": request.mode is Mode.DRILL,
        "language": said.language,
        "title": said.title,
        "body": said.body,
        "url": url,
        "sent": beijing(notice.sent),
        "expires": beijing(notice.expires),
    }
    return orjson.dumps(body | ({"tell": list(tokens)} if tokens else {}))


def urgency(request: DeliveryRequested) -> str:
    """Return how urgent it is to a sleeping telephone: by colour, and never less for a change or a lift."""
    found = _URGENCY[request.notice.level]
    return "normal" if found == "low" and request.action is not Action.START else found


def topic(warning_id: UUID) -> str:
    """Return the topic of a warning: what waits for a browser is replaced by what is newer of the same."""
    return base64.urlsafe_b64encode(warning_id.bytes).rstrip(b"=").decode()


def ttl_s(request: DeliveryRequested, now: datetime) -> int:
    """Return for how long the service may keep it: until the warning's own expiry."""
    return min(max(int((request.notice.expires - now).total_seconds()), 0), LONGEST_TTL_S)


def _plain(text: str, longest: int) -> str:
    plain = "".join(c for c in text if c.isprintable()).strip()
    if not plain:
        raise Refused("the rendered text is empty", mend="write the text first")
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"
