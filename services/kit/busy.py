"""A database that is away, full or busy is told from a statement that is wrong."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as NoneFree

from services.kit.errors import Retry

_WORDS = ("locked", "disk", "unable to open", "deadlock", "connection", "shutting down", "starting up")


@asynccontextmanager
async def busy_is_retry() -> AsyncIterator[None]:
    """Raise Retry in place of the error of a database that cannot answer now."""
    try:
        yield
    except NoneFree as error:
        raise Retry("all connections to the database are in use", after=1) from error
    except (DBAPIError, OSError) as error:
        if _busy(error):
            raise Retry(f"the database does not answer: {type(error).__name__}", after=1) from error
        raise


def _busy(error: DBAPIError | OSError) -> bool:
    if isinstance(error, OSError) or error.connection_invalidated:
        return True
    words = str(error.orig).lower()
    return not isinstance(error, IntegrityError) and any(word in words for word in _WORDS)
