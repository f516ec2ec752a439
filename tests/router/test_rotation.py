"""The key of numbers changes: batches are cut under the new one, and blocks are packed anew once."""

import base64

import pytest

from contracts.delivery import DeliveryRequested
from contracts.values import Channel
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.router.actions.copy import renew
from services.router.actions.library import Library
from services.router.actions.opening import people_of, repacked
from services.router.actions.plan import plan
from services.router.model.packing import hash_key_of
from services.router.store import blocks
from tests.outbox import said
from tests.router.registry_make import a_district
from tests.router.router_make import AWarning, fill, forget_said, of_kind, opened_rows, pinned


def rotated(crypto: SoftwareCrypto) -> SoftwareCrypto:
    """Return a provider that hashes under a new key."""
    crypto.keys.add("phone", bytes(range(32)))
    return SoftwareCrypto(crypto.keys)


async def sms(db: Database, crypto: SoftwareCrypto, warning: AWarning) -> list[DeliveryRequested]:
    """Plan a warning; return its batches of SMS."""
    await forget_said(db)
    async with db.transaction() as tx:
        await plan(tx, warning.issued(), crypto)
    return [r for r in of_kind(await said(db), DeliveryRequested) if r.channel is Channel.SMS]


@pytest.mark.parametrize("renewed", [False, True])
async def test_batches_name_the_key_under_which_they_were_cut(
    renewed: bool, db: Database, crypto: SoftwareCrypto
) -> None:
    await fill(db, crypto, a_district())
    manifest = await pinned(db, crypto)
    before = await sms(db, crypto, AWarning(manifest))
    other = rotated(crypto)
    if renewed:
        await renew(db, other)
    after = await sms(db, other, AWarning(manifest))
    for requests, key in ((before, crypto), (after, other)):
        assert requests
        for request in requests:
            assert request.batch is not None
            assert request.batch.hash_key == key.hash_key
            own = [key.keyed_hash(row[0]) for row in opened_rows(request, key)]
            assert base64.b64decode(request.batch.hashes) == b"".join(own)
    people = [{row[0] for r in some for row in opened_rows(r, other)} for some in (before, after)]
    assert people[0] == people[1]


async def test_blocks_are_packed_anew_once(db: Database, crypto: SoftwareCrypto) -> None:
    await fill(db, crypto, a_district())
    assert await renew(db, crypto) == 0
    other = rotated(crypto)
    assert await renew(db, other) > 0
    assert await renew(db, other) == 0
    async with db.read() as connection:
        keys = await blocks.keys(connection)
        kept = await blocks.kept(connection, keys)
        assert [repacked(keys[name], block, other) for name, block in kept.items()] == [None] * len(kept)
        registry = await Library(other).newest(connection)
    assert registry.whole


async def test_people_are_read_under_the_key_in_use_before_they_are_packed_anew(
    db: Database, crypto: SoftwareCrypto
) -> None:
    await fill(db, crypto, a_district())
    other = rotated(crypto)
    async with db.read() as connection:
        keys = await blocks.keys(connection)
        kept = await blocks.kept(connection, keys)
    villages = [(keys[name], block) for name, block in kept.items() if block.people is not None]
    assert villages
    for key, block in villages:
        assert hash_key_of(people_of(key, block, other)) == other.hash_key
        assert hash_key_of(people_of(key, block, crypto)) == crypto.hash_key
