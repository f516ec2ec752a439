"""The copy of the registry: only what its address proves, the newest of each key, alike on every replica."""

import base64
from datetime import timedelta

import pytest

from contracts.canonical import sha256_hex
from contracts.registry import registry_version
from contracts.values import AreaSelection
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.errors import Invalid, Reject, Retry
from services.router.actions.copy import REPLACED, UNUSED, copy, forget
from services.router.actions.library import Library
from services.router.actions.preview import preview
from services.router.actions.show import copy_of_registry
from services.router.store import blocks, plans
from tests.clock import HandClock
from tests.router.registry_make import NOON, TOWNS, Block, a_district, a_village, changed
from tests.router.router_make import EVERY_WAY, a_question, fill, pinned

CODE = f"{TOWNS[0]}201"


async def _copy(db: Database, crypto: SoftwareCrypto, key: str, block: Block, **given: object) -> None:
    async with db.transaction() as tx:
        await copy(tx, changed(key, block, crypto, **given), crypto)


async def test_a_copied_registry_has_the_version_of_its_blocks(db: Database, crypto: SoftwareCrypto) -> None:
    await fill(db, crypto, a_district())
    registry, copied = await copy_of_registry(db, Library(crypto))
    async with db.read() as connection:
        assert registry.version == registry_version(await blocks.listing(connection))
    assert (copied.blocks, copied.stations, copied.recipients) == (17, 12, 36)
    assert copied.changed_at == NOON
    assert (len(registry.towns), len(registry.villages), len(registry.gateways)) == (4, 12, 3)


async def test_bytes_that_are_not_what_they_claim_are_refused(db: Database, crypto: SoftwareCrypto) -> None:
    block = a_village(CODE, TOWNS[0], 0, 0)
    rubbish = base64.b64encode(b"rubbish").decode()
    stolen = base64.b64encode(crypto.seal(b"{}", b"another context")).decode()
    empty = base64.b64encode(crypto.seal(b"{}", b"yutian/registry-block")).decode()
    for given in (
        {"sealed": rubbish},
        {"sealed": "no base64"},
        {"sealed": rubbish, "sha256": sha256_hex(b"rubbish")},
        {"sealed": stolen, "sha256": sha256_hex(base64.b64decode(stolen))},
        {"sealed": empty, "sha256": sha256_hex(base64.b64decode(empty))},
    ):
        with pytest.raises(Reject):
            await _copy(db, crypto, CODE, block, **given)
    async with db.read() as connection:
        assert await blocks.listing(connection) == {}


async def test_an_older_block_never_replaces_a_newer_one(db: Database, crypto: SoftwareCrypto) -> None:
    newer = changed(CODE, a_village(CODE, TOWNS[0], 0, 0, []), crypto, NOON + timedelta(seconds=1))
    older = changed(CODE, a_village(CODE, TOWNS[0], 1, 1), crypto, NOON)
    later = NOON + timedelta(seconds=2)
    gone = changed(CODE, a_village(CODE, TOWNS[0], 0, 0), crypto, later, gone=True, sealed="")
    for message in (newer, older):
        async with db.transaction() as tx:
            await copy(tx, message, crypto)
    async with db.read() as connection:
        assert await blocks.listing(connection) == {CODE: newer.sha256}
    for message in (gone, newer):
        async with db.transaction() as tx:
            await copy(tx, message, crypto)
    async with db.read() as connection:
        assert await blocks.listing(connection) == {}


async def test_a_half_copied_registry_previews_nothing(db: Database, crypto: SoftwareCrypto) -> None:
    district = a_district()
    await fill(db, crypto, {CODE: district[CODE]})
    library = Library(crypto)
    with pytest.raises(Retry):
        await copy_of_registry(db, library)
    await fill(db, crypto, {TOWNS[0]: district[TOWNS[0]]})
    with pytest.raises(Retry):
        await copy_of_registry(db, library)
    await fill(db, crypto, {"district": district["district"]})
    registry, _ = await copy_of_registry(db, library)
    assert registry.codes == (CODE,)


async def test_what_one_replica_copied_another_one_knows(
    db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    await fill(db, crypto, a_district())
    here, there = Library(crypto), Library(crypto)
    first, _ = await copy_of_registry(db, here)
    assert (await copy_of_registry(db, here))[0] is first
    clock.move(seconds=5)
    await _copy(db, crypto, CODE, a_village(CODE, TOWNS[0], 0, 0, []), at=clock.now())
    one, _ = await copy_of_registry(db, here)
    other, _ = await copy_of_registry(db, there)
    assert one.version == other.version != first.version
    assert len(one.crowd.part(one.crowd.keys.index(CODE))) == 0


async def test_a_pinned_manifest_is_kept_with_its_registry_version(
    db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    await fill(db, crypto, a_district())
    library = Library(crypto)
    looked = await preview(db, library, EVERY_WAY, a_question())
    registry = looked.decided.registry
    async with db.read() as connection:
        assert await plans.manifest(connection, looked.manifest.sha256) is None
    manifest = await pinned(db, crypto)
    assert manifest == looked.manifest == await pinned(db, crypto)
    async with db.read() as connection:
        assert await plans.manifest(connection, manifest.sha256) == manifest
        known = await blocks.pinned(connection, registry.version, CODE)
    assert known == {CODE: registry.blocks[CODE]}


async def test_a_refused_selection_pins_nothing(db: Database, crypto: SoftwareCrypto) -> None:
    await fill(db, crypto, a_district())
    with pytest.raises(Invalid):
        await preview(db, Library(crypto), EVERY_WAY, a_question(AreaSelection()), pin=True)


async def test_blocks_are_forgotten_when_neither_key_nor_plan_needs_them(
    db: Database, crypto: SoftwareCrypto, clock: HandClock
) -> None:
    await fill(db, crypto, a_district())
    await pinned(db, crypto)
    await _copy(db, crypto, CODE, a_village(CODE, TOWNS[0], 0, 0, []), at=clock.now())
    clock.move(seconds=(REPLACED + timedelta(days=1)).total_seconds())
    assert await forget(db) == 0
    clock.move(seconds=UNUSED.total_seconds())
    assert await forget(db) == 1
    assert len((await copy_of_registry(db, Library(crypto)))[0].blocks) == 17
