"""Take a request: give every target its next item, or say at once that it is too late."""

from collections.abc import Callable, Sequence
from uuid import UUID

from contracts.delivery import DeliveryRequested
from contracts.outcome import Outcome, TargetState
from contracts.values import Action, Withdrawal
from services.channels import tombstones
from services.channels.pull.stations import wording
from services.channels.pull.stations.actions import photograph
from services.channels.pull.stations.actions.end import end
from services.channels.pull.stations.model import KINDS, Item
from services.channels.pull.stations.store import deliveries, early, items
from services.channels.pull.stations.store.deliveries import Delivery
from services.channels.pull.stations.store.tables import TOMBSTONES
from services.kit.db import Transaction
from services.kit.errors import Reject

Poke = Callable[[UUID], None]
"""Called once new items are committed, with the id under which they lie."""

_ENDS_EARLIER = {Action.REPLACE: Withdrawal.UPDATED, Action.STOP: Withdrawal.CANCELLED}


async def deliver(tx: Transaction, request: DeliveryRequested, poke: Poke) -> None:
    """Store a request and say how it stands; one that is asked again is answered again."""
    if not request.targets:
        raise Reject("stations are named; a delivery to them holds no sealed batch")
    if await again(tx, request.warning_id, request.delivery_id):
        return
    if request.action in _ENDS_EARLIER:
        await end(tx, request.warning_id, request.revision - 1, _ENDS_EARLIER[request.action], poke)
    too_late = await _too_late(tx, request)
    if too_late:
        await _turn_away(tx, request, too_late)
    else:
        await _give(tx, request)
        tx.after_commit(lambda: poke(request.delivery_id))


async def again(tx: Transaction, warning_id: UUID, delivery_id: UUID) -> bool:
    """Answer again for a delivery that is here; whoever else writes of the warning is held off until then."""
    await items.lock_warning(tx, warning_id)
    known = await deliveries.locked(tx, [delivery_id])
    for one in known:
        await _answer_again(tx, one)
    return bool(known)


async def _answer_again(tx: Transaction, known: Delivery) -> None:
    """Say the last photograph anew, with all that is known: whoever asked has not heard it."""
    of_it = items.all_of(known.delivery_id)
    told = [outcome for item in await items.under_lock(tx, of_it) for outcome in photograph.outcomes(item)]
    said = photograph.say(tx, known.next(known.tally or {}), told, "asked again")
    await deliveries.keep_photographs(tx, [said])


async def _too_late(tx: Transaction, request: DeliveryRequested) -> Withdrawal | None:
    """Return why nothing of this revision may go out any more, None when it may."""
    if request.notice.expires <= tx.now:
        return Withdrawal.EXPIRED
    return await tombstones.ended(tx, TOMBSTONES, request.warning_id, request.revision)


def _delivery(tx: Transaction, request: DeliveryRequested) -> Delivery:
    return Delivery(
        delivery_id=request.delivery_id,
        warning_id=request.warning_id,
        revision=request.revision,
        mode=request.mode,
        lane=request.lane,
        action=request.action,
        level=request.notice.level,
        size=request.size,
        expires=request.notice.expires,
        asked_at=tx.now,
    )


async def _turn_away(tx: Transaction, request: DeliveryRequested, why: Withdrawal) -> None:
    state = TargetState.EXPIRED if why is Withdrawal.EXPIRED else TargetState.WITHDRAWN
    told = [Outcome(target=station, state=state, at=tx.now, detail=why) for station in request.targets]
    delivery = _delivery(tx, request).next({state: request.size})
    await deliveries.add(tx, photograph.say(tx, delivery, told, why))


async def _give(tx: Transaction, request: DeliveryRequested) -> None:
    notice_id, *_ = [await items.keep_notice(tx, notice) for notice in wording.notices(request)]
    given = await _with_early_reports(tx, request, await _new_items(tx, request))
    await items.add(tx, given, notice_id)
    tally: dict[TargetState, int] = {}
    for item in given:
        tally[item.state] = tally.get(item.state, 0) + 1
    told = [outcome for item in given for outcome in photograph.outcomes(item)]
    await deliveries.add(tx, photograph.say(tx, _delivery(tx, request).next(tally), told))


async def _new_items(tx: Transaction, request: DeliveryRequested) -> list[Item]:
    numbers = await items.next_numbers(tx, request.mode, request.targets)
    return [
        Item(
            station=station,
            mode=request.mode,
            sequence=numbers[station],
            delivery_id=request.delivery_id,
            kind=KINDS[request.action],
            warning_id=request.warning_id,
            revision=request.revision,
            state=TargetState.QUEUED,
            queued_at=tx.now,
            expires=request.notice.expires,
        )
        for station in request.targets
    ]


async def _with_early_reports(
    tx: Transaction, request: DeliveryRequested, given: Sequence[Item]
) -> list[Item]:
    told = await early.told(tx, request.mode, request.warning_id, request.revision, request.targets)
    by_station = {item.station: item for item in given}
    for station, report in told:
        by_station[station] = by_station[station].fold(report, tx.now)
    return list(by_station.values())
