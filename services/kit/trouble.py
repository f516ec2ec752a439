"""Trouble with a database: away, busy, without room on its disk; all that is no fault of a statement."""

import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoneFree

from services.kit.errors import Retry


@asynccontextmanager
async def busy_is_retry() -> AsyncIterator[None]:
    """Turn what a database says that is away, busy or without room into a Retry."""
    try:
        yield
    except NoneFree as error:
        raise Retry("all connections to the database are in use", after=1) from error
    except (DBAPIError, OSError) as error:
        if _full(error):
            mend = "make room on its disk; nothing is lost, and it goes on by itself"
            raise Retry("the database has no room left", after=FULL_S, mend=mend) from error
        if _busy(error):
            raise Retry(f"the database does not answer: {type(error).__name__}", after=1) from error
        raise


_FULL_WORDS = ("disk is full", "no space left")
_DISK_FULL = "53100"
"""What PostgreSQL calls it."""

FULL_S = 5.0
"""How long a full disk is left alone."""

_BUSY_WORDS = ("locked", "disk", "unable to open", "deadlock", "connection", "shutting down", "starting up")


def _full(error: DBAPIError | OSError) -> bool:
    """Tell a database whose disk is full."""
    if isinstance(error, OSError):
        return error.errno == errno.ENOSPC
    words = str(error.orig).lower()
    return getattr(error.orig, "sqlstate", None) == _DISK_FULL or any(word in words for word in _FULL_WORDS)


def _busy(error: DBAPIError | OSError) -> bool:
    """Tell a database that is away, full or busy from a statement that is wrong."""
    if isinstance(error, OSError) or error.connection_invalidated:
        return True
    words = str(error.orig).lower()
    return not isinstance(error, IntegrityError) and any(word in words for word in _BUSY_WORDS)
