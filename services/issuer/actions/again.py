"""Again: a revision whose message got lost is said again, never one that has ended; a lift always is."""

from contracts.difference import DifferenceTold
from services.issuer import store
from services.issuer.actions.issuing import message_of
from services.issuer.model import Kind, State
from services.kit.db import Transaction
from services.kit.errors import NotFound
from services.kit.telemetry import log


async def again(tx: Transaction, message: DifferenceTold) -> None:
    """Say a revision again under a new id, as long as it stands; a lift, until there is a later one."""
    try:
        found = await store.warnings.get(tx.connection, message.warning_id, message.revision, lock=True)
    except NotFound:
        log.warning("difference of a revision that is not here", warning=str(message.warning_id))
        return
    if found.published is None or found.content.mode is not message.mode:
        return
    stands = found.state is State.ISSUED and found.content.expires > tx.now
    said = stands or (found.content.kind is Kind.CANCEL and found.state is not State.SUPERSEDED)
    if said:
        tx.emit(message_of(found, tx.now))
    log.warning("a revision is missed", warning=str(message.warning_id), said_again=said)
    tx.record(
        "difference.driven" if said else "difference.declined",
        mode=message.mode,
        warning_id=message.warning_id,
        what=message.what,
        revision=message.revision,
        state=str(found.state),
        count=1,
    )
