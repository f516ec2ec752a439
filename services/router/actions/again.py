"""Again: what the router said and the bus has lost is said again, never what has ended."""

from uuid import UUID

from contracts.amendment import PlanAmended
from contracts.delivery import DeliveryRequested
from contracts.difference import DifferenceTold
from services.kit import outbox
from services.kit.db import Transaction
from services.kit.telemetry import log
from services.router.store import amendments, ends, plans
from services.router.store.plans import Asked

_OF_THE_PLAN = frozenset({"plan-missing", "deliveries-missing", "targets-forgotten"})
_OF_AN_AMENDMENT = f".{PlanAmended.stem()}."


async def again(tx: Transaction, message: DifferenceTold) -> None:
    """Say the plan of a revision again with what was added to it, or its requests, each under a new id.

    A plan asks nobody for anything, so it is said whatever became of its revision; a request is not said
    once its revision is ended or has expired.
    """
    await ends.lock(tx, message.mode, [message.warning_id])
    made = await plans.made(tx, message.warning_id, message.revision)
    if made is None or made.mode is not message.mode:
        log.warning("difference of a plan that is not here", warning=str(message.warning_id))
        return
    if message.what in _OF_THE_PLAN:
        added = await _amendments(tx, message)
        for one in (made, *added):
            tx.emit(one)
        _note(tx, message, "difference.driven", 1 + len(added))
    if message.what != "plan-missing":
        await _requests(tx, message)


async def _amendments(tx: Transaction, message: DifferenceTold) -> list[PlanAmended]:
    """Return what was said of the decisions to reach those who came after the plan."""
    found = []
    for one in await amendments.of_revision(tx, message.warning_id, message.revision):
        if one.taken:
            said = await outbox.said_at(tx.connection, one.decided_at, str(message.warning_id))
            mine = [PlanAmended.from_bytes(text) for subject, text in said if _OF_AN_AMENDMENT in subject]
            found += [a for a in mine if (a.revision, a.number) == (message.revision, one.number)][:1]
    return found


async def _requests(tx: Transaction, message: DifferenceTold) -> None:
    wanted = set(map(str, message.deliveries))
    mine = await plans.asked(tx, message.warning_id, message.revision)
    if wanted:
        mine = [one for one in mine if one.delivery_id in wanted]
    elif message.channel is not None:
        mine = [one for one in mine if one.channel is message.channel]
    stone = await ends.stone(tx, message.mode, message.warning_id)
    ended = stone is not None and stone.revision >= message.revision
    standing = [one for one in mine if not ended and one.expires_at > tx.now]
    said = 0
    for one in standing:
        request = await _request(tx, message.warning_id, one)
        if request is not None:
            tx.emit(request)
            said += 1
    _note(tx, message, "difference.driven", said)
    _note(tx, message, "difference.declined", len(mine) - len(standing))


async def _request(tx: Transaction, warning_id: UUID, asked: Asked) -> DeliveryRequested | None:
    """Return what was asked: from its row while nobody has taken it, from what was said afterwards."""
    if asked.request is not None:
        return DeliveryRequested.from_bytes(asked.request)
    key = f"{warning_id}/{asked.channel}"
    for subject, payload in await outbox.said_at(tx.connection, asked.requested_at, key):
        if f".{DeliveryRequested.stem()}." in subject and asked.delivery_id.encode() in payload:
            request = DeliveryRequested.from_bytes(payload)
            if str(request.delivery_id) == asked.delivery_id:
                return request
    return None


def _note(tx: Transaction, message: DifferenceTold, kind: str, count: int) -> None:
    if not count:
        return
    log.warning(kind, what=message.what, warning=str(message.warning_id), count=count)
    tx.record(
        kind,
        mode=message.mode,
        warning_id=message.warning_id,
        what=message.what,
        revision=message.revision,
        channel=message.channel,
        count=count,
    )
