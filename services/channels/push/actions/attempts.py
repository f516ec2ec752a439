"""Attempts: claim a delivery, write what the partner answers, settle, put off, give up.

The claim is written before the partner is spoken to and no transaction is open while the network is awaited.
Whoever claims, withdraws or replaces a delivery takes a new turn: an attempt that has lost its turn may still
add what the partner said, and decides nothing any more.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

from contracts.outcome import TargetState
from contracts.values import Lane, Mode
from services.channels.push import model
from services.channels.push.actions import photograph
from services.channels.push.adapter import Air, Answer, Earlier, NotThere
from services.channels.push.model import Delivery, Stage
from services.channels.push.store import deliveries, heard
from services.kit.consumer import delay
from services.kit.db import Database, Transaction
from services.kit.errors import Problem, Retry

_A_MOMENT = timedelta(seconds=1)


async def claim(db: Database, mode: Mode, lane: Lane | None) -> tuple[Delivery, tuple[Earlier, ...]] | None:
    """Take the first due delivery for one attempt, with what the partner has of earlier revisions.

    Without a lane only what is to be stopped or lifted is taken, of both lanes.
    """
    async with db.transaction() as tx:
        found = await deliveries.claim_due(tx, mode, lane)
        if found is None:
            return None
        if found.waits_for_words and await deliveries.still_spoken(tx, found.request):
            await deliveries.save(tx, replace(found, due_at=tx.now + _A_MOMENT))
            return None
        claimed = found.claimed(tx.now)
        await deliveries.save(tx, claimed)
        before = await deliveries.before(tx, found.request) if found.stage is Stage.SEND else []
    return claimed, tuple(_earlier(delivery) for delivery in before)


def _earlier(delivery: Delivery) -> Earlier:
    assert delivery.reference is not None
    request = delivery.request
    return Earlier(request.delivery_id, delivery.reference, delivery.air.sure, delivery.memo)


async def renew(db: Database, claimed: Delivery) -> bool:
    """Keep the claim of an attempt under way; return whether it still has its turn."""
    async with db.transaction() as tx:
        delivery = await _locked(tx, claimed)
        mine = delivery.turn == claimed.turn and delivery.claimed_until is not None
        if mine:
            await deliveries.save(tx, replace(delivery, claimed_until=tx.now + model.CLAIM))
    return mine


async def write(db: Database, claimed: Delivery, answer: Answer) -> bool:
    """Write what a partner answered; return whether the attempt still has its turn and may go on."""
    async with db.transaction() as tx:
        delivery = await _locked(tx, claimed)
        mine = delivery.turn == claimed.turn
        told, changed = delivery.answered(answer, tx.now).fold(answer.states)
        if mine:
            told = replace(told, claimed_until=tx.now + model.CLAIM)
        await photograph.say(tx, told, changed, answer.details)
        await heard.keep_messages(tx, claimed.request.delivery_id, answer.messages)
        await _take_off_air(tx, answer.ended)
    return mine


async def _take_off_air(tx: Transaction, ended: Iterable[UUID]) -> None:
    for delivery_id in ended:
        delivery = await deliveries.get(tx, delivery_id)
        if delivery is not None:
            await deliveries.save(tx, delivery.off_air(tx.now))


async def settle(db: Database, claimed: Delivery, ask_again_s: float | None) -> None:
    """End an attempt that went well."""
    async with db.transaction() as tx:
        delivery = await _locked(tx, claimed)
        if delivery.turn == claimed.turn:
            await deliveries.save(tx, delivery.settled(ask_again_s, tx.now))
        else:
            await _overtaken(tx, delivery)


async def put_off(db: Database, claimed: Delivery, why: Problem) -> None:
    """Try again later: growing delay and jitter, bounded by the lane, until the warning's own expiry."""
    async with db.transaction() as tx:
        delivery = await _locked(tx, claimed)
        if delivery.turn != claimed.turn:
            await _overtaken(tx, delivery)
            return
        if delivery.stage is Stage.STOP and isinstance(why, NotThere) and delivery.never_came(tx.now):
            await deliveries.save(tx, replace(delivery.to(Stage.DONE, tx.now), air=Air.NEVER))
            return
        if delivery.stage is Stage.STOP and delivery.out_of_time(tx.now):
            await _stays_on_air(tx, delivery, why)
            return
        asked = why.after if isinstance(why, Retry) and why.after else 0.0
        pause = max(asked, delay(max(1, delivery.attempt), delivery.request.lane))
        later = tx.now + timedelta(seconds=pause)
        await deliveries.save(tx, replace(delivery, due_at=later, claimed_until=None))


async def let_go(db: Database, claimed: Delivery) -> None:
    """Give an attempt back that was overtaken, or cut short because this process ends."""
    async with db.transaction() as tx:
        delivery = await _locked(tx, claimed)
        if delivery.turn == claimed.turn:
            await deliveries.save(tx, replace(delivery, due_at=tx.now, claimed_until=None))
        else:
            await _overtaken(tx, delivery)


async def _overtaken(tx: Transaction, delivery: Delivery) -> None:
    """Note that the attempt which was under way when the delivery was withdrawn is over."""
    untried = delivery.stage is Stage.DONE or (delivery.stage is Stage.STOP and delivery.attempt == 0)
    if untried and delivery.claimed_until is not None:
        await deliveries.save(tx, replace(delivery, claimed_until=None))


async def _stays_on_air(tx: Transaction, delivery: Delivery, why: Problem) -> None:
    """Give up taking it off the air, loudly: people must see to it."""
    await deliveries.save(tx, delivery.to(Stage.DONE, tx.now))
    _record(tx, "delivery.not-stopped", delivery, why.why)


async def fail(db: Database, claimed: Delivery, reason: str) -> None:
    """Give up: every open target failed, for a reason."""
    async with db.transaction() as tx:
        delivery = await _locked(tx, claimed)
        if delivery.turn != claimed.turn:
            await _overtaken(tx, delivery)
            return
        closed, changed = delivery.close_open(TargetState.FAILED)
        done = closed.to(Stage.DONE, tx.now)
        await photograph.say(tx, done, changed, dict.fromkeys(changed, reason))
        _record(tx, "delivery.failed", done, reason)


def _record(tx: Transaction, kind: str, delivery: Delivery, reason: str) -> None:
    request = delivery.request
    tx.record(
        kind,
        mode=request.mode,
        lane=Lane.URGENT,
        warning_id=request.warning_id,
        about=str(request.delivery_id),
        channel=request.channel,
        revision=request.revision,
        reason=reason[:200],
    )


async def _locked(tx: Transaction, claimed: Delivery) -> Delivery:
    found = await deliveries.get(tx, claimed.request.delivery_id)
    assert found is not None
    return found
