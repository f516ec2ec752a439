"""Which addresses may be a browser's: those of the push services that are known, and of no other host."""

import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from pydantic import AnyHttpUrl

from services.kit.errors import Invalid

_FILE = Path(__file__).parent / "services.yaml"
LONGEST = 1024
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


@lru_cache
def _hosts() -> tuple[str, ...]:
    return tuple(yaml.safe_load(_FILE.read_text())["hosts"])


def origin(endpoint: str) -> str:
    """Return scheme, host and port of an address: whom a token of ours is for."""
    found = urlsplit(endpoint)
    return f"{found.scheme}://{found.netloc}"


def check(endpoint: str, others: frozenset[str]) -> None:
    """Raise Invalid when an address is not one of a push service; `others` are origins named by setting."""
    if len(endpoint) <= LONGEST and endpoint.isascii() and endpoint.isprintable():
        try:
            found = urlsplit(endpoint)
            port, host = found.port, found.hostname or ""
            AnyHttpUrl(endpoint)
        except ValueError:
            port, host = -1, ""
        known = found.scheme == "https" and port in (None, 443) and _knows(host)
        if "@" not in found.netloc and (known or origin(endpoint) in others):
            return
    mend = (
        "send the subscription as the browser gave it; an operator may add a service in YUTIAN_WEB_SERVICES"
    )
    raise Invalid("endpoint", "is not the address of a push service that we know", mend)


def _knows(host: str) -> bool:
    return _HOST.fullmatch(host) is not None and any(_is(host, one) for one in _hosts())


def _is(host: str, one: str) -> bool:
    return host == one or (one.startswith(".") and host.endswith(one))
