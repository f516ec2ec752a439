"""Say how far work is: a photograph of all its targets, and what is new about single ones."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from contracts.delivery import DeliveryReported
from contracts.outcome import Outcome, TargetState
from contracts.values import Lane
from services.channels.pull.gateways.model import results
from services.channels.pull.gateways.model.work import Work
from services.kit.db import Transaction


def photograph(
    tx: Transaction, work: Work, outcomes: Iterable[Outcome] = (), detail: str | None = None
) -> Work:
    """Say how many targets are in which state; return the work with the number of this report.

    Test work is nobody's business outside.
    """
    told, news = replace(work, report=work.report + 1), tuple(outcomes)
    if work.run:
        return told
    by_people = any(outcome.state is TargetState.CONFIRMED for outcome in news)
    tx.emit(
        DeliveryReported(
            mode=work.mode,
            lane=Lane.URGENT if by_people else work.report_lane,
            warning_id=work.warning_id,
            revision=work.revision,
            channel=work.channel,
            at=tx.now,
            delivery_id=work.delivery_id,
            report=told.report,
            tally=results.tally(work.results),
            outcomes=news,
            detail=detail,
            attempts=work.attempt or None,
            leased_at=work.leased_at,
        )
    )
    return told


def news(
    before: Work,
    after: Work,
    name: Callable[[int], str],
    now: datetime,
    times: Mapping[int, datetime] | None = None,
) -> list[Outcome]:
    """Return what is new about single targets: who failed, and who was failed and has received after all."""
    told = times or {}
    return [
        Outcome(
            target=name(place),
            state=state,
            at=told.get(place, now),
            detail=after.reasons.get(place) if state is TargetState.FAILED else None,
        )
        for place in after.changed(before)
        for state in (results.ORDER[after.results[place]],)
    ]
