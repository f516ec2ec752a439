"""Buried: an alarm about what two people agreed to delete is over, and says by which agreement."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.actions import recount
from services.audit.model.agreements import Agreements
from services.audit.model.alarms import Alarm, Compared, books_of
from services.audit.store import alarms, keeping


async def agreed(connection: AsyncConnection, warning_ids: Collection[str], compared: Compared) -> None:
    """Note by which agreements warnings lost the targets of which alarms still speak.

    The facts are read only where an alarm is about something that is not there any more.
    """
    scopes = {books_of(warning_id) for warning_id in warning_ids}
    lost = [one for one in await alarms.in_scopes(connection, scopes) if _lost(one, compared)]
    if not lost:
        return
    known = await keeping.agreements(connection)
    for warning_id in sorted({str(one.warning_id) for one in lost}):
        anew = await recount.of_warning(connection, warning_id, known)
        agreement = _newest(known, warning_id)
        if anew.buried and agreement is not None:
            compared.buried[warning_id] = agreement


def _lost(alarm: Alarm, compared: Compared) -> bool:
    thing = (alarm.warning_id, alarm.revision, alarm.about)
    return alarm.about is not None and thing not in compared.things


def _newest(known: Agreements, warning_id: str) -> str | None:
    """Return the agreement of the last list of a warning that is recorded whole."""
    mine = [one for one in known.lists.values() if one.warning_id == warning_id and known.whole(one)]
    return max(mine, key=lambda one: one.position).agreement_id if mine else None
