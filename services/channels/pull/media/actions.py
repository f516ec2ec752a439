"""What the newsrooms' desk does: take a revision, end it, hand it out, hear that it was on the air; keys."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from contracts.delivery import DeliveryReported, DeliveryRequested
from contracts.outcome import Outcome, TargetState
from contracts.values import Lane, Mode, Withdrawal
from services.channels import tombstones
from services.channels.pull.media import store
from services.channels.pull.media.model import Delivery, Item
from services.kit.crypto import new_api_key
from services.kit.db import Database, Transaction
from services.kit.errors import Invalid, NotFound

EARLY = timedelta(minutes=5)
"""How far a newsroom's clock may be ahead of ours."""


async def take(tx: Transaction, request: DeliveryRequested) -> None:
    """Store a request and report it; one that is over is never handed out, and only accounted for."""
    if await again(tx, request.warning_id, request.delivery_id):
        return
    ended: Withdrawal | None = Withdrawal.EXPIRED
    if request.notice.expires > tx.now:
        ended = await tombstones.ended(tx, store.TOMBSTONES, request.warning_id, request.revision)
    delivery = Delivery.taken(request, tx.now, ended)
    await store.add(tx, delivery)
    await _report(tx, delivery, delivery.items)


async def again(tx: Transaction, _warning_id: UUID, delivery_id: UUID) -> bool:
    """Report again on a delivery that is here; return whether it is."""
    known = await store.get(tx, delivery_id)
    if known is not None:
        await _report(tx, known, known.items)
    return known is not None


async def end(tx: Transaction, warning_id: UUID, up_to: int, reason: Withdrawal) -> None:
    """Hand these revisions out no more."""
    if await tombstones.bury(tx, store.TOMBSTONES, warning_id, up_to, reason):
        for delivery in await store.of_warning(tx, warning_id, up_to):
            await _change(tx, delivery, delivery.end(reason, tx.now))


async def expire(db: Database) -> int:
    """End what has run out though nobody says so; return how many revisions that were."""
    if not await store.any_run_out(db):
        return 0
    async with db.transaction() as tx:
        due = await store.run_out(tx)
        for delivery in due:
            await _change(tx, delivery, delivery.end(Withdrawal.EXPIRED, tx.now))
    return len(due)


async def hand_out(db: Database, newsroom: str, mode: Mode) -> list[Delivery]:
    """Return what a newsroom is to read out now, the worst and newest first; it has received it with that."""
    async with db.transaction() as tx:
        await store.seen(tx, newsroom)
        found = []
        for delivery in await store.standing(tx, mode):
            item = delivery.at(newsroom)
            if item is not None:
                received = delivery.with_item(item.to(TargetState.RECEIVED, tx.now))
                found.append(await _change(tx, delivery, received))
    return sorted(found, key=lambda d: (d.request.notice.level.rank, -d.request.notice.sent.timestamp()))


@dataclass(frozen=True)
class Aired:
    """What a newsroom says of a revision that was on the air."""

    revision: int
    at: datetime
    by: str
    programme: str


async def aired(db: Database, newsroom: str, mode: Mode, warning_id: UUID, said: Aired) -> None:
    """Note that a newsroom has had a revision on the air; told late it counts as well."""
    async with db.transaction() as tx:
        if said.at > tx.now + EARLY:
            raise Invalid("at", "is in the future", "say when it was on the air")
        await store.seen(tx, newsroom)
        given = await store.of_revision(tx, warning_id, said.revision, mode)
        found = [(delivery, item) for delivery in given if (item := delivery.at(newsroom))]
        if not found:
            raise NotFound("this warning was not given to this newsroom", mend="see the list of alerts")
        for delivery, item in found:
            if said.at < delivery.request.notice.sent:
                raise Invalid("at", "is before the warning was issued", "say when it was on the air")
            told = item.aired(said.at, said.by, said.programme)
            await _change(tx, delivery, delivery.with_item(told))
        tx.record(
            "media.aired",
            mode=mode,
            lane=Lane.URGENT,
            warning_id=warning_id,
            actor=said.by,
            about=newsroom,
            revision=said.revision,
            programme=said.programme,
            aired_at=said.at.isoformat(),
        )


async def issue_key(db: Database, newsroom: str, mode: Mode, by: str) -> tuple[str, str]:
    """Give a newsroom a key beside those that it has; return its id and the key, which is shown once."""
    known = {one.newsroom_id: one for one in await store.newsrooms(db)}
    if newsroom not in known:
        raise NotFound("the registry knows no such newsroom", mend="add it under /registry, as an account")
    key_id, key, secret = new_api_key(mode)
    async with db.transaction() as tx:
        await store.add_key(tx, newsroom, key_id, mode, secret)
        tx.record("media.key-issued", mode=mode, actor=by, about=newsroom, key_id=key_id)
    return key_id, key


async def revoke_key(db: Database, newsroom: str, key_id: str, by: str) -> None:
    """Kill a newsroom's key."""
    async with db.transaction() as tx:
        if not await store.remove_key(tx, newsroom, key_id):
            raise NotFound("there is no such key")
        tx.record("media.key-revoked", actor=by, about=newsroom, key_id=key_id)


async def _change(tx: Transaction, before: Delivery, after: Delivery) -> Delivery:
    """Save what has changed and say it."""
    changed = [new for old, new in zip(before.items, after.items, strict=True) if new != old]
    if changed:
        return await _report(tx, after, changed)
    if after.ended is not before.ended:
        await store.save(tx, after, ())
    return after


async def _report(tx: Transaction, delivery: Delivery, changed: Sequence[Item]) -> Delivery:
    numbered = replace(delivery, report=delivery.report + 1)
    await store.save(tx, numbered, changed)
    request = delivery.request
    told = any(item.aired_at is not None for item in changed)
    tx.emit(
        DeliveryReported(
            mode=request.mode,
            lane=Lane.URGENT if told else request.lane,
            warning_id=request.warning_id,
            revision=request.revision,
            channel=request.channel,
            at=tx.now,
            delivery_id=request.delivery_id,
            report=numbered.report,
            tally=numbered.tally,
            outcomes=tuple(
                Outcome(target=i.newsroom, state=i.state, at=i.at, by=i.by, detail=i.programme)
                for i in changed
            ),
        )
    )
    return numbered
