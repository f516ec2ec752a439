"""What an SMS says: 【signature】 first and alone in its brackets, at most four segments, rendered once."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from contracts.delivery import DeliveryRequested
from contracts.text import CLOSING, MOST_SEGMENTS, OPENING, segments
from contracts.values import Action, Channel
from services.channels.render import render
from services.kit.errors import Reject

PLACE = "{1}"
"""Where a gateway puts the second element of a recipient's row."""

PERSON = "person"
"""The rendering whose recipients get a link of their own."""

LINK = "{link}"
"""Where a template wants the address that a person confirms at."""

SIGNATURE = re.compile(rf"{OPENING}[\u4e00-\u9fff]{{2,18}}")
"""What operators take as a signature."""

_PARTS = {Action.START: "first", Action.REPLACE: "update", Action.STOP: "lift"}
_INNER = str.maketrans({OPENING: "〔", CLOSING: "〕"})


@dataclass(frozen=True)
class Words:
    """A text as it goes out, and in how many segments."""

    text: str
    segments: int


def render_sms(request: DeliveryRequested, rendering: str, link_base: str, token: str = "") -> Words:
    """Return the text of a delivery; raise Reject when it does not fit even at its shortest.

    It is counted with the longest token that any of its recipients gets.
    """
    for text in _drafts(request, rendering, link_base):
        words = Words(text, segments(text.replace(PLACE, token)))
        if words.segments <= MOST_SEGMENTS:
            return words
    raise Reject(f"the text takes more than {MOST_SEGMENTS} SMS segments")


def _drafts(request: DeliveryRequested, rendering: str, link_base: str) -> Iterator[str]:
    """Yield the texts that say it, the fullest first."""
    part = _PARTS[request.action]
    body = _said(request, part)
    if rendering == PERSON and request.notice.adds_to is None:
        link = _said(request, "confirm").replace(LINK, f"{link_base}{PLACE}")
        yield _signed(body + link)
        yield _signed(_said(request, f"{part}-brief") + link)
        return
    if rendering == "duty":
        yield _signed(body + _said(request, "duty"))
    yield _signed(body)


def _said(request: DeliveryRequested, part: str) -> str:
    channel = Channel.AREA if request.channel is Channel.AREA else Channel.SMS
    return render(channel, part, request).replace(PLACE, "")


def _signed(text: str) -> str:
    """Return the text with no other pair of 【】 than the signature's."""
    if not text.startswith(OPENING) or CLOSING not in text:
        raise Reject("an SMS text begins with its signature in 【】")
    signature, _, rest = text.partition(CLOSING)
    if not SIGNATURE.fullmatch(signature):
        raise Reject("a signature has 2 to 18 Chinese characters, as it is filed with the operators")
    return signature + CLOSING + " ".join(rest.translate(_INNER).split())
