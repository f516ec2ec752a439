"""What an older version could not read is read again: the books become those that they would have been."""

import base64
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update

from contracts.delivery import StationSeen
from contracts.values import Lane, Mode
from services.audit.actions import people, words
from services.audit.actions.folding import catch_up
from services.audit.actions.refile import refile
from services.audit.model.entry import Heard
from services.audit.store.posting_tables import BATCHES, POSTINGS
from services.audit.store.questions_tables import ACTS, CARRIED, CARRIED_DAYS, COMINGS
from services.audit.store.report_tables import AIMS, FACES
from services.audit.store.tables import DELIVERIES, ENDINGS, PLANS, RECORDS, REVISIONS, TARGETS
from services.audit.store.words_tables import SEGMENTS, WORDS
from services.kit.db import Database
from tests.audit.api_make import asked
from tests.audit.audit_make import NOON, STATIONS, AWarning, a_fact
from tests.audit.ledger_make import a_ledger
from tests.audit.people_make import a_batch, a_request, phones

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
        assert (await post("operator")).json() == {"unknown": 1, "read": 1, "warnings": 0, "left": 0}
        (fact,) = await audit.facts()
        assert (fact["kind"], fact["detail"]["count"]) == ("ledger.refiled", 1)


async def test_what_the_questions_are_answered_from_is_what_it_would_have_been(
    database_url: str, tmp_path: Path
) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        await catch_up(book.db)
        async with book.db.transaction() as tx:
            await book.leadership._claim_in(tx, words.LEASE)
        warning = AWarning()
        said = [one for one in warning.whole() if getattr(one, "batch", None) is None]
        await book.say(*said, a_request(warning, a_batch(book.crypto, phones(7)), "x"))
        await book.say(
            StationSeen(mode=Mode.LIVE, lane=Lane.ROUTINE, station=STATIONS[0], presence="online", at=NOON),
            a_fact(kind="warning.approved", service="issuer", warning_id=str(warning.warning_id)),
        )
        await catch_up(book.db)
        await words.fold(book.db, book.leadership)
        tables = (ACTS, COMINGS, CARRIED, CARRIED_DAYS, FACES, AIMS, BATCHES, POSTINGS, WORDS)
        before = await _rows(book.db, *tables)
        assert all(before)
        await _forget(book.db)
        async with book.db.transaction() as tx:
            for table in (*tables[:6], WORDS, SEGMENTS):
                await tx.execute(delete(table))
            unread = {"delivery_id": "", "warning_id": "", "fault": "unreadable"}
            (batch,) = before[6]
            text = base64.b64encode(bytes(before[7][0]["hashes"]))
            mine = {"first": bytes(8), "last": b"\xff" * 8, "hashes": text}
            await tx.execute(update(BATCHES).values(**unread, count=0, key_id=None))
            await tx.execute(update(POSTINGS).values(warning_id="", fault="unreadable", key_id=None, **mine))
        await refile(book.db)
        await words.fold(book.db, book.leadership)
        after = await _rows(book.db, *tables)
        for rows in (*before, *after):
            for row in rows:
                row.pop("taken_at", None), row.pop("segment", None)
        for table, wanted, found in zip(tables, before, after, strict=True):
            assert found == wanted, table.name
        assert [hit.position for hit in await people.find(book.db, book.crypto, phones(1)[0])] == [
            batch["position"]
        ]


async def test_a_damaged_unknown_record_stops_no_other(database_url: str, tmp_path: Path) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        await book.say(a_fact(0), a_fact(1))
        await _forget(book.db)
        async with book.db.transaction() as tx:
            await tx.execute(update(RECORDS).where(RECORDS.c.position == 1).values(payload=b"forged"))
        assert (await refile(book.db)).read == 1
