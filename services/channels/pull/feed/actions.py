"""What the feed does: publish a revision, take it out again."""

from uuid import UUID

from contracts.delivery import DeliveryReported, DeliveryRequested
from contracts.outcome import Outcome, TargetState
from contracts.values import Channel, Lane, Mode, Withdrawal
from services.channels import tombstones
from services.channels.pull.feed import store
from services.kit.db import Transaction
from services.kit.errors import Reject

TARGET = "feed"
"""The one target that a plan names for the feed."""


async def publish(tx: Transaction, request: DeliveryRequested) -> None:
    """Put a revision into the feed and report it; one that is ended already is only accounted for."""
    if request.targets != (TARGET,):
        raise Reject("the feed is one target, and no batch")
    if await again(tx, request.warning_id, request.delivery_id):
        return
    ended = await _ended(tx, request)
    await store.add(tx, _row(tx, request, ended))
    await _report(tx, request.delivery_id, _state(request, ended))


async def again(tx: Transaction, _warning_id: UUID, delivery_id: UUID) -> bool:
    """Report again on a delivery that is here; return whether it is."""
    known = await store.get(tx, delivery_id)
    if known is not None:
        await _report(tx, delivery_id, TargetState(known["state"]))
    return known is not None


async def _ended(tx: Transaction, request: DeliveryRequested) -> Withdrawal | None:
    """Return why a revision is over before it was shown, None when it is to be shown."""
    if request.notice.expires <= tx.now:
        return Withdrawal.EXPIRED
    return await tombstones.ended(tx, store.TOMBSTONES, request.warning_id, request.revision)


def _row(tx: Transaction, request: DeliveryRequested, ended: Withdrawal | None) -> dict[str, object]:
    notice = request.notice
    return {
        "delivery_id": str(request.delivery_id),
        "warning_id": str(request.warning_id),
        "revision": request.revision,
        "mode": request.mode,
        "lane": request.lane,
        "action": request.action,
        "identifier": notice.identifier,
        "notice": notice.model_dump_json().encode(),
        "cap_xml": request.cap_xml or "",
        "state": TargetState.QUEUED,
        "report": 0,
        "published_at": tx.now,
        "expires_at": notice.expires,
        "ended": ended is not None,
        "reason": ended,
        "ended_at": None if ended is None else tx.now,
    }


def _state(request: DeliveryRequested, ended: Withdrawal | None) -> TargetState:
    """Return what became of it: what the public must not take for a warning has failed."""
    if request.mode is Mode.DRILL:
        return TargetState.FAILED
    if ended is None:
        return TargetState.RECEIVED
    return TargetState.EXPIRED if ended is Withdrawal.EXPIRED else TargetState.WITHDRAWN


async def _report(tx: Transaction, delivery_id: UUID, state: TargetState) -> None:
    number = await store.count_report(tx, delivery_id, state)
    row = await store.get(tx, delivery_id)
    assert row is not None
    detail = "a drill is never shown to the public" if row["mode"] == Mode.DRILL else None
    tx.emit(
        DeliveryReported(
            mode=Mode(row["mode"]),
            lane=Lane(row["lane"]),
            warning_id=UUID(row["warning_id"]),
            revision=row["revision"],
            channel=Channel.FEED,
            at=tx.now,
            delivery_id=delivery_id,
            report=number,
            tally={state: 1},
            outcomes=(Outcome(target=TARGET, state=state, at=tx.now, detail=detail),),
        )
    )


async def end(tx: Transaction, warning_id: UUID, up_to: int, reason: Withdrawal) -> None:
    """Take these revisions out of the feed, and keep them out."""
    if await tombstones.bury(tx, store.TOMBSTONES, warning_id, up_to, reason):
        await store.end(tx, warning_id, up_to, reason)
