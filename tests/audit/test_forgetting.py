"""What is deleted is nowhere any more: neither whom a batch went to, nor when a station came and went."""

from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from sqlalchemy import select

from contracts.delivery import StationSeen
from contracts.values import Lane, Mode
from services.audit.actions import people
from services.audit.store import keeping as kept
from services.audit.store import postings
from services.audit.store.forgetting import forget_postings
from services.audit.store.posting_check import postings_differ
from services.audit.store.posting_tables import BATCHES, PAGES, POSTINGS, VOLUMES
from services.audit.store.questions_tables import COMINGS
from services.kit.errors import Retry
from tests.audit.audit_make import NOON, STATIONS, AWarning
from tests.audit.keeping_make import AKeeping, a_keeping
from tests.audit.ledger_make import ALedger, a_ledger
from tests.audit.people_make import a_batch, a_request, phones
from tests.audit.test_deletion import BEFORE, emptied
from tests.audit.test_people import all_gathered


def a_presence(hours: int) -> StationSeen:
    """Return that a station came or went."""
    presence = "offline" if hours % 2 else "online"
    head = {"mode": Mode.LIVE, "lane": Lane.ROUTINE, "station": STATIONS[0]}
    return StationSeen(**head, presence=presence, at=NOON + timedelta(hours=hours))


async def differing(book: ALedger) -> list[str]:
    async with book.db.read() as connection:
        return [f"{one.what} {one.about}" for one in await postings_differ(connection)]


async def sent(keeping: AKeeping, part: str) -> None:
    """Record a warning that went to ten phones."""
    warning = AWarning()
    published = warning.whole()[:1]
    await keeping.book.say(*published, a_request(warning, a_batch(keeping.book.crypto, phones(10)), part))


@pytest.mark.parametrize("gathered", [True, False])
async def test_nobody_finds_a_phone_in_what_was_deleted(
    database_url: str, tmp_path: Path, gathered: bool
) -> None:
    async with a_keeping(database_url, tmp_path) as keeping:
        book = keeping.book
        await sent(keeping, "old")
        if gathered:
            assert await all_gathered(book) == 1
        young = AWarning()
        await book.say(
            a_request(young, a_batch(book.crypto, phones(3)), "new"), at=BEFORE + timedelta(days=1)
        )
        assert len(await people.find(keeping.db, book.crypto, phones(1)[0])) == 2
        await keeping.agree("delivery-detail", BEFORE)
        assert await keeping.work() == 1
        assert await emptied(keeping) == [2]
        (hit,) = await people.find(keeping.db, book.crypto, phones(1)[0])
        assert hit.warning_id == str(young.warning_id)
        assert [len(await keeping.db.rows(select(t))) for t in (BATCHES, POSTINGS)] == [1, 1]
        assert [await keeping.db.rows(select(t)) for t in (PAGES, VOLUMES)] == [[], []]
        assert await differing(book) == []


async def test_the_other_batches_of_a_volume_stay_as_they_were_said(
    database_url: str, tmp_path: Path
) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        warning = AWarning()
        for n in range(4):
            await book.say(a_request(warning, a_batch(book.crypto, phones(300, 13800000000 + n)), f"{n}"))
        assert await all_gathered(book) == 4
        before = {hit.position: hit for hit in await people.find(book.db, book.crypto, phones(4)[3])}
        async with book.db.transaction() as tx:
            await forget_postings(tx, [2, 3])
        after = {hit.position: hit for hit in await people.find(book.db, book.crypto, phones(4)[3])}
        assert after == {position: before[position] for position in (1, 4)}
        (volume,) = await book.db.rows(select(VOLUMES))
        assert (volume["batches"], volume["entries"]) == (4, 600), "no place in it is given again"
        await book.say(a_request(warning, a_batch(book.crypto, phones(1)), "late"))
        assert await all_gathered(book) == 1
        assert set(await differing(book)) == {f"posting-missing {row}" for row in await _asked(book, 2, 3)}


async def _asked(book: ALedger, *positions: int) -> list[str]:
    async with book.db.read() as connection:
        rows = await kept.rows_at(connection, positions)
    return [orjson.loads(kept.payload_of(row))["delivery_id"] for row in rows]


async def test_what_was_deleted_while_it_was_gathered_does_not_come_back(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        warning = AWarning()
        await book.say(*(a_request(warning, a_batch(book.crypto, phones(5)), f"{n}") for n in range(2)))
        some = postings.some

        async def slow(*given: object) -> object:
            found = await some(*given)  # type: ignore[arg-type]
            async with book.db.transaction() as tx:
                await forget_postings(tx, [1])
            return found

        monkeypatch.setattr(postings, "some", slow)
        with pytest.raises(Retry):
            await all_gathered(book)
        monkeypatch.undo()
        assert await all_gathered(book) == 1
        assert [hit.position for hit in await people.find(book.db, book.crypto, phones(1)[0])] == [2]


async def test_presence_goes_after_its_time_but_in_which_state_a_station_was_stays_known(
    database_url: str, tmp_path: Path
) -> None:
    async with a_keeping(database_url, tmp_path) as keeping:
        for n in range(4):
            await keeping.book.say(a_presence(n), at=NOON + timedelta(hours=n))
        await keeping.book.say(a_presence(5), at=BEFORE + timedelta(days=1))
        await keeping.agree("presence", BEFORE)
        await keeping.work()
        assert await emptied(keeping) == [1, 2, 3, 4]
        rows = await keeping.db.rows(select(COMINGS.c.position).order_by(COMINGS.c.position))
        assert [row["position"] for row in rows] == [4, 5]
