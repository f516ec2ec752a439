"""What the feed does: publish a revision, take it out again."""

from uuid import UUID

from contracts.delivery import DeliveryReported, DeliveryRequested
from contracts.outcome import Outcome, TargetState
from contracts.values import Mode, Withdrawal
from services.channels import tombstones
from services.channels.pull.feed import store
from services.kit.db import Transaction


async def publish(tx: Transaction, request: DeliveryRequested) -> None:
    """Put a revision into the feed and report it; one that is ended already is only accounted for."""
    known = await store.get(tx, request.delivery_id)
    if known is None:
        ended = await _ended(tx, request)
        await store.add(tx, _row(tx, request, ended))
        state = _state(request, ended)
    else:
        state = TargetState(known["state"])
    await _report(tx, request, state)


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


async def _report(tx: Transaction, request: DeliveryRequested, state: TargetState) -> None:
    number = await store.count_report(tx, request.delivery_id, state)
    (target,) = request.targets
    tx.emit(
        DeliveryReported(
            mode=request.mode,
            lane=request.lane,
            warning_id=request.warning_id,
            revision=request.revision,
            channel=request.channel,
            at=tx.now,
            delivery_id=request.delivery_id,
            report=number,
            tally={state: 1},
            outcomes=(Outcome(target=target, state=state, at=tx.now, detail=_detail(request)),),
        )
    )


def _detail(request: DeliveryRequested) -> str | None:
    return "a drill is never shown to the public" if request.mode is Mode.DRILL else None


async def end(tx: Transaction, warning_id: UUID, up_to: int, reason: Withdrawal) -> None:
    """Take these revisions out of the feed, and keep them out."""
    if await tombstones.bury(tx, store.TOMBSTONES, warning_id, up_to, reason):
        await store.end(tx, warning_id, up_to, reason)
