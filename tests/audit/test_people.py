"""One phone over all warnings: found in pages and before them, under every key, wherever it stands."""

import asyncio
import base64
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from contracts.delivery import call_id_of
from contracts.outcome import TargetState
from contracts.sparing import DeliverySpared
from contracts.values import Channel
from services.audit.actions import people
from services.audit.actions.gather import LEASE, Pace, gather, run
from services.audit.model import postings as model
from services.audit.store import postings
from services.audit.store.ledger import unpacked
from services.audit.store.posting_tables import BATCHES, PAGES, POSTINGS, VOLUMES
from services.audit.store.tables import RECORDS
from services.kit.crypto import SoftwareCrypto
from services.kit.leadership import Leadership, LostLead
from tests.audit.audit_make import NOON, AWarning, outcome
from tests.audit.ledger_make import ALedger, a_ledger
from tests.audit.people_make import a_batch, a_report, a_request, phones
from tests.clock import HandClock

QUIET = timedelta(seconds=60)
ME = "13800000007"


async def count(book: ALedger, table: Any) -> int:
    """Return how many rows there are."""
    async with book.db.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


async def all_gathered(book: ALedger, quiet: timedelta = timedelta(0)) -> int:
    """Gather, holding the lease."""
    async with book.db.transaction() as tx:
        await book.leadership._claim_in(tx, LEASE)
    return await gather(book.db, book.leadership, quiet)


async def test_a_phone_is_found_before_and_after_gathering(database_url: str, tmp_path: Path) -> None:
    first, second = AWarning(), AWarning()
    async with a_ledger(database_url, tmp_path) as book:
        one = a_request(first, a_batch(book.crypto, phones(40)), "a")
        other = a_request(first, a_batch(book.crypto, phones(40, 13900000000), "cucc-1"), "b")
        later = a_request(second, a_batch(book.crypto, phones(10)), "a", revision=2)
        await book.say(one, other, later)
        before = await people.find(book.db, book.crypto, ME)
        assert [(hit.warning_id, hit.position, hit.revision) for hit in before] == [
            (str(second.warning_id), 3, 2),
            (str(first.warning_id), 1, 1),
        ]
        hashes = sorted(map(book.crypto.keyed_hash, phones(40)))
        assert before[1].place == hashes.index(book.crypto.keyed_hash(ME))
        assert (before[1].route, before[1].channel, before[1].size) == ("cmcc-1", "sms", 40)
        assert await all_gathered(book) == 3
        assert await count(book, POSTINGS) == 0
        assert await people.find(book.db, book.crypto, ME) == before
        assert await people.find(book.db, book.crypto, "13700000000") == []


async def test_the_list_lies_beside_the_record_and_hashes_to_what_stands_in_it(
    database_url: str, tmp_path: Path
) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        request = a_request(AWarning(), a_batch(book.crypto, phones(3)))
        await book.say(request)
        (row,) = await book.db.rows(select(RECORDS.c.payload))
        (batch,) = await book.db.rows(select(BATCHES))
        assert request.batch is not None
        assert request.batch.hashes.encode() not in unpacked(row["payload"])
        assert f"sha256:{batch['sha256'].hex()}".encode() in unpacked(row["payload"])
        assert bytes(batch["sha256"]) == model.digest(request.batch.hashes.encode())


async def test_a_warning_is_gathered_when_it_is_quiet_and_late_batches_are_merged(
    database_url: str, tmp_path: Path
) -> None:
    clock, warning = HandClock(NOON), AWarning()
    async with a_ledger(database_url, tmp_path, clock) as book:
        await book.say(
            *(
                a_request(warning, a_batch(book.crypto, phones(200, 13800000000 + n)), str(n))
                for n in range(5)
            )
        )
        assert await all_gathered(book, QUIET) == 0
        clock.move(QUIET.total_seconds())
        assert await all_gathered(book, QUIET) == 5
        await book.say(a_request(warning, a_batch(book.crypto, [ME]), "late"))
        clock.move(QUIET.total_seconds())
        assert await all_gathered(book, QUIET) == 0
        assert len(await people.find(book.db, book.crypto, ME)) == 6
        clock.move(QUIET.total_seconds() * 10)
        assert await all_gathered(book, QUIET) == 1
        assert len(await people.find(book.db, book.crypto, ME)) == 6
        (volume,) = await book.db.rows(select(VOLUMES))
        assert (volume["batches"], volume["entries"]) == (6, 1001)
        assert await count(book, PAGES) == 3


async def test_a_full_page_stays_in_its_row(postgres_house_url: str, tmp_path: Path) -> None:
    async with a_ledger(postgres_house_url, tmp_path) as book:
        warning = AWarning()
        await book.say(a_request(warning, a_batch(book.crypto, phones(800)), "a"))
        await all_gathered(book)
        size, outside = func.length(PAGES.c.entries), func.pg_column_toast_chunk_id(PAGES.c.entries)
        async with book.db.read() as connection:
            found = (await connection.execute(select(size, outside))).all()
        assert max(size for size, _ in found) > 4000
        assert {place for _, place in found} == {None}


async def test_a_batch_that_is_asked_for_twice_is_kept_once(database_url: str, tmp_path: Path) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        request = a_request(AWarning(), a_batch(book.crypto, phones(5)))
        await book.say(request, request)
        await book.say(request)
        assert await count(book, RECORDS) == 3
        assert await count(book, BATCHES) == await count(book, POSTINGS) == 1
        assert [hit.position for hit in await people.find(book.db, book.crypto, phones(5)[0])] == [1]


@pytest.mark.parametrize(
    ("hashes", "fault"),
    [
        ("no base64 at all", model.NO_BASE64),
        ("AAAA", model.OTHER_SIZE),
        (base64.b64encode(b"\2" * 8 + b"\1" * 8).decode(), model.UNSORTED),
        ("sha256:" + "0" * 64, model.NO_BASE64),
        ("", model.OTHER_SIZE),
    ],
)
async def test_an_odd_list_is_set_aside_and_stops_nobody(
    hashes: str, fault: str, database_url: str, tmp_path: Path
) -> None:
    warning = AWarning()
    async with a_ledger(database_url, tmp_path) as book:
        odd = a_batch(book.crypto, phones(2)).model_copy(update={"hashes": hashes})
        await book.say(a_request(warning, odd, "odd"), a_request(warning, a_batch(book.crypto, [ME]), "good"))
        assert await all_gathered(book) == 1
        assert await all_gathered(book) == 0
        (left,) = await book.db.rows(select(POSTINGS))
        assert (left["fault"], bytes(left["hashes"]).decode()) == (fault, hashes)
        assert [hit.position for hit in await people.find(book.db, book.crypto, ME)] == [2]


async def test_who_stands_in_an_unsorted_list_is_found_all_the_same(
    database_url: str, tmp_path: Path
) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        hashes = sorted(map(book.crypto.keyed_hash, phones(9)), reverse=True)
        odd = a_batch(book.crypto, phones(9)).model_copy(
            update={"hashes": base64.b64encode(b"".join(hashes)).decode()}
        )
        await book.say(a_request(AWarning(), odd))
        (hit,) = await people.find(book.db, book.crypto, ME)
        assert hit.place == hashes.index(book.crypto.keyed_hash(ME))


async def test_a_posting_that_was_damaged_is_set_aside(database_url: str, tmp_path: Path) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        await book.say(a_request(AWarning(), a_batch(book.crypto, phones(5))))
        async with book.db.transaction() as tx:
            await tx.execute(POSTINGS.update().values(hashes=b"1234567"))
        await all_gathered(book)
        (left,) = await book.db.rows(select(POSTINGS.c.fault))
        assert left["fault"] == model.OTHER_SIZE


async def test_the_same_person_a_thousand_times_in_one_warning_is_found_every_time(
    database_url: str, tmp_path: Path
) -> None:
    warning = AWarning()
    async with a_ledger(database_url, tmp_path) as book:
        await book.say(*(a_request(warning, a_batch(book.crypto, [ME]), f"{n}") for n in range(400)))
        await book.say(a_request(warning, a_batch(book.crypto, phones(900)), "many"))
        await all_gathered(book)
        hits = await people.find(book.db, book.crypto, ME)
        assert [hit.position for hit in hits] == list(range(401, 0, -1))
        for number in phones(900):
            assert await people.find(book.db, book.crypto, number)


async def test_a_phone_is_found_under_every_key_it_was_hashed_with(database_url: str, tmp_path: Path) -> None:
    first, second, third = AWarning(), AWarning(), AWarning()
    async with a_ledger(database_url, tmp_path) as book:
        await book.say(a_request(first, a_batch(book.crypto, phones(9), named=False)))
        await book.say(a_request(second, a_batch(book.crypto, phones(9))))
        book.crypto.keys.add("phone", b"another key of thirty-two bytes!")
        book.crypto = SoftwareCrypto(book.crypto.keys)
        await book.say(a_request(third, a_batch(book.crypto, phones(9))))
        for _ in range(2):
            found = await people.find(book.db, book.crypto, ME)
            assert [hit.warning_id for hit in found] == [str(w.warning_id) for w in (third, second, first)]
            assert len({hit.hash for hit in found}) == 2
            await all_gathered(book)
        assert await count(book, POSTINGS) == 0


async def test_warnings_come_in_pages_with_their_headings(database_url: str, tmp_path: Path) -> None:
    warnings = [AWarning() for _ in range(5)]
    async with a_ledger(database_url, tmp_path) as book:
        for warning in warnings:
            await book.say(warning.published(), a_request(warning, a_batch(book.crypto, phones(9))))
        await book.say(a_request(warnings[0], a_batch(book.crypto, [ME]), "again", revision=2))
        seen: list[str] = []
        before, more = None, True
        while more:
            found = await people.warnings(book.db, book.crypto, ME, before, 2)
            seen += [standing.warning_id for standing in found.standings]
            before, more = found.standings[-1].first, found.more
            assert found.total == 5
            assert all(s.newest and s.newest.headline for s in found.standings)
        assert seen == [str(warning.warning_id) for warning in reversed(warnings)]


async def test_what_became_of_a_person_is_told_by_name_or_by_the_rest(
    database_url: str, tmp_path: Path
) -> None:
    one, warning = TargetState, AWarning()
    async with a_ledger(database_url, tmp_path) as book:
        request = a_request(warning, a_batch(book.crypto, phones(9)))
        name = book.crypto.keyed_hash(phones(9)[3]).hex()
        await book.say(
            warning.published(),
            request,
            a_report(warning, request, 1, {one.SENT: 9}),
            a_report(warning, request, 2, {one.SENT: 8, one.FAILED: 1}, outcome(name, one.FAILED, 5)),
            a_report(warning, request, 3, {one.RECEIVED: 8, one.FAILED: 1}),
        )
        for number, states, named in ((phones(9)[3], ["failed"], True), (ME, ["received"], False)):
            found = await people.outcome(book.db, book.crypto, number, str(warning.warning_id))
            assert found is not None
            (told,) = found.fates.values()
            assert (told.states, told.named) == (states, named)
        assert told.position == 5
        assert await people.outcome(book.db, book.crypto, ME, str(AWarning().warning_id)) is None


async def test_counts_that_leave_several_states_say_all_of_them(database_url: str, tmp_path: Path) -> None:
    one, warning = TargetState, AWarning()
    async with a_ledger(database_url, tmp_path) as book:
        request = a_request(warning, a_batch(book.crypto, phones(9)))
        await book.say(request, a_report(warning, request, 1, {one.SENT: 4, one.RECEIVED: 5}))
        found = await people.outcome(book.db, book.crypto, ME, str(warning.warning_id))
        assert found is not None
        assert [list(told.states) for told in found.fates.values()] == [["received", "sent"]]


async def test_a_call_beside_the_plan_is_told_with_its_sparing(database_url: str, tmp_path: Path) -> None:
    one, warning = TargetState, AWarning()
    async with a_ledger(database_url, tmp_path) as book:
        name = book.crypto.keyed_hash(ME).hex()
        beside = a_request(
            warning,
            a_batch(book.crypto, [ME], "voice-main"),
            channel=Channel.VOICE,
            delivery_id=call_id_of(warning.warning_id, 1, Channel.VOICE, "rung"),
        )
        spared = DeliverySpared(**warning._head(1), channel=Channel.VOICE, targets=(name,))
        plan = a_request(warning, a_batch(book.crypto, phones(9)))
        await book.say(plan, beside, spared, a_report(warning, beside, 1, {one.WITHDRAWN: 1}))
        found = await people.outcome(book.db, book.crypto, ME, str(warning.warning_id))
        assert found is not None
        assert [people.is_beside(hit) for hit in found.hits] == [True, False]
        told = [found.fates[hit.delivery_id, hit.place] for hit in found.hits]
        assert [(t.states, t.spared_at) for t in told] == [(["withdrawn"], NOON), (["requested"], None)]


async def test_what_waits_is_gathered_by_the_next_who_leads(database_url: str, tmp_path: Path) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        await book.say(a_request(AWarning(), a_batch(book.crypto, phones(5))))
        async with book.db.read() as connection:
            (waits,) = await postings.waiting(connection)
        assert waits.batches == 1
        assert await all_gathered(book) == 1


async def test_gathering_runs_while_its_replica_leads(database_url: str, tmp_path: Path) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        await book.say(a_request(AWarning(), a_batch(book.crypto, phones(5))))
        with pytest.raises(LostLead):
            await gather(book.db, Leadership(book.db, "another"), timedelta(0))
        assert await count(book, POSTINGS) == 1
        pace = Pace(timedelta(0), 0.01)
        work = partial(run, book.db, book.leadership, pace)
        task = asyncio.ensure_future(book.leadership.lead(LEASE, work))
        async with asyncio.timeout(30):
            while await count(book, POSTINGS):
                await asyncio.sleep(0.02)
            await book.say(a_request(AWarning(), a_batch(book.crypto, [ME])))
            while await count(book, POSTINGS):
                await asyncio.sleep(0.02)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert len(await people.find(book.db, book.crypto, ME)) == 1
