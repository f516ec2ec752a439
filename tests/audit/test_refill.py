"""Tables that are emptied come back from the records as they were, step by step, while others record."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select

from contracts.amendment import PlanAmended
from contracts.delivery import StationSeen
from contracts.values import Lane, Mode
from services.audit.actions import refill, words
from services.audit.actions.folding import catch_up
from services.audit.actions.refill import Refilled, begin, refill_all, step
from services.audit.store.amendment_tables import AMENDMENTS
from services.audit.store.questions_tables import ACTS, CARRIED, CARRIED_DAYS, COMINGS
from services.audit.store.refill_tables import REFILLING
from services.audit.store.report_tables import AIMS, FACES, OBSERVATIONS
from services.audit.store.tables import DELIVERIES, ENDINGS, PLANS, RECORDS, REVISIONS, TARGETS
from services.audit.store.words_tables import SEGMENTS, WORDS
from services.kit.db import Database
from tests.audit.audit_make import NOON, STATIONS, AWarning, a_fact
from tests.audit.ledger_make import ALedger, a_ledger
from tests.audit.report_make import about
from tests.audit.test_amended import SAID
from tests.audit.test_gateways import carried

TABLES = (
    *(REVISIONS, ENDINGS, PLANS, AMENDMENTS, DELIVERIES, TARGETS, ACTS, COMINGS, CARRIED, CARRIED_DAYS),
    *(FACES, AIMS, OBSERVATIONS, WORDS),
)

MINE = str(SAID[0].warning_id)  # type: ignore[attr-defined]
"""The warning that is amended."""


async def rows(db: Database) -> list[list[dict[str, Any]]]:
    """Return every row of the tables; segments of words are numbered on."""
    found = []
    for table in TABLES:
        some = [dict(row) for row in await db.rows(select(table).order_by(*table.primary_key.columns))]
        found.append([{k: v for k, v in row.items() if k != "segment"} for row in some])
    return found


async def fill(book: ALedger) -> None:
    """Record two warnings, one of them amended, and everything that the tables are made of."""
    await catch_up(book.db)
    async with book.db.transaction() as tx:
        await book.leadership._claim_in(tx, words.LEASE)
    one = AWarning()
    await book.say(*SAID, *carried(one))
    await book.say(
        StationSeen(mode=Mode.LIVE, lane=Lane.ROUTINE, station=STATIONS[0], presence="online", at=NOON),
        a_fact(kind="warning.approved", service="issuer", warning_id=str(one.warning_id)),
        about(one, "outcome.judged", 3600, actor="sun", outcome="hit", observed_by="气象台", note="报得准"),
    )
    await settle(book)


async def settle(book: ALedger) -> None:
    """Let those who fold by themselves come to the end."""
    await catch_up(book.db)
    while await words.fold(book.db, book.leadership):
        pass


async def empty(db: Database) -> None:
    """Leave the tables as a version would that has just made them."""
    async with db.transaction() as tx:
        for table in (*TABLES, SEGMENTS):
            await tx.execute(delete(table))


async def test_emptied_tables_come_back_as_they_were(database_url: str, tmp_path: Path) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        await fill(book)
        before = await rows(book.db)
        assert all(before), "every table holds something"
        await empty(book.db)
        assert await refill_all(book.db) == Refilled(2, 0)
        await settle(book)
        for table, wanted, found in zip(TABLES, before, await rows(book.db), strict=True):
            assert found == wanted, table.name
        assert await refill_all(book.db) == Refilled(2, 0), "and once more, with nothing missing"
        await settle(book)
        assert await rows(book.db) == before
        assert await book.db.rows(select(REFILLING)) == []


async def test_whoever_is_interrupted_goes_on_while_others_record(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refill, "AT_ONCE", 2)
    async with a_ledger(database_url, tmp_path) as book:
        said = list(SAID)
        late = [one for one in said if isinstance(one, PlanAmended)]
        await book.say(*(one for one in said if one not in late), *carried(AWarning()))
        await empty(book.db)
        await begin(book.db)
        steps = 0
        while await step(book.db) is None:
            steps += 1
            if late:
                await book.say(late.pop(), a_fact(kind="warning.drafted", service="issuer"))
            await begin(book.db)
        assert steps > 5
        await catch_up(book.db)
        found = await rows(book.db)
        await empty(book.db)
        await refill_all(book.db)
        await catch_up(book.db)
        assert found == await rows(book.db)
        (plan,) = [one for one in found[2] if one["warning_id"] == MINE]
        assert plan["count"] == AWarning().manifest.count + 3


async def test_a_warning_of_which_something_was_deleted_stays_as_it_is(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with a_ledger(sqlite_url, tmp_path) as book:
        await book.say(*SAID, *carried(AWarning()))
        async with book.db.transaction() as tx:
            await tx.execute(RECORDS.update().where(RECORDS.c.position == 3).values(payload=b""))
            await tx.execute(delete(TARGETS))
        assert await refill_all(book.db) == Refilled(1, 1)
        assert not [row for row in await book.db.rows(select(TARGETS)) if row["warning_id"] == MINE]
