"""Receipt states by their SMPP names, and what each means to us."""

import re
from typing import Any

from contracts.outcome import TargetState

MEANINGS = {
    "DELIVRD": TargetState.RECEIVED,
    "ACCEPTD": TargetState.SENT,
    "ENROUTE": TargetState.SENT,
    "UNKNOWN": TargetState.SENT,
    "EXPIRED": TargetState.FAILED,
    "UNDELIV": TargetState.FAILED,
    "DELETED": TargetState.FAILED,
    "REJECTD": TargetState.FAILED,
}
"""UNKNOWN is no end: a better receipt may follow, and the warning's expiry closes what stays open."""

_OPERATORS_OWN = re.compile(r"[A-Z]{2}:[0-9A-Za-z]{1,10}")
"""Such as `MA:0054`: an operator's own code, final, always a failure."""

_NUMBER_LIKE = re.compile(r"\d(?:[\s().+/_-]*\d){6,}")
"""Seven digits or more (of any script), however they are parted."""
LONGEST_REASON = 100


def meaning(receipt: Any) -> TargetState | None:
    """Return what a receipt state means, None when it is not one."""
    if not isinstance(receipt, str):
        return None
    found = MEANINGS.get(receipt)
    if found is None and _OPERATORS_OWN.fullmatch(receipt):
        return TargetState.FAILED
    return found


def reason(receipt: str, words: str | None = None) -> str:
    """Return why a number failed, short, and without anything that looks like a phone number."""
    said = f"{receipt} {words}" if words else receipt
    return _NUMBER_LIKE.sub("*", said)[:LONGEST_REASON]


def bare(number: str) -> str:
    """Return a mobile number without the country code that some operators put before it."""
    plain = number.removeprefix("+")
    return plain[2:] if len(plain) == 13 and plain.startswith("86") else plain
