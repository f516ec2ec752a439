"""Replies of people to an SMS: `1` confirms, anything else is only read by the operator."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from contracts.printable import is_line
from services.channels.pull.gateways.model import receipts, said
from services.kit.errors import Fault, Invalid

MOST_REPLIES = 1000
_CONFIRMS = frozenset({"1", "１", "“1”", "'1'"})
_LONGEST = 1000


@dataclass(frozen=True)
class Reply:
    """What somebody answered."""

    number: str
    confirms: bool
    at: datetime


def read(sent: Any, now: datetime) -> list[Reply]:
    """Read replies; raise Invalid with the fields that are wrong, never with a number.

    With `clock`, what time the sender has now, his error is taken out of every moment that he names.
    """
    entries = said.listed("replies", sent, MOST_REPLIES, "clock")
    faults: list[Fault] = []
    clock = said.moment(sent["clock"]) if "clock" in sent else now
    if clock is None:
        faults.append(Fault("clock", "is no moment", "send what time it is at your side, RFC 3339"))
        clock = now
    found = [_reply(f"replies.{i}", entry, faults) for i, entry in enumerate(entries)]
    if faults:
        raise Invalid.of(faults[: said.MOST_FAULTS])
    return [replace(reply, at=reply.at + (now - clock)) for reply in found if reply]


def _reply(field: str, entry: Any, faults: list[Fault]) -> Reply | None:
    if not isinstance(entry, dict) or not {"number", "text", "at"}.issuperset(entry):
        faults.append(Fault(field, "is not a reply", "send {number, text, at}"))
        return None
    number, text, at = entry.get("number"), entry.get("text"), said.moment(entry.get("at"))
    if not isinstance(number, str) or not 0 < len(number) <= 20 or not is_line(number):
        faults.append(Fault(field, "has no number", "send the number as a string, as it was leased"))
    elif not isinstance(text, str) or len(text) > _LONGEST:
        faults.append(Fault(field, "has no text", "send the text of the reply"))
    elif at is None:
        faults.append(Fault(field, "has no moment", "send `at` as RFC 3339 with an offset"))
    else:
        return Reply(receipts.bare(number), text.strip() in _CONFIRMS, at)
    return None
