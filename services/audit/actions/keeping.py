"""What auditors do about keeping: preview, propose and confirm a deletion, place a hold, lift it by two."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.model.agreements import (
    CLASS,
    DELETION,
    LIFTED,
    LIFTING,
    PERIOD,
    PLACED,
    SCOPES,
    WARNING,
    Agreements,
    Hold,
    hold_said,
    wanted,
)
from services.audit.model.entry import read
from services.audit.model.retention import Retention
from services.audit.store import keeping, ledger, questions
from services.audit.store.keeping_tables import PROPOSALS
from services.kit import proposals
from services.kit.clock import microseconds
from services.kit.db import Database, Transaction
from services.kit.errors import Invalid, NotFound, Refused
from services.kit.ids import uuid7
from services.kit.proposals import Proposal

MOST_SHOWN = 50
"""Warnings that a preview names; all are counted."""
LONGEST_REASON = 500


@dataclass
class Preview:
    """What a deletion would take away."""

    name: str
    before: datetime
    upto: int
    records: int = 0
    held: int = 0
    """Records that a hold stops."""
    warnings: dict[str, int] = field(default_factory=dict)
    stopped_by: dict[str, int] = field(default_factory=dict)
    """For each hold, how many records it stops."""


async def standing(connection: AsyncConnection, known: Agreements) -> list[Hold]:
    """Return the holds that stand: those of the ledger, and those that are on their way to it."""
    young = [hold for hold in await keeping.holds(connection) if hold.hold_id not in known.holds]
    return [hold for hold in (*known.holds.values(), *young) if hold.lifted_by is None]


def refuse_early(rules: Retention, name: str, before: datetime, now: datetime) -> None:
    """Raise Invalid when records of this class and age must still be kept."""
    if name not in rules.classes:
        raise Invalid("class", "there is no such class", f"use one of {', '.join(sorted(rules.classes))}")
    latest = rules.latest(name, now)
    if latest is None:
        raise Invalid("class", "records of this class are kept for ever", "choose another class")
    if before > latest:
        raise Invalid("before", "records of that age must still be kept", f"send {latest.date()} or earlier")


async def preview(db: Database, rules: Retention, name: str, before: datetime) -> Preview:
    """Return what a deletion would take away, and what holds stop; nothing is written."""
    refuse_early(rules, name, before, db.clock.now())
    async with questions.snapshot(db) as connection:
        found = Preview(name, before, await ledger.size(connection))
        holds = await standing(connection, await keeping.agreements(connection))
        kinds = [kind for kind in await keeping.kinds(connection) if rules.may_be(name, kind)]
        async for row in keeping.every_candidate(connection, kinds, before, found.upto):
            if _class_of(row, rules) != name:
                continue
            at = microseconds(row["recorded_at"])
            stop = next((h for h in holds if h.stops(name, row["warning_id"], at)), None)
            if stop is not None:
                found.held += 1
                found.stopped_by[stop.hold_id] = found.stopped_by.get(stop.hold_id, 0) + 1
                continue
            found.records += 1
            if row["warning_id"]:
                found.warnings[row["warning_id"]] = found.warnings.get(row["warning_id"], 0) + 1
    return found


def _class_of(row: Mapping[str, Any], rules: Retention) -> str:
    return rules.of(read(keeping.subject_of(row), keeping.payload_of(row)).message)


async def propose(db: Database, rules: Retention, name: str, before: datetime, by: str) -> Proposal:
    """Propose to delete what is older than a date; another auditor confirms it within a day."""
    found = await preview(db, rules, name, before)
    if not found.records:
        raise Refused("there is nothing that this would delete", mend="look at the preview")
    async with db.transaction() as tx:
        meant = wanted(name, before, found.upto, rules.version, found.records)
        return await proposals.propose(tx, PROPOSALS, DELETION, name, meant, by)


async def confirm(db: Database, proposal_id: UUID, by: str) -> Proposal:
    """Confirm what another auditor proposed; a worker carries a deletion out, a hold is lifted at once."""
    async with db.transaction() as tx:
        found = await proposals.confirm(tx, PROPOSALS, proposal_id, by)
        if found.kind == LIFTING:
            await _lift(tx, found)
        return found


async def decline(db: Database, proposal_id: UUID, by: str) -> Proposal:
    """Decline a proposal, or take one's own back."""
    async with db.transaction() as tx:
        return await proposals.decline(tx, PROPOSALS, proposal_id, by)


async def _lift(tx: Transaction, found: Proposal) -> None:
    for hold in await keeping.holds(tx.connection):
        if hold.hold_id == found.about:
            await keeping.keep_hold(tx, Hold(**{**vars(hold), "lifted_by": found.proposal_id}))
    tx.record(
        LIFTED,
        actor=found.decided_by,
        about=found.about,
        agreement=found.proposal_id,
        proposed_by=found.proposed_by,
    )


@dataclass(frozen=True)
class Wish:
    """The hold that somebody wants."""

    scope: str
    over: str = ""
    """The warning or the class."""
    begin: datetime | None = None
    end: datetime | None = None
    reason: str = ""

    def checked(self, rules: Retention) -> "Wish":
        """Return it; raise Invalid when it is none."""
        if self.scope not in SCOPES:
            raise Invalid("scope", "there is no such scope", f"use one of {', '.join(SCOPES)}")
        if not self.reason.strip() or len(self.reason) > LONGEST_REASON:
            raise Invalid("reason", "a hold needs a reason", f"write one of at most {LONGEST_REASON} signs")
        if self.scope == CLASS and self.over not in rules.classes:
            raise Invalid("over", "there is no such class", f"use one of {', '.join(sorted(rules.classes))}")
        if self.scope == WARNING and not _is_id(self.over):
            raise Invalid("over", "is not the id of a warning", "copy it from the warning's page")
        if self.scope == PERIOD and (self.begin is None or self.end is None or self.begin >= self.end):
            raise Invalid("begin", "a period begins before it ends", "send both moments")
        return self


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False


async def place(db: Database, rules: Retention, wish: Wish, by: str) -> Hold:
    """Place a hold, at once and alone: it stops every deletion that is not carried out yet."""
    wish.checked(rules)
    async with db.transaction() as tx:
        hold = Hold(
            hold_id=str(uuid7()),
            scope=wish.scope,
            about=wish.over if wish.scope in (WARNING, CLASS) else "",
            from_us=microseconds(wish.begin) if wish.begin and wish.scope == PERIOD else 0,
            until_us=microseconds(wish.end) if wish.end and wish.scope == PERIOD else 0,
            reason=" ".join(wish.reason.split()),
            placed_by=by,
            placed_at=tx.now,
        )
        await keeping.keep_hold(tx, hold)
        about = UUID(hold.about) if hold.scope == WARNING else None
        tx.record(PLACED, actor=by, about=hold.hold_id, warning_id=about, **hold_said(hold))
    return hold


async def propose_lifting(db: Database, hold_id: UUID, by: str) -> Proposal:
    """Propose to lift a hold; another auditor confirms it."""
    async with db.transaction() as tx:
        known = await keeping.agreements(tx.connection)
        if str(hold_id) not in {hold.hold_id for hold in await standing(tx.connection, known)}:
            raise NotFound("there is no such hold, or it is lifted already")
        return await proposals.propose(tx, PROPOSALS, LIFTING, str(hold_id), {"hold": str(hold_id)}, by)


@dataclass(frozen=True)
class Due:
    """One class: since when its records may be deleted, and how many there are of that age."""

    name: str
    keep_days: int | None
    latest: datetime | None
    records: int
    """At most MOST_DUE: more are not counted."""


MOST_DUE = 10_000


@dataclass(frozen=True)
class Overview:
    """Everything about keeping at a glance."""

    version: int
    classes: Sequence[Due]
    waiting: Sequence[Proposal]
    latest: Sequence[Proposal]
    """The newest proposals that were decided, or ran out."""
    holds: Sequence[Hold]
    tombstones: Sequence[Mapping[str, Any]]
    deleted: Mapping[str, tuple[int, int]]
    """For each agreement, lists and records that were carried out."""


MOST_GRAVES = 50


async def overview(db: Database, rules: Retention) -> Overview:
    """Return the rules, what is due, proposals, holds, and what was deleted."""
    now = db.clock.now()
    async with questions.snapshot(db) as connection:
        kinds = await keeping.kinds(connection)
        classes = [await _due(connection, rules, name, kinds, now) for name in rules.classes]
        known = await keeping.agreements(connection)
        young = [h for h in await keeping.holds(connection) if h.hold_id not in known.holds]
        latest = await proposals.latest(connection, PROPOSALS)
        return Overview(
            version=rules.version,
            classes=classes,
            waiting=await proposals.waiting(connection, PROPOSALS, now),
            latest=[one for one in latest if one.at(now) != proposals.OPEN],
            holds=[*known.holds.values(), *young],
            tombstones=await keeping.tombstones(connection, MOST_GRAVES),
            deleted=await keeping.deleted_by(connection),
        )


async def _due(
    connection: AsyncConnection, rules: Retention, name: str, kinds: Sequence[str], now: datetime
) -> Due:
    keep, latest = rules.classes[name].keep, rules.latest(name, now)
    if keep is None or latest is None:
        return Due(name, None, None, 0)
    upto = await keeping.position_before(connection, latest)
    mine = [kind for kind in kinds if rules.may_be(name, kind)]
    count = await keeping.due(connection, mine, upto, MOST_DUE) if upto and mine else 0
    return Due(name, keep.days, latest, count)
