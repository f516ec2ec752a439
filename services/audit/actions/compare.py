"""Compare what the issuer has issued with what the ledger has heard: the bus may never have had it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.issuer import Issued, Issuer
from services.audit.model.alarms import Alarm, Compared, issued_of
from services.audit.model.differences import Difference, Patience
from services.audit.store import questions
from services.kit.errors import Retry
from services.kit.telemetry import log

ISSUER = "issuer"
"""The scope of whether the issuer answers."""

AT_ONCE = 500

LATE = timedelta(hours=1)
"""What was approved within this time the issuer is asked for every time."""


async def ask(issuer: Issuer, only: str) -> tuple[Sequence[Issued], list[Difference]]:
    """Return what was issued of a warning; when nobody answers, the difference that says so."""
    try:
        return [one async for one in issuer.issued(only)], []
    except Retry as away:
        return [], [_silent(away, only)]


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


@dataclass(frozen=True)
class Asked:
    """What the issuer told in a round: what was issued of late, and one page more of everything."""

    issued: Sequence[Issued]
    next: str
    """Where the walk over everything goes on; empty when it is through."""


async def ask_late(pages: Issuer, since: datetime) -> tuple[list[Issued], list[Difference]]:
    """Return what was issued of late; when nobody answers, the difference that says so."""
    try:
        return await _late(pages, since), []
    except Retry as away:
        return [], [_silent(away)]


async def ask_page(pages: Issuer, after: str) -> tuple[list[Issued], str, list[Difference]]:
    """Return one page of everything that was issued and the cursor of the next one, empty at the end."""
    try:
        return *await pages.page(after), []
    except Retry as away:
        return [], "", [_silent(away)]


def _silent(away: Retry, only: str | None = None) -> Difference:
    return Difference("issuer-silent", f"{away.why}; what it issued was not compared", warning_id=only)


async def _late(pages: Issuer, since: datetime) -> list[Issued]:
    late, more = await pages.page("", since)
    while more:
        some, more = await pages.page(more, since)
        late += some
    return late


async def ask_some(pages: Issuer, since: datetime, after: str) -> Asked | None:
    """Ask what was issued of late, and for one page of the walk over everything; None when nobody answers."""
    try:
        late = await _late(pages, since)
        walked, onward = await pages.page(after)
    except Retry as away:
        log.warning("issuer does not answer", why=away.why)
        return None
    return Asked([*late, *walked], onward)


async def at_issued(
    connection: AsyncConnection, asked: Asked, patience: Patience, compared: Compared
) -> None:
    """Compare what the issuer told with what the ledger has heard."""
    found = await unheard(connection, asked.issued, patience)
    for difference in found:
        compared.add(issued_of(str(difference.warning_id)), [difference])


async def at_unheard(connection: AsyncConnection, standing: Sequence[Alarm], compared: Compared) -> None:
    """Compare again what had not been heard: it is over when the ledger has it, and by nothing else."""
    heard = await questions.heard(connection, {str(alarm.warning_id) for alarm in standing})
    for alarm in standing:
        if (alarm.warning_id, alarm.revision) in heard:
            compared.things.add((alarm.warning_id, alarm.revision, alarm.about))
            compared.scopes.add(alarm.scope)


def at_issuer(asked: Asked | None, silent_since: datetime | None, patience: Patience, into: Compared) -> None:
    """Compare whether the issuer can be asked at all."""
    if asked is not None:
        into.add(ISSUER, [])
    elif silent_since is not None and patience.over(silent_since):
        why = "the issuer does not answer; what it issued was not compared"
        into.add(ISSUER, [Difference("issuer-silent", why, since=silent_since)])
