"""Sweep: deliveries that nobody took are asked for again, until the warning expires."""

import asyncio
import contextlib
from datetime import timedelta
from uuid import UUID

from contracts.delivery import DeliveryRequested
from contracts.values import Channel, Lane
from services.kit.crypto import CryptoProvider
from services.kit.db import Database, Transaction
from services.kit.errors import Reject, Retry
from services.kit.leadership import Leadership, LostLead
from services.kit.telemetry import log
from services.router.actions.copy import forget, renew
from services.router.actions.end import withdraw
from services.router.model.deliveries import pause
from services.router.store import ends, plans
from services.router.store.plans import Waiting

LEASE = "sweep"
AT_ONCE = 50
"""Deliveries in one transaction: each may hold a batch."""

LOOK_S = 1.0
FORGET_EVERY = timedelta(hours=1)


async def run(db: Database, leadership: Leadership, crypto: CryptoProvider) -> None:
    """Sweep until another replica leads; first pack anew what a former key has hashed."""
    renewing = asyncio.ensure_future(_renew(db, crypto))
    try:
        await _sweep(db, leadership)
    finally:
        renewing.cancel()
        await asyncio.gather(renewing, return_exceptions=True)


async def _renew(db: Database, crypto: CryptoProvider) -> None:
    """Pack blocks anew once; until then each is packed whenever it is read."""
    while True:
        try:
            if count := await renew(db, crypto):
                log.info("blocks packed anew", blocks=count)
            return
        except Retry:
            await asyncio.sleep(LOOK_S)
        except Reject as error:
            log.error("blocks not packed anew", why=error.why)
            return


async def _sweep(db: Database, leadership: Leadership) -> None:
    forgotten_at = db.clock.now() - FORGET_EVERY
    with contextlib.suppress(LostLead):
        while True:
            with contextlib.suppress(Retry):
                while await sweep(db, leadership):
                    pass
                if db.clock.now() - forgotten_at >= FORGET_EVERY:
                    forgotten_at = db.clock.now()
                    await forget(db)
            await asyncio.sleep(LOOK_S)


async def sweep(db: Database, leadership: Leadership) -> int:
    """Ask again for what is due; return how many deliveries that were."""
    async with db.read() as connection:
        due = await plans.first_due(connection)
    if due is None or due > db.clock.now():
        return 0
    async with db.transaction() as tx:
        await leadership.guard(tx, LEASE)
        found = await plans.waiting(tx, AT_ONCE)
        told: set[tuple[UUID, Channel]] = set()
        for delivery in found:
            if delivery.expires_at <= tx.now:
                await _give_up(tx, delivery)
            else:
                await _ask_again(tx, delivery, told)
    return len(found)


async def _ask_again(tx: Transaction, delivery: Waiting, told: set[tuple[UUID, Channel]]) -> None:
    """Say the request again, under a new message id; of an ended revision the withdrawal comes first."""
    stone = await ends.stone(tx, delivery.mode, delivery.warning_id)
    ended = stone is not None and stone.revision >= delivery.revision
    if stone and ended and (delivery.warning_id, delivery.channel) not in told:
        told.add((delivery.warning_id, delivery.channel))
        withdraw(tx, delivery.mode, delivery.warning_id, stone.revision, delivery.channel, stone.reason)
    tx.emit(DeliveryRequested.from_bytes(delivery.request))
    tries = delivery.tries + 1
    wait = pause(delivery.lane, tries, delivery.asked_again_s)
    await plans.ask_again(tx, delivery.delivery_id, tries, tx.now + wait)
    log.warning(
        "delivery asked for again", delivery=delivery.delivery_id, channel=delivery.channel, tries=tries
    )


async def _give_up(tx: Transaction, delivery: Waiting) -> None:
    """Leave a delivery open that nobody took before the warning expired, and raise the alarm once."""
    await plans.ask_again(tx, delivery.delivery_id, delivery.tries, None)
    log.error("delivery untaken", delivery=delivery.delivery_id, channel=delivery.channel)
    tx.record(
        "delivery.untaken",
        mode=delivery.mode,
        lane=Lane.URGENT,
        warning_id=delivery.warning_id,
        about=delivery.delivery_id,
        revision=delivery.revision,
        channel=delivery.channel,
        size=delivery.size,
        tries=delivery.tries,
    )
