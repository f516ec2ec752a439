"""A ledger in which everything has happened, to be tampered with."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

from services.audit.actions import heads, sign, walk
from services.audit.actions import keeping as acts
from services.audit.actions.keeping import Wish
from services.audit.actions.record import GAP_FOUND
from services.audit.heads import FilePlace
from services.audit.model.differences import Difference
from services.audit.store import ledger
from tests.audit.audit_make import NOON, AWarning, a_fact
from tests.audit.keeping_make import LATER, RULES, AKeeping, filled

GRACE = timedelta(seconds=60)
BEFORE = NOON + timedelta(days=2)


class AStory(AKeeping):
    """A ledger in which everything has happened: warnings, deletions, holds, a gap, heads outside."""

    place: FilePlace

    async def found(self) -> list[Difference]:
        return await walk.whole(self.db, self.book.signer, RULES, GRACE, [self.place])


async def story(keeping: AKeeping, folder: Path) -> AStory:
    """Let everything happen."""
    keeping.__class__ = AStory
    assert isinstance(keeping, AStory)
    keeping.place = FilePlace(folder / "outside/heads")
    await filled(keeping)
    await keeping.book.say(*(a_fact(n) for n in range(260)))
    await _head(keeping)
    await keeping.agree("security", BEFORE)
    await keeping.agree("delivery-detail", BEFORE)
    await keeping.work()
    hold = await acts.place(keeping.db, RULES, Wish("class", "presence", reason="asked by a court"), "sun")
    await acts.place(keeping.db, RULES, Wish("everything", reason="an inquiry"), "zhou")
    lifting = await acts.propose_lifting(keeping.db, UUID(hold.hold_id), "sun")
    await acts.confirm(keeping.db, UUID(lifting.proposal_id), "zhou")
    later = AWarning(at=LATER)
    await keeping.book.say(*later.whole(), later.cancelled(), at=LATER)
    async with keeping.db.transaction() as tx:
        await ledger.note_gap(tx, 1, 9001, 9004)
        tx.record(GAP_FOUND, about="9001", epoch=1, first=9001, last=9004)
    await keeping.flow()
    await _head(keeping)
    keeping.clock.move(hours=2)
    return keeping


async def _head(keeping: AStory) -> None:
    found = await sign.head(keeping.db, keeping.book.signer)
    await sign.mark(keeping.db, found)
    await keeping.flow()
    await sign.head(keeping.db, keeping.book.signer)
    await heads.Keeper(keeping.db, keeping.place, keeping.book.signer).step()
