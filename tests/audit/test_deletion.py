"""Deletion: two agree, a worker carries it out, tombstones stay, and every proof stays valid."""

from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import func, select, update

from contracts.values import Channel
from services.audit.actions import ask, sign
from services.audit.actions import keeping as acts
from services.audit.actions.export import export
from services.audit.proof.verify import Verdict, verify
from services.audit.store import books, questions
from services.audit.store.keeping_tables import TARGET_COUNTS, TOMBSTONES
from services.audit.store.tables import RECORDS, TARGETS
from services.kit.errors import Forbidden, Invalid, Refused
from tests.audit.audit_make import NOON, AWarning, a_fact
from tests.audit.keeping_make import LATER, RULES, AKeeping, a_keeping, filled
from tests.audit.test_verify import Exported, exported

BEFORE = NOON + timedelta(days=2)


async def checked(keeping: AKeeping) -> tuple[Exported, Verdict]:
    found = await exported(keeping.book)
    return found, found.check(found.lines)


async def emptied(keeping: AKeeping) -> list[int]:
    rows = await keeping.db.rows(select(RECORDS.c.position).where(RECORDS.c.payload == b""))
    return sorted(row["position"] for row in rows)


async def test_delivery_detail_is_deleted_by_two_and_the_account_stays(
    database_url: str, tmp_path: Path
) -> None:
    async with a_keeping(database_url, tmp_path) as keeping:
        warning = await filled(keeping)
        before = await ask.warning(keeping.db, str(warning.warning_id))
        await sign.head(keeping.db, keeping.book.signer)
        agreed = await keeping.agree("delivery-detail", BEFORE)
        assert await keeping.work() == 1
        assert await emptied(keeping) == list(range(3, 12))
        after = await ask.warning(keeping.db, str(warning.warning_id))
        assert after.newest.lines == before.newest.lines
        assert after.newest.total == before.newest.total
        assert after.newest.stations == before.newest.stations
        assert after.adds_up
        (grave,) = await keeping.db.rows(select(TOMBSTONES))
        assert (grave["agreement_id"], grave["class"]) == (agreed.proposal_id, "delivery-detail")
        assert (grave["proposed_by"], grave["confirmed_by"], grave["rules"]) == ("sun", "zhou", RULES.version)
        assert not await keeping.db.rows(select(TARGETS))
        counts = {c["channel"]: c["states"] for c in await keeping.db.rows(select(TARGET_COUNTS))}
        assert counts["station"] == {"confirmed": 1, "received": 1, "failed": 1}
        _, verdict = await checked(keeping)
        assert verdict.holds, (verdict.broken, verdict.differences)


async def test_the_security_log_goes_without_touching_anything_else(
    database_url: str, tmp_path: Path
) -> None:
    async with a_keeping(database_url, tmp_path) as keeping:
        await filled(keeping, 12)
        await keeping.agree("security", BEFORE)
        await keeping.work()
        assert await emptied(keeping) == list(range(12, 24))
        rows = await keeping.db.rows(select(RECORDS).where(RECORDS.c.payload == b""))
        assert {row["kind"] for row in rows} == {"fact.deleted"}
        assert {(row["actor"], row["about"]) for row in rows} == {(None, None)}
        _, verdict = await checked(keeping)
        assert verdict.holds


async def test_one_person_alone_deletes_nothing(database_url: str, tmp_path: Path) -> None:
    async with a_keeping(database_url, tmp_path) as keeping:
        await filled(keeping)
        made = await acts.propose(keeping.db, RULES, "security", BEFORE, "sun")
        with pytest.raises(Forbidden):
            await acts.confirm(keeping.db, UUID(made.proposal_id), "sun")
        await keeping.flow()
        await keeping.work()
        keeping.clock.move(hours=25)
        with pytest.raises(Refused):
            await acts.confirm(keeping.db, UUID(made.proposal_id), "zhou")
        await keeping.flow()
        await keeping.work()
        assert await emptied(keeping) == []


async def test_what_must_be_kept_is_not_even_proposed(database_url: str, tmp_path: Path) -> None:
    async with a_keeping(database_url, tmp_path) as keeping:
        await filled(keeping)
        for name in ("warnings", "keeping", "nothing"):
            with pytest.raises(Invalid):
                await acts.preview(keeping.db, RULES, name, BEFORE)
        with pytest.raises(Invalid):
            await acts.preview(keeping.db, RULES, "security", LATER - timedelta(days=100))
        found = await acts.preview(keeping.db, RULES, "delivery-detail", BEFORE)
        assert (found.records, found.held, list(found.warnings.values())) == (9, 0, [9])


async def test_a_warning_that_is_partly_younger_keeps_all_its_detail(
    database_url: str, tmp_path: Path
) -> None:
    async with a_keeping(database_url, tmp_path) as keeping:
        warning = await filled(keeping)
        await keeping.book.say(warning.report(Channel.SMS, {}), at=BEFORE + timedelta(days=1))
        await keeping.agree("delivery-detail", BEFORE)
        await keeping.work()
        assert await emptied(keeping) == []


async def test_a_bulk_of_deliveries_goes_in_many_lists_and_adds_up(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, most in {"MOST_RECORDS": 4, "MOST_DELIVERIES": 1, "MOST_TARGETS": 1, "SCANNED": 7}.items():
        monkeypatch.setattr(f"services.audit.actions.listing.{name}", most)
    async with a_keeping(database_url, tmp_path) as keeping:
        first = await filled(keeping)
        second = await filled(keeping)
        await keeping.agree("delivery-detail", BEFORE)
        await keeping.agree("security", BEFORE)
        assert await keeping.work() >= 10
        assert len(await emptied(keeping)) == 2 * (9 + 12)
        for warning in (first, second):
            assert (await ask.warning(keeping.db, str(warning.warning_id))).adds_up
        _, verdict = await checked(keeping)
        assert verdict.holds, (verdict.broken, verdict.differences)


async def test_every_proof_of_a_deleted_record_holds(database_url: str, tmp_path: Path) -> None:
    async with a_keeping(database_url, tmp_path) as keeping:
        await filled(keeping)
        before = await sign.head(keeping.db, keeping.book.signer)
        await keeping.agree("security", BEFORE)
        await keeping.work()
        found = await ask.proof(keeping.db, keeping.book.signer, 15)
        assert found.payload == b""
        assert found.head == before


async def test_a_transcript_that_is_exported_while_records_are_deleted_holds(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.audit.actions.export.AT_ONCE", 5)
    monkeypatch.setattr("services.audit.actions.listing.MOST_RECORDS", 2)
    async with a_keeping(database_url, tmp_path) as keeping:
        await filled(keeping)
        agreed = False
        pieces = []
        async for piece in export(keeping.db, keeping.book.signer, lambda: False):
            pieces.append(piece)
            if not agreed and len(pieces) == 2:
                agreed = True
                await keeping.agree("security", BEFORE)
                await keeping.agree("delivery-detail", BEFORE)
            elif agreed:
                await keeping.deleter.step()
                await keeping.flow()
        lines = b"".join(pieces).splitlines(keepends=True)
        assert any(b'"tombstone"' in line for line in lines)
        verdict = verify(lines)
        assert verdict.holds, (verdict.broken, verdict.differences)


async def test_a_worker_that_died_goes_on(database_url: str, tmp_path: Path) -> None:
    async with a_keeping(database_url, tmp_path) as keeping:
        await filled(keeping)
        await keeping.agree("security", BEFORE)
        await keeping.deleter.step()
        again = type(keeping.deleter)(keeping.db, keeping.book.leadership, RULES)
        keeping.deleter = again
        await keeping.flow()
        await keeping.work()
        assert len(await emptied(keeping)) == 12
        assert len(await keeping.db.rows(select(TOMBSTONES))) == 1


async def test_a_list_that_was_forged_into_the_database_deletes_nothing(
    database_url: str, tmp_path: Path
) -> None:
    """The worker reads what a record is, and does not believe the column that says so."""
    async with a_keeping(database_url, tmp_path) as keeping:
        await filled(keeping)
        async with keeping.db.transaction() as tx:
            lie = update(RECORDS).where(RECORDS.c.kind == "warning.approved")
            await tx.execute(lie.values(kind="session.opened"))
        await keeping.agree("security", BEFORE)
        await keeping.work()
        assert await emptied(keeping) == list(range(12, 24))


async def test_tampered_books_are_not_made_the_truth_by_a_deletion(database_url: str, tmp_path: Path) -> None:
    async with a_keeping(database_url, tmp_path) as keeping:
        await filled(keeping)
        async with keeping.db.transaction() as tx:
            await tx.execute(update(TARGETS).values(state="confirmed"))
        await keeping.agree("delivery-detail", BEFORE)
        await keeping.work()
        assert await emptied(keeping) == []


async def test_a_proposal_names_what_is_there_to_delete(database_url: str, tmp_path: Path) -> None:
    async with a_keeping(database_url, tmp_path) as keeping:
        await keeping.book.say(*AWarning().whole()[:2], a_fact())
        with pytest.raises(Refused):
            await acts.propose(keeping.db, RULES, "security", BEFORE, "sun")
        async with questions.snapshot(keeping.db) as connection:
            assert (await books.whole(connection, [])).deliveries == {}
            assert (await connection.execute(select(func.count()).select_from(TOMBSTONES))).scalar_one() == 0
