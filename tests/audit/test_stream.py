"""The recorder on a real nats-server: duplicates, replicas, gaps, a lost stream, a restored database."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from contracts.values import Lane
from services.audit.actions.reconcile import Sources
from services.audit.actions.stretches import everything
from services.audit.consumers import Recorder
from services.audit.model import chain
from services.audit.store import ledger
from services.audit.store.tables import EPOCHS, GAPS, RECORDS
from services.audit.stream import DURABLE, NAME, LedgerStream
from services.kit import jetstream
from services.kit.bus import Bus
from services.kit.db import Database
from services.kit.ids import uuid7
from services.kit.leadership import Leadership
from tests.audit.audit_make import (
    AWarning,
    a_fact,
)
from tests.audit.ledger_make import (
    a_bus,
    a_crypto,
    a_database,
    publish,
    recording,
    until,
)
from tests.servers import NatsServer


async def table(db: Database, what: Any) -> list[Any]:
    return list(await db.rows(select(what).order_by(*what.primary_key.columns)))


async def chained(db: Database) -> list[Any]:
    """Return the records, after checking that they are chained in the order of the stream."""
    before, place = chain.GENESIS, (0, 0)
    found = await table(db, RECORDS)
    for position, row in enumerate(found, start=1):
        assert row["position"] == position
        assert (row["epoch"], row["sequence"]) > place
        assert row["chain"] == chain.linked(before, row["leaf"])
        before, place = row["chain"], (row["epoch"], row["sequence"])
    return found


async def test_everything_said_on_any_stream_is_recorded_in_the_streams_order(
    clean_nats_url: str, database_url: str, tmp_path: Path
) -> None:
    crypto = a_crypto(tmp_path)
    async with a_database(database_url) as db, a_bus(clean_nats_url, tmp_path) as bus:
        said = AWarning().whole()
        await publish(bus, *said)
        async with recording(db, bus, crypto):
            await until(db, len(said))
            await publish(bus, *(a_fact(n) for n in range(600)))
            await until(db, len(said) + 600)
        found = await chained(db)
        stream = LedgerStream(bus)
        for row in found[::37]:
            at = await stream.at(row["sequence"])
            assert at is not None
            assert (at.at, at.message_id) == (row["recorded_at"], row["message_id"])


async def test_an_outbox_that_is_replayed_adds_nothing(
    clean_nats_url: str, database_url: str, tmp_path: Path
) -> None:
    crypto = a_crypto(tmp_path)
    async with a_database(database_url) as db, a_bus(clean_nats_url, tmp_path) as bus:
        name = str(uuid7())
        fact = a_fact()
        urgent = a_fact(lane=Lane.URGENT)
        await publish(bus, fact, message_id=name)
        await _forget_duplicates(bus)
        await publish(bus, fact, message_id=name)
        await publish(bus, urgent)
        async with recording(db, bus, crypto):
            await until(db, 2)
        assert [row["kind"] for row in await chained(db)] == ["note.kept", "note.kept"]
        (epoch,) = await table(db, EPOCHS)
        assert (epoch["sequence"], epoch["skipped"]) == (3, 1)


async def _forget_duplicates(bus: Bus) -> None:
    """Make the streams forget message ids, as they do after two minutes."""
    for name in ("FACTS", NAME):
        config = (await bus.jetstream.stream_info(name)).config
        config.duplicate_window = 0.1
        await bus.jetstream.update_stream(config)
    await asyncio.sleep(0.5)


class Stop(Exception):
    """The process dies here."""


async def test_dying_between_append_and_ack_records_nothing_twice(
    clean_nats_url: str, database_url: str, tmp_path: Path
) -> None:
    crypto = a_crypto(tmp_path)
    async with a_database(database_url) as db, a_bus(clean_nats_url, tmp_path) as bus:
        await publish(bus, *(a_fact(n) for n in range(100)))

        class Dying(Recorder):
            async def take(self, *given: Any) -> Any:
                await super().take(*given)
                raise Stop

        leadership = Leadership(db, "one")
        async with db.transaction() as tx:
            await leadership._claim_in(tx, "record")
        with pytest.raises(Stop):
            await Dying(db, bus, leadership, crypto)._follow()
        await publish(bus, *(a_fact(n) for n in range(100, 150)))
        async with recording(db, bus, crypto):
            await until(db, 150, within=25)
            assert len(await chained(db)) == 150


async def test_what_a_dead_replica_was_given_and_never_recorded_is_recorded_first(
    clean_nats_url: str, database_url: str, tmp_path: Path
) -> None:
    crypto = a_crypto(tmp_path)
    async with a_database(database_url) as db, a_bus(clean_nats_url, tmp_path) as bus:
        await publish(bus, *(a_fact(n) for n in range(300)))
        pulled = bus.pulled(NAME, DURABLE, (), batch=256)
        given = 0
        async for messages in pulled:
            given += len(messages)
            if given >= 256:
                break
        await pulled.aclose()  # type: ignore[attr-defined]
        async with recording(db, bus, crypto):
            await until(db, 300, within=25)
        assert [row["sequence"] for row in await chained(db)] == list(range(1, 301))


async def test_a_database_restored_from_a_backup_is_refilled_to_the_same_chain(
    clean_nats_url: str, tmp_path: Path
) -> None:
    crypto = a_crypto(tmp_path)
    url = f"sqlite:///{tmp_path}/db/{{name}}.db"
    async with a_bus(clean_nats_url, tmp_path) as bus:
        async with a_database(url) as db:
            await publish(bus, *(a_fact(n) for n in range(10)))
            async with recording(db, bus, crypto):
                await until(db, 10)
        file = tmp_path / "db/audit.db"
        backup = file.read_bytes()
        assert not file.with_name("audit.db-wal").exists()
        async with a_database(url) as db:
            await publish(bus, *(a_fact(n) for n in range(10, 400)))
            async with recording(db, bus, crypto):
                await until(db, 400)
            before = [row["chain"] for row in await chained(db)]
        file.write_bytes(backup)
        async with a_database(url) as db:
            async with recording(db, bus, crypto):
                await until(db, 400, within=25)
            assert [row["chain"] for row in await chained(db)] == before
            assert len(await table(db, EPOCHS)) == 1


async def test_a_lost_ledger_stream_begins_a_new_epoch_on_the_old_chain(
    clean_nats_url: str, database_url: str, tmp_path: Path
) -> None:
    crypto = a_crypto(tmp_path)
    async with a_database(database_url) as db, a_bus(clean_nats_url, tmp_path) as bus:
        async with recording(db, bus, crypto):
            await publish(bus, *(a_fact(n) for n in range(20)))
            await until(db, 20)
            await bus.jetstream.delete_stream(NAME)
            await jetstream.apply(bus.jetstream, 1)
            await publish(bus, *(a_fact(n) for n in range(20, 25)))
            await until(db, 25)
        found = await chained(db)
        assert [row["epoch"] for row in found] == [1] * 20 + [2] * 5
        _, second = await table(db, EPOCHS)
        assert (second["position"], second["skipped"], second["sequence"]) == (20, 20, 25)


async def test_a_bus_that_lost_its_disk_and_is_replayed_into_adds_only_what_is_new(
    a_nats_server: Callable[..., NatsServer], database_url: str, tmp_path: Path
) -> None:
    crypto, server = a_crypto(tmp_path), a_nats_server()
    async with a_database(database_url) as db, a_bus(server.url, tmp_path) as bus:
        said = [(str(uuid7()), a_fact(n)) for n in range(30)]
        async with recording(db, bus, crypto):
            for name, fact in said[:20]:
                await publish(bus, fact, message_id=name)
            await until(db, 20)
            server.wipe()
            server.start()
            async with a_bus(server.url, tmp_path) as after:
                for name, fact in said:
                    await publish(after, fact, message_id=name)
                await until(db, 30)
        found = await chained(db)
        assert [row["message_id"] for row in found] == [name for name, _ in said]
        assert {row["epoch"] for row in found} == {1, 2}


async def test_a_stream_that_forgot_what_was_never_recorded_leaves_a_gap_that_is_named(
    clean_nats_url: str, database_url: str, tmp_path: Path
) -> None:
    crypto = a_crypto(tmp_path)
    async with a_database(database_url) as db, a_bus(clean_nats_url, tmp_path) as bus:
        await publish(bus, *(a_fact(n) for n in range(9)))
        await _sourced(bus, 9)
        for sequence in (1, 2, 5):
            await bus.jetstream.delete_msg(NAME, sequence)
        async with recording(db, bus, crypto):
            await until(db, 6)
        assert [row["sequence"] for row in await chained(db)] == [3, 4, 6, 7, 8, 9]
        assert [(g["first"], g["last"]) for g in await table(db, GAPS)] == [(1, 2), (5, 5)]
        found = await everything(Sources(db, LedgerStream(bus), timedelta(0)))
        assert [d.what for d in found.differences] == ["ledger-gap", "ledger-gap"]


async def _sourced(bus: Bus, count: int) -> None:
    async with asyncio.timeout(10):
        while (await bus.jetstream.stream_info(NAME)).state.messages < count:
            await asyncio.sleep(0.02)


async def test_two_replicas_and_a_change_of_hands_make_one_chain(
    clean_nats_url: str, database_url: str, tmp_path: Path
) -> None:
    crypto = a_crypto(tmp_path)
    async with a_database(database_url) as db, a_bus(clean_nats_url, tmp_path) as bus:
        async with recording(db, bus, crypto):
            async with recording(db, bus, crypto):
                await publish(bus, *(a_fact(n) for n in range(200)))
                await until(db, 50)
            await publish(bus, *(a_fact(n) for n in range(200, 300)))
            await until(db, 300)
        assert len(await chained(db)) == 300
        async with db.read() as connection:
            assert (await ledger.stand(connection)).size == 300
