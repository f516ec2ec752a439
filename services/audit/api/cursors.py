"""Cursors: where a page ended, in a form that nobody need understand."""

import base64
import binascii
from datetime import datetime
from typing import Annotated

from fastapi import Query

from services.kit.clock import from_microseconds, microseconds
from services.kit.errors import Invalid

Cursor = Annotated[str, Query(description="`next` of the page before", max_length=200)]


def cursor_of(at: datetime, *more: str | int) -> str:
    """Return the cursor of what ended at a moment."""
    return base64.urlsafe_b64encode("/".join(map(str, (microseconds(at), *more))).encode()).decode()


def read_cursor(text: str, parts: int) -> tuple[datetime, list[str]] | None:
    """Return the moment and the other parts of a cursor, None of an empty one."""
    if not text:
        return None
    try:
        at, *more = base64.urlsafe_b64decode(text.encode()).decode().split("/")
        if len(more) == parts:
            return from_microseconds(int(at)), more
    except (binascii.Error, ValueError, OverflowError):
        pass
    raise Invalid("after", "is not a cursor", "send `next` of the page before, unchanged")


def read_place(text: str) -> tuple[datetime, int] | None:
    """Return the moment and the position of a cursor of records."""
    found = read_cursor(text, 1)
    if found is None:
        return None
    at, (position,) = found
    if not position.isdecimal() or len(position) > 18:
        raise Invalid("after", "is not a cursor", "send `next` of the page before, unchanged")
    return at, int(position)
