"""The ledger under faults: killed, down for a day, restored from yesterday, without room on its disk."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from contracts.values import Channel
from services.audit.actions import sign
from services.audit.actions.reconcile import Sources
from services.audit.actions.stretches import everything
from services.audit.consumers import Recorder
from services.audit.model import checkpoint
from services.audit.store import ledger, tree
from services.audit.store.alarm_tables import ALARMS
from services.audit.store.tables import DELIVERIES, EPOCHS, RECORDS
from services.audit.stream import LedgerStream
from services.kit.clock import SystemClock
from services.kit.db import Database
from services.kit.errors import Retry
from services.kit.leadership import Leadership
from tests.audit.api_make import asked
from tests.audit.audit_make import AWarning, a_fact
from tests.audit.faults_make import a_full_disk, die_at, dump, restore
from tests.audit.ledger_make import ORIGIN, a_bus, a_crypto, a_database, publish, recording, until
from tests.audit.test_stream import chained, table

GRACE = timedelta(seconds=60)


@pytest.mark.parametrize(
    "point",
    [
        *("ledger.heard:audit:2", "ledger.appended:audit:2", "ledger.committed:audit:2"),
        *("ledger.acknowledged:audit:2", "reconcile.settled:audit:3", "reconcile.told:audit:3"),
    ],
)
async def test_a_process_killed_between_any_two_steps_loses_nothing_and_doubles_nothing(
    clean_nats_url: str, database_url: str, tmp_path: Path, point: str
) -> None:
    crypto = a_crypto(tmp_path)
    async with a_database(database_url) as db, a_bus(clean_nats_url, tmp_path) as bus:
        said = AWarning(at=SystemClock().now()).whole()
        await publish(bus, *said, *(a_fact(n) for n in range(600)))
        await die_at(point, db, database_url, clean_nats_url, tmp_path)
        await publish(bus, *(a_fact(n) for n in range(600, 700)))
        async with recording(db, bus, crypto):
            await until(db, len(said) + 700)
        found = await chained(db)
        assert [row["sequence"] for row in found] == list(range(1, len(said) + 701))
        async with db.read() as connection:
            (epoch,) = await ledger.epochs(connection)
        assert (epoch["skipped"], epoch["sequence"]) == (0, len(said) + 700)
        assert (await everything(Sources(db, LedgerStream(bus), GRACE))).adds_up
        assert await _twice(db) == []


async def _twice(db: Database) -> list[str]:
    """Return the alarms of which two stand."""
    twice = select(ALARMS.c.name).where(ALARMS.c.ended_at.is_(None)).group_by(ALARMS.c.name)
    return [row["name"] for row in await db.rows(twice.having(func.count() > 1))]


async def test_an_audit_that_was_down_for_a_day_catches_up_in_one_order(
    clean_nats_url: str, database_url: str, tmp_path: Path
) -> None:
    crypto = a_crypto(tmp_path)
    async with a_database(database_url) as db, a_bus(clean_nats_url, tmp_path) as bus:
        async with recording(db, bus, crypto):
            await publish(bus, *(a_fact(n) for n in range(20)))
            await until(db, 20)
        warnings = [AWarning(at=SystemClock().now()) for _ in range(5)]
        for warning in warnings:
            await publish(bus, *warning.whole())
        await publish(bus, *(a_fact(n) for n in range(500)))
        count = 20 + 500 + sum(len(warning.whole()) for warning in [AWarning()] * 5)
        async with recording(db, bus, crypto):
            await until(db, count)
        assert [row["sequence"] for row in await chained(db)] == list(range(1, count + 1))
        found = await everything(Sources(db, LedgerStream(bus), GRACE))
        assert (found.warnings, found.differences) == (5, [])


async def test_a_ledger_restored_from_yesterday_is_told_by_its_head_and_refilled_to_the_same_chain(
    clean_nats_url: str, database_url: str, tmp_path: Path
) -> None:
    crypto = a_crypto(tmp_path)
    signer = sign.Signer(crypto, ORIGIN)
    async with a_database(database_url) as db, a_bus(clean_nats_url, tmp_path) as bus:
        async with recording(db, bus, crypto):
            await publish(bus, *(a_fact(n) for n in range(300)))
            await until(db, 300)
            await sign.head(db, signer)
        yesterday = await dump(db)
        said = AWarning(at=SystemClock().now()).whole()
        async with recording(db, bus, crypto):
            await publish(bus, *said, *(a_fact(n) for n in range(300)))
            await until(db, 600 + len(said))
            kept = checkpoint.read((await sign.head(db, signer)).checkpoint).head
        today = await chained(db)
        books = await table(db, DELIVERIES)
        await restore(db, yesterday)
        async with db.read() as connection:
            assert await ledger.size(connection) == 300 < kept.size, "the head kept outside tells"
        async with recording(db, bus, crypto):
            await until(db, kept.size)
        assert [row["chain"] for row in await chained(db)] == [row["chain"] for row in today]
        assert await table(db, DELIVERIES) == books
        assert len(await table(db, EPOCHS)) == 1
        async with db.read() as connection:
            assert await tree.root(connection, (0, kept.size)) == kept.root
        assert (await everything(Sources(db, LedgerStream(bus), GRACE))).adds_up


async def test_a_full_disk_loses_nothing_and_the_recorder_goes_on_by_itself(
    clean_nats_url: str, database_url: str, tmp_path: Path
) -> None:
    crypto = a_crypto(tmp_path)
    async with a_database(database_url) as db, a_bus(clean_nats_url, tmp_path) as bus:
        recorder = Recorder(db, bus, Leadership(db, "one"), crypto)
        task = asyncio.ensure_future(recorder.run())
        try:
            await publish(bus, *(a_fact(n) for n in range(30)))
            await until(db, 30)
            assert recorder.note() is None
            async with a_full_disk(db):
                warning = AWarning(at=SystemClock().now())
                said = warning.whole()
                await publish(bus, *said, *(a_fact(n, detail={"note": "x" * 900}) for n in range(300)))
                await _until(lambda: _full(recorder))
                before = await table(db, RECORDS)
                assert len(before) < 330 + len(said)
                assert await _whole(db, len(before))
            await until(db, 330 + len(said))
            await _until(lambda: _well(recorder))
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        found = await chained(db)
        assert [row["sequence"] for row in found] == list(range(1, 331 + len(said)))
        (sms,) = [r for r in await table(db, DELIVERIES) if r["channel"] == Channel.SMS]
        assert sms["report"] == 2


async def _full(recorder: Recorder) -> bool:
    return recorder.note() == "the ledger waits: the database has no room left"


async def _well(recorder: Recorder) -> bool:
    return recorder.note() is None


async def _until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await true():
            await asyncio.sleep(0.05)


async def _whole(db: Database, size: int) -> bool:
    """Tell whether records, reading and books are of one moment: nothing is half written."""
    async with db.read() as connection:
        stand = await ledger.stand(connection)
    found = await chained(db)
    return (stand.size, stand.sequence, len(found)) == (size, size, size)


async def test_without_room_nothing_is_signed_or_handed_out_and_the_answer_says_why(
    clean_nats_url: str, database_url: str, tmp_path: Path
) -> None:
    async with asked(database_url, clean_nats_url, tmp_path) as audit:
        await audit.book.say(*(a_fact(n, detail={"note": "y" * 500}) for n in range(100)))
        async with a_full_disk(audit.book.db):
            with pytest.raises(Retry, match="no room left"):
                await _fill(audit.book.db, audit.book.signer)
            for path in ("/head", "/export", "/records"):
                reply = await _refused(audit.get, f"/api/v1/audit{path}")
                assert reply["detail"] == "the database has no room left"
                assert "make room" in str(reply)
        assert (await audit.get("/api/v1/audit/export")).status_code == 200


async def _fill(db: Database, signer: sign.Signer) -> None:
    """Sign, and let others write, until there is no room."""
    while True:
        await sign.head(db, signer)
        async with db.transaction() as tx:
            for n in range(200):
                tx.record("note.kept", note="z" * 900, number=n)


async def _refused(get: Callable[..., Awaitable[object]], path: str) -> dict[str, object]:
    """Ask until there is no room even for the fact that somebody asked."""
    for _ in range(200):
        reply = await get(path)
        if reply.status_code == 503:  # type: ignore[attr-defined]
            found: dict[str, object] = reply.json()  # type: ignore[attr-defined]
            return found
    raise AssertionError("it was answered although there is no room")
