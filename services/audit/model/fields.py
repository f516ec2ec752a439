"""Fields of facts, read as they must be or not at all: anything may stand in the detail of one."""

from typing import Any

from services.audit.model.entry import LONGEST_NAME, plain
from services.kit.errors import Reject

MOST = 2**31 - 1
"""The greatest number that a column of whole numbers takes."""

FIRST_US, LAST_US = -62_135_596_800_000_000, 253_402_300_799_999_999
"""UTC microseconds of the first moment that can be written, and of the last."""

_DAY_US = 86_400_000_000

ODD = (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, Reject)
"""What reading a fact raises that is not as it must be."""


def number(value: Any, least: int = 0, most: int = MOST) -> int:
    """Return a whole number; raise Reject when it is none, or lies beyond what we count with."""
    if type(value) is not int or not least <= value <= most:
        raise Reject("this is no number of ours")
    return value


def name(value: Any, longest: int = LONGEST_NAME) -> str:
    """Return a text that a column takes as it is; raise Reject when it is none."""
    if not isinstance(value, str) or not value or plain(value, longest) != value:
        raise Reject("this is no name of ours")
    return value


def revision(value: Any) -> int | None:
    """Return the number of a revision, None of what is none."""
    return value if is_count(value) and value else None


def is_count(value: Any) -> bool:
    """Tell whether something is a number by which things are counted."""
    return type(value) is int and 0 <= value <= MOST


def is_moment(us: int) -> bool:
    """Tell whether UTC microseconds are a moment that can be written, in whatever zone."""
    return FIRST_US + _DAY_US <= us <= LAST_US - _DAY_US
