"""From where a request came, and by which session: every fact and event of it says so."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Origin:
    """Where somebody sits, and the name of his session; neither for what no request has begun."""

    source: str | None = None
    session: str | None = None


_ORIGIN: ContextVar[Origin | None] = ContextVar("origin", default=None)


def current() -> Origin:
    """Return the origin of the request that is being answered."""
    return _ORIGIN.get() or Origin()


def signed_in(session: str) -> None:
    """Note by which session the request came."""
    found = _ORIGIN.get()
    if found is not None:
        found.session = session


@contextmanager
def of_request(source: str | None) -> Iterator[None]:
    """Remember the origin for as long as a request is being answered."""
    mark = _ORIGIN.set(Origin(source))
    try:
        yield
    finally:
        _ORIGIN.reset(mark)
