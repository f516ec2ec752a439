"""People with their whole numbers leave the registry when two operators agree, and the log says why."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from services.kit import proposals
from services.kit.clock import beijing
from services.kit.db import Database
from services.kit.errors import Forbidden, Invalid, NotFound, Refused
from services.kit.proposals import CONFIRMED, Proposal
from services.registry import store

EXPORT = "export"
"""The kind of a proposal to export whole numbers."""

KIND = "recipients"
"""The one kind that has numbers."""

GOOD_FOR = timedelta(hours=1)
"""How long after it was confirmed the file can be fetched."""

SHORTEST = 4


async def propose_export(db: Database, narrowed: Mapping[str, str], reason: str, *, by: str) -> Proposal:
    """Propose to export people with their numbers; the reason is for the other operator and for the log."""
    if len(reason.strip()) < SHORTEST:
        raise Invalid("reason", "is missing", "say in a few words what the numbers are needed for")
    async with db.transaction() as tx:
        wanted = {"kind": KIND, "narrowed": dict(narrowed), "reason": reason.strip()[:200]}
        return await proposals.propose(tx, store.PROPOSALS, EXPORT, EXPORT, wanted, by)


async def confirm_export(db: Database, proposal_id: UUID, *, by: str) -> Proposal:
    """Allow what another operator proposed."""
    async with db.transaction() as tx:
        _export(await proposals.get(tx.connection, store.PROPOSALS, proposal_id))
        return await proposals.confirm(tx, store.PROPOSALS, proposal_id, by)


async def open_export(db: Database, proposal_id: UUID, form: str, *, by: str) -> Proposal:
    """Let the one who proposed it fetch the file, and write that he did; return what is wanted."""
    async with db.transaction() as tx:
        found = _export(await proposals.get(tx.connection, store.PROPOSALS, proposal_id))
        if found.proposed_by != by:
            raise Forbidden("only who proposed an export fetches it", mend="propose your own")
        if found.state != CONFIRMED or found.decided_at is None:
            raise Refused("no other operator has confirmed this export", mend="ask another one")
        if tx.now > found.decided_at + GOOD_FOR:
            until = beijing(found.decided_at + GOOD_FOR)
            raise Refused(f"this export could be fetched until {until}", mend="propose it anew")
        tx.record(
            "phones.exported",
            actor=by,
            about=KIND,
            form=form,
            proposal=found.proposal_id,
            confirmed_by=found.decided_by,
            reason=found.wanted["reason"],
            narrowed=found.wanted["narrowed"],
        )
    return found


async def my_exports(db: Database, by: str) -> list[Proposal]:
    """Return what somebody proposed and can fetch now."""
    now = db.clock.now()
    async with db.read() as connection:
        found = await proposals.latest(connection, store.PROPOSALS)
    mine = [one for one in found if one.kind == EXPORT and one.proposed_by == by and one.state == CONFIRMED]
    return [one for one in mine if one.decided_at is not None and now <= one.decided_at + GOOD_FOR]


def _export(found: Proposal) -> Proposal:
    if found.kind != EXPORT:
        raise NotFound("there is no such proposal of an export")
    return found
