"""What an older version could not read is read again: the books become those that they would have been."""

from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update

from services.audit.actions.refile import refile
from services.audit.model.entry import Heard
from services.audit.store.tables import DELIVERIES, ENDINGS, PLANS, RECORDS, REVISIONS, TARGETS
from services.kit.db import Database
from tests.audit.api_make import asked
from tests.audit.audit_make import AWarning, a_fact
from tests.audit.ledger_make import a_ledger

BOOKS = (REVISIONS, ENDINGS, PLANS, DELIVERIES, TARGETS)
_NOTHING = dict.fromkeys(("warning_id", "revision", "channel", "about", "actor", "event_at"))


async def _rows(db: Database, *tables: Any) -> list[list[Any]]:
    return [[dict(row) for row in await db.rows(select(t).order_by(*t.primary_key.columns))] for t in tables]


async def _forget(db: Database) -> None:
    """Leave the ledger as a version would have that could read none of it."""
    async with db.transaction() as tx:
        await tx.execute(update(RECORDS).values(kind="unknown", **_NOTHING))
        for table in BOOKS:
            await tx.execute(delete(table))


async def test_what_could_not_be_read_is_read_and_folded_in_and_its_leaf_stays(
    database_url: str, tmp_path: Path
) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        warning = AWarning()
        await book.say(*warning.whole(), a_fact(), warning.cancelled())
        assert book.stand is not None
        await book.take([Heard(book.stand.sequence + 1, 1, "odd", "yutian.live.news.v9.told", b"{}")])
        before = await _rows(book.db, RECORDS, *BOOKS)
        await _forget(book.db)
        done = await refile(book.db)
        assert (done.unknown, done.read) == (len(before[0]), len(before[0]) - 1)
        assert await _rows(book.db, RECORDS, *BOOKS) == before
        again = await refile(book.db)
        assert (again.unknown, again.read) == (1, 0), "what nobody can read yet stays unknown"


async def test_a_ledger_goes_on_after_it_was_refiled(database_url: str, tmp_path: Path) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        said = AWarning().whole()
        await book.say(*said[:5])
        await _forget(book.db)
        await book.say(*said[5:])
        await refile(book.db)
        books = await _rows(book.db, DELIVERIES, TARGETS)
    async with a_ledger(f"sqlite:///{tmp_path}/other/{{name}}.db", tmp_path) as other:
        await other.say(*said)
        wanted = await _rows(other.db, DELIVERIES, TARGETS)
    without = [[{k: v for k, v in row.items() if k != "heard_at"} for row in rows] for rows in books]
    assert without == [[{k: v for k, v in row.items() if k != "heard_at"} for row in rows] for rows in wanted]


async def test_only_our_own_services_and_operators_refile(
    sqlite_url: str, clean_nats_url: str, tmp_path: Path
) -> None:
    async with asked(sqlite_url, clean_nats_url, tmp_path) as audit:
        await audit.book.say(a_fact())
        await _forget(audit.book.db)

        async def post(role: str) -> Any:
            return await audit.client.post(
                "/api/v1/audit/refile", headers={"Authorization": f"Bearer {role}"}
            )

        assert (await post("auditor")).status_code == 403
        assert (await post("operator")).json() == {"unknown": 1, "read": 1}
        (fact,) = await audit.facts()
        assert (fact["kind"], fact["detail"]["count"]) == ("ledger.refiled", 1)
