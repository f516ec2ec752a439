"""Pages and what lies in them: sorted, seekable, and every batch's list comes out as it went in."""

import base64
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, update

from services.audit.model.postings import (
    ENTRY,
    HASH,
    ON_A_PAGE,
    among,
    digest,
    lists,
    merged,
    on_page,
)
from services.audit.store.posting_check import postings_differ, set_aside
from services.audit.store.posting_tables import BATCHES, PAGES, POSTINGS, VOLUMES
from tests.audit.audit_make import AWarning
from tests.audit.ledger_make import ALedger, a_ledger
from tests.audit.people_make import a_batch, a_request, phones
from tests.audit.test_people import all_gathered

HASHES = st.one_of(
    st.binary(min_size=HASH, max_size=HASH), st.sampled_from([bytes(8), b"\xff" * 8, b"\1" * 8])
)
LISTS = st.lists(st.lists(HASHES, min_size=1, max_size=60).map(sorted), min_size=1, max_size=12)


@given(LISTS, st.integers(0, 12))
def test_lists_come_out_as_they_went_in_however_they_were_merged(
    batches: list[list[bytes]], cut: int
) -> None:
    raw = {n: b"".join(hashes) for n, hashes in enumerate(batches)}
    first = merged([], {n: r for n, r in raw.items() if n < cut})
    pages = merged([p.entries for p in first], {n: r for n, r in raw.items() if n >= cut})
    assert lists([page.entries for page in pages]) == raw
    assert pages == merged([], raw)


@given(LISTS, st.integers(1, 400))
def test_every_hash_is_on_the_one_page_that_a_seek_finds(batches: list[list[bytes]], again: int) -> None:
    raw = {n: b"".join(hashes) for n, hashes in enumerate(batches)}
    raw[len(raw)] = batches[0][0] * again
    pages = merged([], raw)
    firsts = [page.first for page in pages]
    assert firsts == sorted(set(firsts))
    for wanted in {*(h for hashes in batches for h in hashes), b"\2" * 8}:
        page = next((p for p in reversed(pages) if p.first <= wanted), None)
        found = sorted(on_page(page.entries, wanted)) if page else []
        assert found == sorted((n, place) for n, r in raw.items() for place in among(r, None, wanted))


def test_pages_are_full_unless_a_hash_would_be_split() -> None:
    numbers = b"".join(n.to_bytes(HASH, "big") for n in range(1000))
    sizes = [len(page.entries) // ENTRY.itemsize for page in merged([], {0: numbers})]
    assert sizes == [ON_A_PAGE, ON_A_PAGE, 1000 - 2 * ON_A_PAGE]


def test_a_digest_is_of_the_text_as_it_was_said() -> None:
    raw = bytes(range(16))
    assert digest(base64.b64encode(raw)) != digest(raw)


async def kinds(book: ALedger, warning_id: str | None = None) -> list[str]:
    """Return what differs."""
    async with book.db.read() as connection:
        return [one.what for one in await postings_differ(connection, warning_id)]


async def filled(book: ALedger, *, gathered: bool) -> AWarning:
    """Record a warning with three batches, and another one."""
    warning = AWarning()
    for n in range(3):
        await book.say(a_request(warning, a_batch(book.crypto, phones(300, 13800000000 + 300 * n)), f"{n}"))
    await book.say(a_request(AWarning(), a_batch(book.crypto, phones(9))))
    if gathered:
        await all_gathered(book)
    return warning


@pytest.mark.parametrize("gathered", [False, True])
async def test_lists_that_are_untouched_do_not_differ(
    gathered: bool, database_url: str, tmp_path: Path
) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        warning = await filled(book, gathered=gathered)
        await book.say(*warning.requests()[:2])
        assert await kinds(book) == await kinds(book, str(warning.warning_id)) == []


async def test_a_posting_that_was_altered_or_removed_is_named(database_url: str, tmp_path: Path) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        warning = await filled(book, gathered=False)
        async with book.db.transaction() as tx:
            await tx.execute(update(POSTINGS).where(POSTINGS.c.position == 2).values(hashes=bytes(2400)))
            await tx.execute(delete(POSTINGS).where(POSTINGS.c.position == 3))
        assert await kinds(book) == ["posting-altered", "posting-missing"]
        assert await kinds(book, str(AWarning().warning_id)) == []
        async with book.db.transaction() as tx:
            await tx.execute(delete(BATCHES).where(BATCHES.c.position == 1))
        assert await kinds(book, str(warning.warning_id)) == [
            "posting-altered",
            "posting-missing",
            "posting-missing",
        ]


async def test_a_page_that_was_altered_is_named_with_every_batch_it_changes(
    database_url: str, tmp_path: Path
) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        await filled(book, gathered=True)
        (page, *_) = await book.db.rows(PAGES.select().order_by(PAGES.c.id))
        entries = bytearray(page["entries"])
        entries[0] ^= 1
        async with book.db.transaction() as tx:
            changed = update(PAGES).where(PAGES.c.id == page["id"])
            await tx.execute(changed.values(entries=bytes(entries)))
        assert await kinds(book) == ["posting-altered"]


async def test_entries_of_nobody_are_named(database_url: str, tmp_path: Path) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        await filled(book, gathered=True)
        (volume, *_) = await book.db.rows(VOLUMES.select().order_by(VOLUMES.c.number))
        stranger = merged([], {900: b"\1" * 8})[0]
        async with book.db.transaction() as tx:
            row = {"volume": volume["number"], "first": stranger.first, "entries": stranger.entries}
            await tx.execute(PAGES.insert(), [row])
            await tx.execute(update(BATCHES).where(BATCHES.c.position == 4).values(position=99))
        assert sorted(await kinds(book)) == ["posting-stranger", "posting-stranger"]


async def test_a_list_that_was_set_aside_is_named(database_url: str, tmp_path: Path) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        odd = a_batch(book.crypto, phones(2)).model_copy(update={"hashes": "AAAA"})
        request = a_request(AWarning(), odd)
        await book.say(request)
        async with book.db.read() as connection:
            (named,) = await set_aside(connection)
        assert (named.what, named.about) == ("posting-odd", str(request.delivery_id))
        assert await kinds(book) == []
