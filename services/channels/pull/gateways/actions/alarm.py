"""Alarms: what somebody must look at, said as facts in the urgent lane."""

from contracts.outcome import TargetState
from contracts.values import Lane, Mode
from services.channels.pull.gateways.model import results
from services.channels.pull.gateways.model.work import Work
from services.kit.db import Transaction


def alarm_dead(tx: Transaction, work: Work, why: str) -> None:
    """Say that work will reach nobody any more, and why."""
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


def note_late(tx: Transaction, work: Work, attempt: int) -> None:
    """Say that a report came after its lease had ended; it was taken all the same."""
    tx.record(
        "sms.reported-late",
        mode=work.mode,
        warning_id=work.warning_id,
        about=work.gateway,
        delivery_id=str(work.delivery_id),
        attempt=attempt,
        state=work.state,
    )


def alarm_starved(tx: Transaction, gateway: str, mode: Mode, waiting_s: float) -> None:
    """Say that work waits for a gateway that does not pull."""
    tx.record("gateway.starved", mode=mode, lane=Lane.URGENT, about=gateway, waiting_s=round(waiting_s))


def note_fed(tx: Transaction, gateway: str, mode: Mode) -> None:
    """Say that a starved gateway pulls again, or that nothing waits for it any more."""
    tx.record("gateway.fed", mode=mode, about=gateway)
