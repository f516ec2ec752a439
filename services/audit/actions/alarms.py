"""Alarms: a difference begins one, the same compared again and adding up ends it; owners are told."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from prometheus_client import Gauge

from contracts.difference import MOST_DELIVERIES, DifferenceTold
from contracts.values import Channel, Lane, Mode
from services.audit.model.alarms import Alarm, Compared, owners, pause
from services.audit.model.differences import Difference
from services.audit.store import alarms
from services.kit.db import Database, Transaction
from services.kit.errors import NotFound, Refused
from services.kit.telemetry import log

STANDING = Gauge("yutian_audit_alarms", "Differences that stand, by what differs", ["what", "acknowledged"])

MOST_TOLD = 1000
"""Alarms that are said in one round; the others follow in the next ones."""

NAMED = 20
"""So many things a fact names; it counts all."""


async def settle(tx: Transaction, compared: Compared) -> None:
    """Begin an alarm for what differs anew, and end those whose very thing was compared and adds up."""
    standing = {alarm.name: alarm for alarm in await alarms.in_scopes(tx.connection, compared.scopes)}
    still = [
        (alarm, _text(compared.found[name][1].expected), _text(compared.found[name][1].found))
        for name, alarm in standing.items()
        if name in compared.found
    ]
    await alarms.seen(tx, still)
    over = [
        replace(alarm, agreement_id=compared.ended_by(alarm))
        for name, alarm in standing.items()
        if name not in compared.found and compared.covers(alarm)
    ]
    await alarms.end(tx, over)
    rows = [
        _row(name, scope, difference, compared)
        for name, (scope, difference) in compared.found.items()
        if name not in standing
    ]
    _note(tx, "difference.found", await alarms.begin(tx, rows))
    _note(tx, "difference.ended", over)


def _row(name: str, scope: str, difference: Difference, compared: Compared) -> dict[str, Any]:
    mode, urgent = compared.modes.get(str(difference.warning_id), (Mode.LIVE, True))
    return {
        **{key: value for key, value in vars(difference).items() if key not in ("expected", "found")},
        "name": name,
        "scope": scope,
        "mode": mode,
        "urgent": urgent,
        "expected": _text(difference.expected),
        "found": _text(difference.found),
    }


def _text(value: int | str | None) -> str | None:
    return None if value is None else str(value)


def _note(tx: Transaction, kind: str, changed: Sequence[Alarm]) -> None:
    """Say what has begun or ended: one fact and one line for all that are alike, however many."""
    for some in _alike(changed):
        first = some[0]
        about = [alarm.about for alarm in some if alarm.about]
        tx.record(
            kind,
            mode=Mode(first.mode),
            lane=first.lane,
            warning_id=_uuid(first.warning_id),
            about=about[0] if len(some) == 1 and about else None,
            what=first.what,
            why=first.why,
            revision=first.revision,
            channel=first.channel,
            count=len(some),
            named=about[:NAMED],
            alarms=[alarm.alarm_id for alarm in some[:NAMED]],
            **({"agreement": first.agreement_id} if first.agreement_id else {}),
        )
        speak = log.info if kind == "difference.ended" else log.error
        speak(kind, what=first.what, warning=first.warning_id, channel=first.channel, count=len(some))


def _alike(found: Iterable[Alarm]) -> list[list[Alarm]]:
    groups: dict[tuple[Any, ...], list[Alarm]] = {}
    for alarm in found:
        key = (
            alarm.warning_id,
            alarm.revision,
            alarm.what,
            alarm.channel,
            alarm.said,
            alarm.why,
            alarm.agreement_id,
        )
        groups.setdefault(key, []).append(alarm)
    return list(groups.values())


def _uuid(text: str | None) -> UUID | None:
    """Return an id, None of what is none: a record may name anything as its warning."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


async def tell(tx: Transaction) -> int:
    """Say what is due: to its owners, and aloud when it was said before; return how many that were."""
    due = await alarms.due(tx, MOST_TOLD)
    for some in _alike(due):
        _tell_owners(tx, some)
        unseen = [alarm for alarm in some if alarm.said and alarm.acknowledged_at is None]
        _note(tx, "difference.stands", unseen)
    await alarms.said(tx, [(alarm, tx.now + pause(alarm.said + 1)) for alarm in due])
    return len(due)


def _tell_owners(tx: Transaction, some: Sequence[Alarm]) -> None:
    first = some[0]
    warning_id = _uuid(first.warning_id)
    if warning_id is None or first.revision is None or first.revision < 1:
        return
    names = [found for alarm in some if (found := _uuid(alarm.about))]
    for owner in owners(first):
        for begin in range(0, max(len(names), 1), MOST_DELIVERIES):
            tx.emit(
                DifferenceTold(
                    mode=Mode(first.mode),
                    lane=Lane(first.lane),
                    owner=owner,
                    what=first.what,
                    warning_id=warning_id,
                    revision=first.revision,
                    at=tx.now,
                    time=first.said + 1,
                    channel=Channel(first.channel) if first.channel else None,
                    deliveries=tuple(names[begin : begin + MOST_DELIVERIES]),
                )
            )


async def acknowledge(db: Database, alarm_id: UUID, by: str, why: str) -> Alarm:
    """Note that somebody has seen an alarm; it stands until the difference is gone, and is said no more."""
    async with db.transaction() as tx:
        alarm = await alarms.get(tx, str(alarm_id))
        if alarm is None:
            raise NotFound("there is no such alarm")
        if alarm.ended_at is not None:
            raise Refused("the alarm is over", mend="nothing is to be done")
        if alarm.acknowledged_at is not None:
            raise Refused("somebody has acknowledged the alarm already", mend="reload the page")
        await alarms.acknowledge(tx, str(alarm_id), by, why)
        tx.record(
            "difference.acknowledged",
            mode=Mode(alarm.mode),
            actor=by,
            warning_id=_uuid(alarm.warning_id),
            about=alarm.about,
            what=alarm.what,
            revision=alarm.revision,
            alarm=alarm.alarm_id,
            reason=why,
        )
    return alarm


async def measure(db: Database) -> int:
    """Show in the metrics how many alarms stand; return how many that are."""
    async with db.read() as connection:
        counted = await alarms.counts(connection)
    STANDING.clear()
    for (what, seen), count in counted.items():
        STANDING.labels(what, str(seen).lower()).set(count)
    return sum(counted.values())
