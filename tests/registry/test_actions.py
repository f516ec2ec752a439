"""Import, publication and keys, on both databases."""

import base64
import hashlib
from pathlib import Path

import pytest
from sqlalchemy import select

from contracts.registry import BLOCK_CONTEXT, BlockChanged, VillageBlock, registry_version
from contracts.values import Mode
from services.kit.db import Database
from services.kit.errors import Invalid, NotFound
from services.kit.outbox import OUTBOX
from services.registry import actions, intake, seed, store
from tests.registry.registry_make import a_crypto, a_registry

DATA = seed.DATA


async def said(db: Database) -> list[BlockChanged]:
    rows = await db.rows(select(OUTBOX).order_by(OUTBOX.c.position))
    return [BlockChanged.from_bytes(r["payload"]) for r in rows if "registry.v1" in r["subject"]]


async def test_the_default_registry_is_published_whole(database_url: str, tmp_path: Path) -> None:
    crypto = a_crypto(tmp_path)
    async with a_registry(database_url) as db:
        await seed.seed(db, crypto)
        counts = await store.counts(db)
        assert (counts["towns"], counts["villages"], counts["stations"]) == (21, 381, 381)
        blocks = {b.block: b for b in await said(db)}
        assert len(blocks) == 21 + 381 + 1
        for block in blocks.values():
            sealed = base64.b64decode(block.sealed)
            assert hashlib.sha256(sealed).hexdigest() == block.sha256
            assert len(sealed) <= 512_000
        addresses = await store.addresses(db)
        assert registry_version(addresses) == registry_version({k: b.sha256 for k, b in blocks.items()})
        plain = crypto.unseal(base64.b64decode(blocks["500110001001"].sealed), BLOCK_CONTEXT)
        village = VillageBlock.model_validate_json(plain)
        assert village.stations[0].code == "500110001001"
        assert len(village.recipients) == len(seed.ROLES)


async def test_seeding_twice_and_importing_the_same_changes_nothing(
    database_url: str, tmp_path: Path
) -> None:
    crypto = a_crypto(tmp_path)
    async with a_registry(database_url) as db:
        await seed.seed(db, crypto)
        before = len(await said(db))
        await seed.seed(db, crypto)
        for kind in ("towns", "villages", "stations"):
            rows = intake.rows_of(kind, DATA / f"{kind}.csv")
            change = await actions.take_in(db, crypto, kind, rows, by="qian")
            assert (change.added, change.changed, change.blocks) == (0, 0, 0)
        assert len(await said(db)) == before


async def test_one_changed_person_changes_one_block(database_url: str, tmp_path: Path) -> None:
    crypto = a_crypto(tmp_path)
    async with a_registry(database_url) as db:
        await seed.seed(db, crypto)
        head = "recipient_id,village_code,name,role,phone,operator\n"
        row = "p000002,500110001001,李四,subscriber,13900239999,cmcc\n"
        file = tmp_path / "people.csv"
        file.write_text(head + row)
        rows = intake.rows_of("recipients", file)
        trial = await actions.take_in(db, crypto, "recipients", rows, by="qian", dry_run=True)
        assert (trial.changed, trial.blocks) == (1, 1)
        before = await store.addresses(db)
        change = await actions.take_in(db, crypto, "recipients", rows, by="qian")
        assert (change.changed, change.blocks) == (1, 1)
        after = await store.addresses(db)
        assert {k for k in after if after[k] != before[k]} == {"500110001001"}


async def test_a_dry_run_leaves_nothing_behind(database_url: str, tmp_path: Path) -> None:
    crypto = a_crypto(tmp_path)
    async with a_registry(database_url) as db:
        rows = intake.rows_of("towns", DATA / "towns.csv")
        trial = await actions.take_in(db, crypto, "towns", rows, by="qian", dry_run=True)
        assert trial.added == 21
        assert (await store.counts(db))["towns"] == 0
        assert not await db.rows(select(OUTBOX))


async def test_a_village_of_an_unknown_town_is_refused_whole(database_url: str, tmp_path: Path) -> None:
    crypto = a_crypto(tmp_path)
    async with a_registry(database_url) as db:
        rows = intake.rows_of("villages", DATA / "villages.csv")
        with pytest.raises(Invalid) as error:
            await actions.take_in(db, crypto, "villages", rows, by="qian")
        assert error.value.faults[0].field == "line 2, town_code"
        assert (await store.counts(db))["villages"] == 0


async def test_keys_are_stored_by_hash_and_revoked_at_once(database_url: str, tmp_path: Path) -> None:
    crypto = a_crypto(tmp_path)
    async with a_registry(database_url) as db:
        await seed.seed(db, crypto)
        issued = await actions.issue_keys(db, crypto, ["500110001001", "cmcc"], list(Mode), by="qian")
        assert {(k.owner, k.mode) for k in issued} == {(o, m) for o in ("500110001001", "cmcc") for m in Mode}
        kept = str([dict(r) for r in await db.rows(select(store.KEYS))])
        assert all(k.key.split("_", 3)[3] not in kept for k in issued)
        await actions.revoke_key(
            db, crypto, "cmcc", next(k.key_id for k in issued if k.owner == "cmcc"), by="q"
        )
        with pytest.raises(NotFound):
            await actions.revoke_key(db, crypto, "cucc", issued[0].key_id, by="q")
        with pytest.raises(NotFound):
            await actions.issue_keys(db, crypto, ["nobody"], list(Mode), by="q")


async def test_phones_lie_sealed(database_url: str, tmp_path: Path) -> None:
    crypto = a_crypto(tmp_path)
    async with a_registry(database_url) as db:
        await seed.seed(db, crypto)
        for row in (await db.rows(select(store.RECIPIENTS)))[:20]:
            assert b"139" not in row["phone_sealed"][:3]
            assert "1390023" not in str({k: v for k, v in row.items() if k != "phone_sealed"})
        assert all("1390023" not in str(r["payload"]) for r in await db.rows(select(OUTBOX)))
