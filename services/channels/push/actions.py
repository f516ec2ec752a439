"""What the engine does with deliveries: one function for each verb, one transaction in each."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from contracts.delivery import DeliveryReported, DeliveryRequested
from contracts.outcome import TargetState
from contracts.values import Action, Lane, Mode, Withdrawal
from services.channels import tombstones
from services.channels.push import model, store
from services.channels.push.adapter import Answer
from services.channels.push.model import Delivery, Stage
from services.kit.consumer import delay
from services.kit.db import Database, Transaction


async def take(tx: Transaction, request: DeliveryRequested) -> None:
    """Store a request; one that is withdrawn already is accounted for and never sent."""
    if await store.get(tx, request.delivery_id) is not None:
        await report(tx, await _reload(tx, request.delivery_id), [], {})
        return
    delivery = Delivery.taken(request)
    ended = await tombstones.ended(tx, store.TOMBSTONES, request.warning_id, request.revision)
    changed: list[int] = []
    if ended is not None:
        delivery, changed = delivery.withdraw(ended)
    await store.add(tx, delivery)
    await report(tx, delivery, changed, {})


async def _reload(tx: Transaction, delivery_id: UUID) -> Delivery:
    found = await store.get(tx, delivery_id)
    assert found is not None
    return found


async def end(tx: Transaction, warning_id: UUID, up_to: int, reason: Withdrawal) -> None:
    """Let nothing more of these revisions go out."""
    if not await tombstones.bury(tx, store.TOMBSTONES, warning_id, up_to, reason):
        return
    for delivery in await store.of_warning(tx, warning_id, up_to):
        if delivery.withdrawn is None:
            await _withdraw(tx, delivery, reason)


async def _withdraw(tx: Transaction, delivery: Delivery, reason: Withdrawal) -> None:
    ended, changed = delivery.withdraw(reason)
    if ended.stage is Stage.STOP:
        ended = replace(ended, attempt=0)
    await report(tx, ended, changed, {})
    if delivery.request.action is Action.STOP and reason is not Withdrawal.EXPIRED:
        tx.record("delivery.overtaken", mode=delivery.request.mode, warning_id=delivery.request.warning_id)


async def expire(db: Database) -> int:
    """End what is past its expiry; return how many deliveries were."""
    async with db.transaction() as tx:
        due = await store.expired(tx)
        for delivery in due:
            await _withdraw(tx, delivery, Withdrawal.EXPIRED)
    return len(due)


async def claim(db: Database, mode: Mode, lane: Lane) -> tuple[Delivery, tuple[str, ...]] | None:
    """Take the most urgent due delivery for one attempt; return it and the references of those before it.

    The claim is written before the partner is spoken to; none is open while the network is awaited.
    """
    async with db.transaction() as tx:
        delivery = await store.claim_due(tx, mode, lane)
        if delivery is None:
            return None
        claimed = replace(delivery, attempt=delivery.attempt + 1)
        await store.save(tx, claimed, tx.now, claimed=True)
        request = delivery.request
        before = await store.of_warning(tx, request.warning_id, request.revision - 1)
        others = [d for p in request.references if (d := await store.get(tx, p)) is not None]
    return claimed, tuple(d.reference for d in [*before, *others] if d.reference)


async def still_stands(db: Database, delivery_id: UUID) -> bool:
    """Ask, before each attempt: is it neither expired nor cancelled nor superseded?"""
    async with db.transaction() as tx:
        delivery = await _reload(tx, delivery_id)
        return delivery.withdrawn is None and delivery.request.notice.expires > tx.now


async def write(db: Database, delivery_id: UUID, answer: Answer, stage: Stage | None) -> None:
    """Write what a partner answered; with a stage, the attempt is over."""
    async with db.transaction() as tx:
        delivery = (await _reload(tx, delivery_id)).answered(answer)
        delivery, changed = delivery.fold(answer.states)
        if stage is not None:
            delivery = replace(_settled(delivery, stage), attempt=0)
        wait = timedelta(seconds=answer.ask_again_s or 0)
        await report(tx, delivery, changed, answer.details, tx.now + wait, claimed=stage is None)


def _settled(delivery: Delivery, stage: Stage) -> Delivery:
    """Return the delivery in its next stage; one that was withdrawn meanwhile is stopped if it is on air."""
    if delivery.stage is Stage.DONE:
        ended = delivery.withdrawn
        return delivery if ended is None else delivery.withdraw(ended, late=True)[0]
    return delivery.to(stage)


async def put_off(db: Database, delivery_id: UUID, after: float | None) -> None:
    """Try again later: growing delay and jitter, bounded by the lane, until the warning's own expiry."""
    async with db.transaction() as tx:
        delivery = await _reload(tx, delivery_id)
        pause = max(after or 0.0, delay(max(1, delivery.attempt), delivery.request.lane))
        await store.save(tx, delivery, tx.now + timedelta(seconds=pause))


async def fail(db: Database, delivery_id: UUID, reason: str) -> None:
    """Give up: every open target failed, for a reason."""
    async with db.transaction() as tx:
        delivery, changed = (await _reload(tx, delivery_id)).close_open(TargetState.FAILED)
        done = delivery.to(Stage.DONE)
        await report(tx, done, changed, dict.fromkeys(changed, reason[:200]))
        request = delivery.request
        tx.record("delivery.failed", mode=request.mode, warning_id=request.warning_id, reason=reason[:200])


async def hear(
    db: Database, delivery_id: UUID, states: Mapping[int, TargetState], detail: str | None
) -> None:
    """Fold in what a partner told us later, of its own accord."""
    async with db.transaction() as tx:
        found = await store.get(tx, delivery_id)
        if found is None:
            return
        delivery, changed = found.fold(states)
        if changed:
            details = dict.fromkeys(changed, detail) if detail else {}
            done = (
                delivery if delivery.open or delivery.stage is not Stage.FOLLOW else delivery.to(Stage.DONE)
            )
            await report(tx, done, changed, details)


async def report(
    tx: Transaction,
    delivery: Delivery,
    changed: list[int],
    details: Mapping[int, str],
    due_at: datetime | None = None,
    *,
    claimed: bool = False,
) -> None:
    """Save a delivery and say its photograph."""
    request = delivery.request
    shown = replace(delivery, report=delivery.report + 1)
    await store.save(tx, shown, due_at or tx.now, claimed=claimed)
    names = model.names_of(request, store.hashes(request))
    tx.emit(
        DeliveryReported(
            mode=request.mode,
            lane=model.lane_of_report(request),
            warning_id=request.warning_id,
            revision=request.revision,
            channel=request.channel,
            at=tx.now,
            delivery_id=request.delivery_id,
            report=shown.report,
            tally=shown.tally,
            outcomes=model.outcomes(names, shown.target_states, changed, details, tx.now),
        )
    )
