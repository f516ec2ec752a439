"""A ledger in which everything has happened, to be tampered with."""

import base64
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import orjson

from contracts.canonical import sha256_hex
from contracts.message import Message
from contracts.registry import BLOCK_CONTEXT, BlockChanged
from services.audit.actions import folding, gather, heads, sign, walk, words
from services.audit.actions import keeping as acts
from services.audit.actions.keeping import Wish
from services.audit.actions.record import GAP_FOUND
from services.audit.heads import FilePlace
from services.audit.model.differences import Difference
from services.audit.store import ledger, posting_check
from services.kit.crypto import CryptoProvider
from tests.audit.audit_make import NOON, STATIONS, TOWN, AWarning, a_fact
from tests.audit.keeping_make import LATER, RULES, AKeeping, filled
from tests.audit.people_make import a_batch, a_request, phones
from tests.audit.report_make import about, judged, onset, seen
from tests.audit.test_amended import an_amendment

GRACE = timedelta(seconds=60)
BEFORE = NOON + timedelta(days=2)


class AStory(AKeeping):
    """A ledger in which everything has happened: warnings, deletions, holds, a gap, heads outside."""

    place: FilePlace

    async def found(self) -> list[Difference]:
        """Return what reconciling the whole of it finds."""
        async with self.db.read() as connection:
            lists = await posting_check.postings_differ(connection)
        return lists + await walk.whole(self.db, self.book.signer, RULES, GRACE, [self.place])


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
    await keeping.book.say(*later.whole(), later.cancelled(), *_more(keeping, later), at=LATER)
    async with keeping.db.transaction() as tx:
        await ledger.note_gap(tx, 1, 9001, 9004)
        tx.record(GAP_FOUND, about="9001", epoch=1, first=9001, last=9004)
    await keeping.flow()
    await _head(keeping)
    keeping.clock.move(hours=2)
    await _derived(keeping)
    waits = a_batch(keeping.book.crypto, phones(3, 13900000000))
    await keeping.book.say(a_request(later, waits, "c"), at=LATER)
    return keeping


def _more(keeping: AKeeping, later: AWarning) -> list[Message]:
    """Return what people did and said, stations that came and went, a block, and batches of real numbers."""
    crypto = keeping.book.crypto
    numbers = phones(400)
    batches = [a_batch(crypto, numbers[n : n + 200]) for n in (0, 200)]
    return [
        about(later, "warning.drafted", -60, actor="li", note="大雨将至"),
        about(later, "warning.approved", 0, actor="wang", note="同意发布"),
        seen(STATIONS[0], "online", timedelta(days=1000)),
        seen(STATIONS[0], "offline", timedelta(days=1000, hours=1)),
        onset(later, 30),
        judged(later, "hit"),
        *(a_request(later, batch, part) for part, batch in zip("ab", batches, strict=True)),
        a_block(crypto),
        an_amendment(later, UUID(int=77)),
    ]


def a_block(crypto: CryptoProvider, day: str | None = "2029-03-09", version: int = 1) -> BlockChanged:
    """Return a village's block with one station and one gateway of it."""
    station = {
        "code": STATIONS[0],
        "name": "新街站",
        "maintained_until": day,
        "keys": [{"key_id": f"k{version}"}],
        "devices": [{"code": "d1", "kind": "screen", "state": "good"}],
    }
    village = {"kind": "village", "code": STATIONS[0], "name": "新街", "town_code": TOWN}
    block = {**village, "stations": [station], "recipients": [{}, {}]}
    sealed = crypto.seal(orjson.dumps(block), BLOCK_CONTEXT)
    text = base64.b64encode(sealed).decode()
    return BlockChanged(block=STATIONS[0], sha256=sha256_hex(sealed), sealed=text, at=LATER)


async def _derived(keeping: AKeeping) -> None:
    """Let everything follow the ledger that follows it a little later."""
    await folding.catch_up(keeping.db)
    for lease in (words.LEASE, gather.LEASE):
        async with keeping.db.transaction() as tx:
            await keeping.book.leadership._claim_in(tx, lease)
    await words.fold(keeping.db, keeping.book.leadership)
    await gather.gather(keeping.db, keeping.book.leadership, timedelta(0))


async def _head(keeping: AStory) -> None:
    found = await sign.head(keeping.db, keeping.book.signer)
    await sign.mark(keeping.db, found)
    await keeping.flow()
    await sign.head(keeping.db, keeping.book.signer)
    await heads.Keeper(keeping.db, keeping.place, keeping.book.signer).step()
