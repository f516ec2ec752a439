"""What was typed into a form whose session had ended: kept in the sign-in form, sent once more after it."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urlsplit

import orjson
from fastapi import Request

MOST_BYTES = 64_000
MOST_FIELDS = 500
NEVER = frozenset({"csrf", "password", "new", "again", "code", "recovery"})
"""The old session's token, and secrets."""


@dataclass(frozen=True)
class Kept:
    """A form on its way: where it goes, and what it says."""

    path: str
    fields: tuple[tuple[str, str], ...]

    def to_text(self) -> str:
        """Return what the hidden field of the sign-in form holds."""
        return orjson.dumps([self.path, self.fields]).decode()


async def typed(request: Request) -> Kept | None:
    """Return the form that a request brought; None when it brought files, nothing, or too much."""
    if "x-www-form-urlencoded" not in request.headers.get("content-type", ""):
        return None
    form = await request.form(max_fields=MOST_FIELDS)
    fields = tuple((name, str(value)) for name, value in form.multi_items() if name not in NEVER)
    query = f"?{request.url.query}" if request.url.query else ""
    found = Kept(f"{request.url.path}{query}", fields)
    return found if len(found.to_text().encode()) <= MOST_BYTES else None


def read(text: str) -> Kept | None:
    """Return what a hidden field holds, None when it is not of our making."""
    if not text or len(text.encode()) > MOST_BYTES:
        return None
    try:
        path, fields = orjson.loads(text)
        pairs = tuple((_text(name), _text(value)) for name, value in fields)
    except (ValueError, TypeError):
        return None
    if not isinstance(path, str) or inside(path) != path or len(pairs) > MOST_FIELDS:
        return None
    return Kept(path, tuple(pair for pair in pairs if pair[0] not in NEVER))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def inside(target: str) -> str:
    """Return an address of ours; anything that could lead elsewhere leads home."""
    plain = unquote(target)
    try:
        parts = urlsplit(plain)
    except ValueError:
        return "/"
    ours = plain.startswith("/") and not plain.startswith(("//", "/\\")) and plain.isprintable()
    return target if ours and not parts.scheme and not parts.netloc and "\\" not in plain else "/"
