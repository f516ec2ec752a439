"""Search: reasons are found by their words, on both databases, behind an index that follows the ledger."""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from contracts.fact import Fact
from services.audit.actions import words as indexing
from services.audit.actions.search import Answer, Asking, search
from services.audit.model.words import tokens
from services.audit.store import ledger, words
from services.audit.store.tables import RECORDS
from services.audit.store.words_tables import SEGMENTS, WORDS
from services.kit.errors import Retry
from services.kit.leadership import Leadership
from tests.audit.audit_make import AWarning, a_fact
from tests.audit.ledger_make import ALedger, a_ledger
from tests.databases import on_one_database


@pytest.fixture
async def book(database_url: str, tmp_path: Path) -> AsyncIterator[ALedger]:
    async with a_ledger(database_url, tmp_path) as found:
        yield found


def because(reason: Any, **given: Any) -> Fact:
    return a_fact(detail={"reason": reason}, **given)


async def index(book: ALedger, size: int = indexing.STRETCH) -> None:
    async with book.db.transaction() as tx:
        await book.leadership._claim_in(tx, indexing.LEASE)
    while await indexing.fold(book.db, book.leadership, size):
        pass


async def positions(book: ALedger, q: str, **narrowed: Any) -> list[int]:
    answer = await search(book.db, Asking(q, **narrowed), limit=100)
    assert answer.next is None
    return [hit.record["position"] for hit in answer.hits]


async def test_every_kind_of_reason_is_found_newest_first(book: ALedger) -> None:
    warning = AWarning()
    await book.say(
        warning.published(),
        warning.halted(),
        a_fact(kind="warning.returned", detail={"note": "等级写错了"}),
        a_fact(kind="phone.unmasked", detail={"reason": "核对写错的号码"}),
        a_fact(kind="rules.refused", detail={"faults": ["第三行写错", "缺少区域"]}),
        a_fact(kind="audit.queried", detail={"reason": "写错"}),
        a_fact(detail={"number": 7}),
    )
    await index(book)
    assert await positions(book, "写错") == [5, 4, 3, 2]
    assert await positions(book, "写错了") == [3, 2]
    assert await positions(book, "转移") == [1]
    assert await positions(book, "暴雨红色") == [1]
    assert await positions(book, "没有写过") == []


async def test_hits_are_narrowed_by_kind_warning_who_and_period(book: ALedger) -> None:
    one, other = str(uuid4()), str(uuid4())
    await book.say(
        because("河水上涨", kind="warning.returned", warning_id=one, actor="li"),
        because("河水上涨", kind="warning.returned", warning_id=other, actor="wang"),
        because("河水上涨", kind="warning.rejected", warning_id=one, actor="wang"),
    )
    await index(book)
    assert await positions(book, "上涨", kind="warning.returned") == [2, 1]
    assert await positions(book, "上涨", warning_id=one) == [3, 1]
    assert await positions(book, "上涨", who="wang") == [3, 2]
    assert await positions(book, "上涨", who="wang", kind="warning.returned") == [2]
    assert await positions(book, "上涨", who="nobody") == []
    rows = await book.db.rows(select(RECORDS.c.recorded_at).order_by(RECORDS.c.position))
    second = rows[1]["recorded_at"]
    assert await positions(book, "上涨", since=second) == [3, 2]
    assert await positions(book, "上涨", until=second) == [1]


async def test_a_halt_is_found_by_who_halted(book: ALedger) -> None:
    await book.say(AWarning().halted())
    await index(book)
    assert await positions(book, "写错", who="wang") == [1]


async def test_pages_follow_each_other_without_a_gap(book: ALedger) -> None:
    await book.say(*(because(f"第 {n} 次 洪水" if n % 3 else "别的") for n in range(100)))
    await index(book, 7)
    found: list[int] = []
    answer: Answer | None = None
    while answer is None or answer.next is not None:
        answer = await search(book.db, Asking("洪水"), answer.next if answer else None, limit=9)
        assert len(answer.hits) <= 9
        found += [hit.record["position"] for hit in answer.hits]
    assert found == [n + 1 for n in reversed(range(100)) if n % 3]


async def test_a_question_with_very_many_candidates_is_answered_in_parts(
    book: ALedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.audit.actions.search.MOST_LOOKS", 10)
    await book.say(because("ab bc 正是"), *(because("甲乙。乙丙") for _ in range(25)))
    await book.say(because("甲乙丙"), *(because("甲乙。乙丙") for _ in range(25)))
    await index(book)
    answers = [await search(book.db, Asking("甲乙丙"))]
    while (further := answers[-1].next) is not None:
        answers.append(await search(book.db, Asking("甲乙丙"), further))
    assert [hit.record["position"] for answer in answers for hit in answer.hits] == [27]
    assert len(answers) == 6


async def test_the_index_comes_to_the_same_however_it_was_read(book: ALedger) -> None:
    texts = [f"洪水{n % 7}号 第{n}次 {'停发' if n % 5 == 0 else '继续'}" for n in range(300)]
    await book.say(*map(because, texts))
    await index(book, 3)
    asked_for = ("洪水", "停发", "第7次", "继", '"6号 第6次"')
    before = {q: await positions_of_all(book, q) for q in asked_for}
    wanted = {
        "洪水": set(range(1, 301)),
        "停发": {n + 1 for n in range(300) if n % 5 == 0},
        "第7次": {8},
        "继": {n + 1 for n in range(300) if n % 5},
        '"6号 第6次"': {7},
    }
    assert {q: set(found) for q, found in before.items()} == wanted
    segments = await book.db.rows(select(SEGMENTS).order_by(SEGMENTS.c.first))
    assert len(segments) < 20
    spans = [(row["first"], row["last"]) for row in segments]
    assert all(one[1] < other[0] for one, other in pairwise(spans))
    async with book.db.transaction() as tx:
        for table in (WORDS, SEGMENTS, words.CURSOR):
            await tx.execute(table.delete())
    await index(book)
    assert {q: await positions_of_all(book, q) for q in asked_for} == before


async def positions_of_all(book: ALedger, q: str) -> list[int]:
    answer = await search(book.db, Asking(q), limit=1000)
    return [hit.record["position"] for hit in answer.hits]


async def test_what_is_forgotten_is_found_no_more_and_leaves_no_word(book: ALedger) -> None:
    await book.say(*(because(f"秘密{n}" if n % 2 else "公开") for n in range(12)))
    await index(book, 4)
    gone = {n + 1 for n in range(12) if n % 2}
    async with book.db.transaction() as tx:
        await words.forget(tx, gone)
    assert await positions(book, "秘密") == []
    assert await positions(book, "公开") == [n + 1 for n in reversed(range(12)) if not n % 2]
    kept = {bytes(row["token"]) for row in await book.db.rows(select(WORDS.c.token))}
    assert not kept & tokens(["秘密"])
    async with book.db.transaction() as tx:
        await words.forget(tx, range(1, 13))
        await words.forget(tx, ())
    assert await book.db.rows(select(WORDS)) == await book.db.rows(select(SEGMENTS)) == []


async def test_a_stretch_that_was_read_before_words_were_forgotten_is_read_again(book: ALedger) -> None:
    await book.say(because("秘密"), because("公开"))
    await index(book, 1)
    await book.say(because("新的秘密"))
    read = indexing.gather

    def meanwhile(rows: Any) -> Any:
        found = read(rows)
        asyncio.run_coroutine_threadsafe(delete(), loop).result()
        indexing.gather = read
        return found

    async def delete() -> None:
        async with book.db.transaction() as tx:
            row = update(RECORDS).where(RECORDS.c.position == 3)
            await tx.execute(row.values(payload=ledger.packed(b"{}")))
            await words.forget(tx, [3])

    loop = asyncio.get_running_loop()
    indexing.gather = meanwhile
    try:
        await index(book)
    finally:
        indexing.gather = read
    async with book.db.read() as connection:
        assert (await words.cursor(connection)).position == 3
    kept = {bytes(row["token"]) for row in await book.db.rows(select(WORDS.c.token))}
    assert not kept & tokens(["新的"])


async def test_an_odd_record_stops_nothing(book: ALedger) -> None:
    await book.say(because("之前"), because("坏了"), because("之后"))
    async with book.db.transaction() as tx:
        await tx.execute(update(RECORDS).where(RECORDS.c.position == 2).values(payload=b"not zlib"))
    await index(book)
    assert await positions(book, "之前") == [1]
    assert await positions(book, "之后") == [3]
    async with book.db.read() as connection:
        assert (await words.cursor(connection)).odd == 1


@on_one_database
async def test_a_record_with_which_the_index_always_fails_is_passed_over(
    book: ALedger, monkeypatch: pytest.MonkeyPatch
) -> None:
    await book.say(*(because(f"第{n}个" if n != 5 else "毒") for n in range(30)))
    real, failures = words.add, 0

    async def poisoned(tx: Any, segment: int, gathered: Any) -> None:
        nonlocal failures
        if "毒".encode() in gathered.words:
            failures += 1
            raise Retry("the database is busy") if failures == 1 else ValueError("never")
        await real(tx, segment, gathered)

    monkeypatch.setattr(words, "add", poisoned)
    leading = Leadership(book.db, "me")
    task = asyncio.ensure_future(leading.lead(indexing.LEASE, lambda: indexing.run(book.db, leading, 0.001)))
    try:
        async with asyncio.timeout(60):
            while True:
                async with book.db.read() as connection:
                    now = await words.cursor(connection)
                if now.position == 30:
                    break
                await asyncio.sleep(0.02)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert now.odd == 1
    assert await positions(book, "第29个") == [30]
    assert await positions(book, "毒") == []
