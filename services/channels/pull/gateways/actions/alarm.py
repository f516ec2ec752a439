"""Alarms: what somebody must look at, said as facts in the urgent lane."""

from collections.abc import Sequence
from datetime import datetime

from contracts.delivery import DeliveryRequested
from contracts.outcome import TargetState
from contracts.values import Lane, Mode
from services.channels.pull.gateways.model import results
from services.channels.pull.gateways.model.work import Work
from services.kit.clock import beijing
from services.kit.db import Transaction


def alarm_dead(tx: Transaction, work: Work, why: str) -> None:
    """Say that work will reach nobody any more, and why."""
    if work.run:
        return
    tx.record(
        "sms.dead",
        mode=work.mode,
        lane=Lane.URGENT,
        warning_id=work.warning_id,
        about=work.gateway,
        delivery_id=str(work.delivery_id),
        reason=why,
        attempts=work.attempt,
        failed=results.count(work.results, TargetState.FAILED),
    )


def alarm_key_away(tx: Transaction, closed: Sequence[Work]) -> None:
    """Say for each warning how many batches of it wait because their key is not here."""
    for warning_id in dict.fromkeys(work.warning_id for work in closed if not work.run):
        mine = [work for work in closed if work.warning_id == warning_id]
        tx.record(
            "sms.key-away",
            mode=mine[0].mode,
            lane=Lane.URGENT,
            warning_id=warning_id,
            about=mine[0].gateway,
            batches=len(mine),
            waiting=sum(work.queued for work in mine),
        )


def note_late(tx: Transaction, work: Work, attempt: int) -> None:
    """Say that a report came after its lease had ended; it was taken all the same."""
    if work.run:
        return
    tx.record(
        "sms.reported-late",
        mode=work.mode,
        warning_id=work.warning_id,
        about=work.gateway,
        delivery_id=str(work.delivery_id),
        attempt=attempt,
        state=work.state,
    )


def note_keywords(tx: Transaction, request: DeliveryRequested, gateway: str, keywords: Sequence[str]) -> None:
    """Say that a text holds words at which the operator's filter may hold it up; it goes out all the same."""
    tx.record(
        "sms.keywords",
        mode=request.mode,
        lane=request.lane,
        warning_id=request.warning_id,
        about=gateway,
        delivery_id=str(request.delivery_id),
        keywords=list(keywords),
    )


def note_maintenance(
    tx: Transaction, gateway: str, mode: Mode, begin: datetime | None, end: datetime | None, why: str
) -> None:
    """Say that a gateway announces maintenance, or takes the announcement back."""
    if begin is None or end is None:
        tx.record("gateway.maintenance-withdrawn", mode=mode, about=gateway)
        return
    begins, ends = beijing(begin), beijing(end)
    tx.record("gateway.maintenance", mode=mode, about=gateway, reason=why, begins=begins, ends=ends)


def alarm_away(tx: Transaction, gateway: str, mode: Mode, until: datetime) -> None:
    """Say that urgent work waits for a gateway that is away as announced."""
    tx.record("gateway.away", mode=mode, lane=Lane.URGENT, about=gateway, until=beijing(until))


def alarm_starved(tx: Transaction, gateway: str, mode: Mode, waiting_s: float) -> None:
    """Say that work waits for a gateway that does not pull."""
    tx.record("gateway.starved", mode=mode, lane=Lane.URGENT, about=gateway, waiting_s=round(waiting_s))


def note_fed(tx: Transaction, gateway: str, mode: Mode) -> None:
    """Say that a starved gateway pulls again, or that nothing waits for it any more."""
    tx.record("gateway.fed", mode=mode, about=gateway)
