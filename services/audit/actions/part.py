"""Parts of a round: one that fails is said, as an alarm that ends when it works again; the others go on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model.alarms import Compared
from services.audit.model.differences import Difference
from services.kit.errors import Retry
from services.kit.leadership import LostLead
from services.kit.telemetry import log
from services.kit.trouble import busy_is_retry

FAILED = "failed"
"""The beginning of the scopes."""


@asynccontextmanager
async def part(
    compared: Compared, name: str, connection: AsyncConnection | None = None, warning_id: str | None = None
) -> AsyncIterator[None]:
    """Do a part of a round; what it raises is noted and goes no further, but for what mends itself.

    The connection is one on which other parts go on asking.
    """
    scope = f"{FAILED}:{name}"
    try:
        async with busy_is_retry():
            if connection is not None and connection.dialect.name == "postgresql":
                async with connection.begin_nested():
                    yield
            else:
                yield
    except (Retry, LostLead):
        raise
    except Exception as error:
        kind = type(error).__name__
        log.exception("a part of reconciling has failed", part=name, error=kind)
        why = f"this was not compared, since comparing it has failed ({kind})"
        compared.add(scope, [Difference("part-failed", why, warning_id, about=name)])
    else:
        compared.add(scope, [])
