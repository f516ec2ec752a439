"""Compare what the issuer has issued with what the ledger has heard: the bus may never have had it."""

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.issuer import Issued, Issuer
from services.audit.model.differences import Difference, Patience
from services.audit.store import questions
from services.kit.errors import Retry

AT_ONCE = 500


async def ask(issuer: Issuer, only: str | None) -> tuple[Sequence[Issued], list[Difference]]:
    """Return what was issued; when nobody answers, the difference that says so."""
    try:
        return [one async for one in issuer.issued(only)], []
    except Retry as away:
        why = f"{away.why}; what it issued was not compared"
        return [], [Difference("issuer-silent", why, warning_id=only)]


async def unheard(
    connection: AsyncConnection, issued: Sequence[Issued], patience: Patience
) -> list[Difference]:
    """Return every issued revision that the ledger should have heard of and has not."""
    found = []
    for begin in range(0, len(issued), AT_ONCE):
        some = issued[begin : begin + AT_ONCE]
        heard = await questions.heard(connection, {one.warning_id for one in some})
        for one in some:
            if (one.warning_id, one.revision) not in heard and patience.over(one.approved_at):
                why = "the issuer has issued it, and its message has not come to the ledger"
                key = (one.warning_id, one.revision)
                found.append(Difference("issued-unheard", why, *key, since=one.approved_at))
    return found
