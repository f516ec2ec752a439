"""Delete: what two auditors agreed upon is listed, the list is recorded, and then its records are emptied.

The worker believes the facts in the ledger and nothing else. Leaf, leaf hash and chain stay, so that chain,
tree and every proof stay valid. A list is carried out in one transaction, once it stands in the ledger; a
worker that died goes on with the lists that have no tombstone. A hold stops what is not carried out yet.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.actions import keeping as acts
from services.audit.actions import listing
from services.audit.actions.forgetting import forget
from services.audit.model import counted
from services.audit.model.agreements import DELETED, DELETION, Agreement, Agreements, Hold, Listed
from services.audit.model.retention import DELIVERY, Retention
from services.audit.store import keeping
from services.kit import failpoints
from services.kit.clock import from_microseconds, microseconds
from services.kit.db import Database, Transaction
from services.kit.errors import Problem, Retry
from services.kit.leadership import Leadership, LostLead
from services.kit.telemetry import log

LEASE = "delete"
EVERY_S = 5.0
"""How often the worker looks for agreements and recorded lists."""


class Deleter:
    """Carries out what was agreed, one list after another."""

    def __init__(self, db: Database, leadership: Leadership, rules: Retention) -> None:
        self.db = db
        self.leadership = leadership
        self.rules = rules
        self.known = Agreements()
        self.heard = 0

    async def run(self, every_s: float = EVERY_S) -> None:
        """Work for ever; what cannot be done now is done later."""
        self.known, self.heard = Agreements(), 0
        while True:
            try:
                await self.step()
            except Retry as error:
                log.info("deletion waits", why=error.why)
            except Problem as error:
                log.error("nothing deleted", why=error.why)
            except Exception as error:
                log.exception("nothing deleted", error=type(error).__name__)
            await asyncio.sleep(every_s)

    async def step(self) -> int:
        """Do what can be done now; return how many lists were carried out."""
        async with self.db.read() as connection:
            heard = await keeping.hear(connection, self.known, self.heard)
        if heard > self.heard:
            await self._learn()
        self.heard, done = heard, 0
        for agreed in list(self.known.agreed.values()):
            if agreed.what != DELETION:
                continue
            try:
                if not await self._finished(agreed):
                    done += await self._carry_out(agreed)
                    await listing.go_on(self.db, self.leadership, self.rules, self.known, agreed)
            except (Retry, LostLead):
                raise
            except Exception as error:
                why = getattr(error, "why", type(error).__name__)
                log.exception("an agreement is not carried out", agreement=agreed.agreement_id, why=why)
        return done

    async def _learn(self) -> None:
        """Bring holds and proposals into the tables of a database that was restored from a backup."""
        async with self.db.transaction() as tx:
            await self.leadership.guard(tx, LEASE)
            there = {hold.hold_id: hold for hold in await keeping.holds(tx.connection)}
            for hold in self.known.holds.values():
                if hold.hold_id not in there or (hold.lifted_by and not there[hold.hold_id].lifted_by):
                    await keeping.keep_hold(tx, hold)
            for agreed in self.known.agreed.values():
                await keeping.keep_decision(tx, agreed)

    async def _finished(self, agreed: Agreement) -> bool:
        async with self.db.read() as connection:
            place = await keeping.listing(connection, agreed.agreement_id)
            if place is None or place["done_at"] is None:
                return False
            buried = await keeping.buried(connection, agreed.agreement_id)
        said: int = place["lists"]
        return len(buried) >= max(said, self.known.next_number(agreed.agreement_id) - 1)

    async def _carry_out(self, agreed: Agreement) -> int:
        """Empty the records of every list that is recorded."""
        async with self.db.read() as connection:
            buried = await keeping.buried(connection, agreed.agreement_id)
        done = 0
        for name, number in sorted(self.known.lists):
            listed = self.known.lists[name, number]
            if name == agreed.agreement_id and number not in buried and self.known.whole(listed):
                done += await self._bury(agreed, listed)
        return done

    async def _bury(self, agreed: Agreement, listed: Listed) -> bool:
        """Empty the records of a list, unless a hold stops it; return whether it was done."""
        group = self.known.whole(listed) or []
        async with self.db.transaction() as tx:
            await self.leadership.guard(tx, LEASE)
            if await self._held(tx.connection, agreed, group):
                return False
            if not await self._covered(tx.connection, agreed, listed):
                log.error("a list is not of what was agreed", agreement=listed.agreement_id)
                return False
            if listed.number == listed.group + listed.groups - 1:
                await self._count_targets(tx, agreed, group)
            hashes = await keeping.empty(tx, listed.positions)
            if listing.digest(hashes) != listed.sha256:
                raise listing.another(listed)
            await forget(tx, listed.positions)
            await keeping.keep_tombstone(tx, _tombstone(agreed, group, listed, tx.now))
            _say(tx, agreed, listed)
            failpoints.reach("deletion.emptied", self.db.house)
        failpoints.reach("deletion.committed", self.db.house)
        return True

    async def _held(self, connection: AsyncConnection, agreed: Agreement, group: Sequence[Listed]) -> bool:
        holds = await acts.standing(connection, self.known)
        if not holds:
            return False
        for one in group:
            for row in await keeping.rows_at(connection, one.positions):
                at = microseconds(row["recorded_at"])
                if _stopped(holds, agreed.about, row["warning_id"], at):
                    return True
        return False

    async def _covered(self, connection: AsyncConnection, agreed: Agreement, listed: Listed) -> bool:
        """Tell whether every record of a list is still of the class and age that was agreed upon."""
        before = from_microseconds(agreed.before_us)
        for row in await keeping.rows_at(connection, listed.positions):
            if row["recorded_at"] >= before or not self.rules.may_empty(
                agreed.about, keeping.subject_of(row)
            ):
                return False
            if bytes(row["payload"]) != keeping.EMPTIED and listing.class_of(row, self.rules) != agreed.about:
                return False
        return True

    async def _count_targets(self, tx: Transaction, agreed: Agreement, group: Sequence[Listed]) -> None:
        """Put counts in the place of named targets, with the last list of a warning's detail."""
        warning_id = group[0].warning_id
        if warning_id is None or agreed.about != DELIVERY:
            return
        full = []
        for row in await keeping.rows_at(tx.connection, [one.position for one in group]):
            again = Agreements(self.known.proposed, self.known.agreed)
            said = again.hear_record(row["position"], keeping.subject_of(row), keeping.payload_of(row))
            if said is not None:
                full.append(said)
        counts = list(counted.counts_in(full).values())
        await keeping.targets_to_counts(tx, warning_id, counts)


def _stopped(holds: Sequence[Hold], name: str, warning_id: str | None, at: int) -> bool:
    return any(hold.stops(name, warning_id, at) for hold in holds)


def _tombstone(
    agreed: Agreement, group: Sequence[Listed], listed: Listed, now: datetime
) -> dict[str, object]:
    return {
        "agreement_id": listed.agreement_id,
        "number": listed.number,
        "class": agreed.about,
        "first": listed.first,
        "last": listed.last,
        "positions": listed.spans,
        "count": listed.count,
        "sha256": listed.sha256,
        "warning_id": listed.warning_id,
        "listed_at": max(one.position for one in group),
        "rules": int(agreed.wanted["rules"]),
        "proposed_by": agreed.proposed_by,
        "confirmed_by": agreed.confirmed_by,
        "deleted_at": now,
    }


def _say(tx: Transaction, agreed: Agreement, listed: Listed) -> None:
    said: dict[str, Any] = {
        "number": listed.number,
        "class": agreed.about,
        "count": listed.count,
        "sha256": listed.sha256,
    }
    names: dict[str, Any] = {"proposed_by": agreed.proposed_by, "confirmed_by": agreed.confirmed_by}
    tx.record(DELETED, about=listed.agreement_id, positions=listed.spans, **said, **names)
