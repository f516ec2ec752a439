"""A ledger in which something is deleted: auditors, a worker, and a bus that is only a loop."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import delete, select

from services.audit.actions import keeping as acts
from services.audit.actions.delete import LEASE, Deleter
from services.audit.actions.record import open_epoch
from services.audit.data import retention
from services.audit.model.entry import Heard
from services.audit.store.tables import EPOCHS
from services.kit.clock import microseconds
from services.kit.outbox import OUTBOX
from services.kit.proposals import Proposal
from tests.audit.audit_make import NOON, AWarning, a_fact
from tests.audit.ledger_make import ALedger, a_ledger
from tests.clock import HandClock

RULES = retention.load()
LATER = NOON + timedelta(days=1000)
"""When everything of noon may be deleted."""


class AKeeping:
    """A ledger, a worker, and what the audit itself says, brought back into the ledger by hand."""

    def __init__(self, book: ALedger, clock: HandClock) -> None:
        self.book = book
        self.db = book.db
        self.clock = clock
        self.said = 0
        self.deleter = Deleter(book.db, book.leadership, RULES)

    async def lead(self) -> None:
        """Take the worker's lease."""
        async with self.db.transaction() as tx:
            await self.book.leadership._claim_in(tx, LEASE)

    async def flow(self) -> int:
        """Record what the audit has said since; return how many facts it was."""
        rows = await self.db.rows(
            select(OUTBOX).where(OUTBOX.c.position > self.said).order_by(OUTBOX.c.position)
        )
        stand = await self.book.reopen()
        heard = [
            Heard(
                stand.sequence + n,
                microseconds(self.clock.now()),
                str(row["message_id"]),
                row["subject"],
                bytes(row["payload"]),
            )
            for n, row in enumerate(rows, start=1)
        ]
        self.said = max((row["position"] for row in rows), default=self.said)
        await self.book.take(heard)
        return len(heard)

    async def agree(self, name: str, before: datetime, first: str = "sun", second: str = "zhou") -> Proposal:
        """Let two auditors agree to delete something, and record that they did."""
        made = await acts.propose(self.db, RULES, name, before, first)
        agreed = await acts.confirm(self.db, UUID(made.proposal_id), second)
        await self.flow()
        return agreed

    async def work(self) -> int:
        """Let the worker work until nothing is left to do; return how many lists it carried out."""
        done = 0
        while True:
            done += (now := await self.deleter.step())
            if not await self.flow() and not now and await self._rests():
                return done

    async def _rests(self) -> bool:
        before = await self.db.rows(select(OUTBOX.c.position))
        again = await self.deleter.step()
        return not again and len(await self.db.rows(select(OUTBOX.c.position))) == len(before)


@asynccontextmanager
async def a_keeping(url: str, folder: Path) -> AsyncIterator[AKeeping]:
    """Open a ledger with an old warning, old facts of all classes, and today's."""
    clock = HandClock(LATER)
    async with a_ledger(url, folder, clock) as book:
        keeping = AKeeping(book, clock)
        await keeping.lead()
        async with book.db.transaction() as tx:
            await tx.execute(delete(EPOCHS))
            await open_epoch(tx, 1, NOON, 0, 0)
        await book.reopen()
        yield keeping


async def filled(keeping: AKeeping, facts: int = 12) -> AWarning:
    """Record a warning with all that is said of it, and facts of the security log."""
    warning = AWarning()
    await keeping.book.say(*warning.whole())
    await keeping.book.say(
        *(a_fact(n, kind="session.opened", service="issuer", about="li") for n in range(facts)),
        a_fact(99, kind="warning.approved", service="issuer", warning_id=str(warning.warning_id)),
    )
    return warning
