"""What is pushed to phones: a short alert for one town, as large as the phone makers carry. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.delivery import DeliveryRequested
from contracts.values import Mode
from services.kit.errors import Refused

LONGEST = 500
"""Characters of an alert: with all copies of it, well within 4,000 bytes of UTF-8."""

_LONGEST_TTL_S = 864_000
_TOWN_DIGITS = 9


@dataclass(frozen=True)
class Words:
    """What a phone shows."""

    title: str
    text: str


def tag(mode: Mode, area: str) -> str:
    """Return the tag of those who follow a town; a drill reaches only who has chosen to take part."""
    town = area[:_TOWN_DIGITS]
    return f"drill_{town}" if mode is Mode.DRILL else town


def push(
    request: DeliveryRequested, words: Words, area: str, *, at: datetime, overrides: int | None
) -> dict[str, Any]:
    """Return the body of a push; sent again, it is the same push by its `cid`."""
    title, alert = (_plain(text) for text in (words.title, words.text))
    extras = {
        "identifier": request.notice.identifier,
        "level": request.notice.level,
        "action": request.action,
    }
    left = int((request.notice.expires - at).total_seconds())
    options: dict[str, Any] = {
        "time_to_live": min(max(left, 0), _LONGEST_TTL_S),
        "apns_production": True,
        "classification": 1,
    }
    if overrides is not None:
        options["override_msg_id"] = overrides
    return {
        "cid": f"{request.delivery_id.hex}-{area}",
        "platform": "all",
        "audience": {"tag": [tag(request.mode, area)]},
        "notification": {
            "android": {"alert": alert, "title": title, "extras": extras},
            "ios": {"alert": {"title": title, "body": alert}, "sound": "default", "extras": extras},
            "alert": alert,
        },
        "options": options,
    }


def _plain(text: str) -> str:
    plain = "".join(c for c in text if c.isprintable()).strip()
    if not plain:
        raise Refused("the rendered text is empty", mend="write the text first")
    return plain if len(plain) <= LONGEST else plain[: LONGEST - 1] + "…"
