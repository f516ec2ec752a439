"""The plan is the pinned manifest: cut into deliveries, sealed, said once, alike everywhere."""

import base64
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from contracts.canonical import list_hash
from contracts.delivery import DeliveryRequested, PlanMade
from contracts.plan import Manifest
from contracts.values import Action, Channel, Lane, Mode
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.errors import NotFound, Reject
from services.router.actions.copy import copy
from services.router.actions.plan import plan
from services.router.store.tables import BLOCKS, PICKS
from tests.clock import HandClock
from tests.migrated import migrate
from tests.outbox import said
from tests.router.registry_make import ALL, PERSON, TOWNS, a_district, a_person, a_village, changed, phones
from tests.router.router_make import AWarning, of_kind, opened_rows, pinned, pinned_with_a_person, planned


async def test_the_plan_is_the_pinned_manifest(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    first, *rest = await planned(db, crypto, AWarning(manifest).issued())
    assert isinstance(first, PlanMade)
    assert first.manifest == manifest
    requests: list[DeliveryRequested] = of_kind(rest, DeliveryRequested)
    assert len(requests) == len(rest)
    listed = [(d.delivery_id, d.channel, d.size) for d in first.deliveries]
    assert listed == [(r.delivery_id, r.channel, r.size) for r in requests]
    for entry in manifest.channels:
        mine = [r for r in requests if r.channel is entry.channel]
        assert sum(r.size for r in mine) == entry.count
        if mine[0].batch is None:
            assert list_hash(sorted(t for r in mine for t in r.targets)) == entry.sha256
    assert {r.action for r in requests} == {Action.START}
    assert {r.lane for r in requests} == {Lane.URGENT}
    assert {r.channel for r in requests if r.cap_xml} == ALL - {
        Channel.SMS,
        Channel.WECHAT,
        Channel.AREA,
        Channel.WEB,
    }


async def test_batches_hold_every_recipient_once_sealed_for_one_delivery(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    warning = AWarning(manifest)
    messages = await planned(db, crypto, warning.issued())
    batches = [r for r in of_kind(messages, DeliveryRequested) if r.batch and r.channel is Channel.SMS]
    rows = {(r.batch.route, r.batch.rendering): opened_rows(r, crypto) for r in batches}
    phones = [row[0] for found in rows.values() for row in found]
    assert len(phones) == len(set(phones)) == 37
    for request in batches:
        hashes = base64.b64decode(request.batch.hashes)
        own = [hashes[n : n + 8] for n in range(0, len(hashes), 8)]
        assert own == sorted(own)
        assert own == [crypto.keyed_hash(row[0]) for row in opened_rows(request, crypto)]
    entry = manifest.targets(Channel.SMS)
    assert entry is not None
    assert entry.count == 37
    proof = crypto.short_token("confirm", f"live/{PERSON}/{warning.warning_id}/1")
    token = f"{PERSON}-{warning.warning_id.hex}-1-{proof}"
    assert rows["gw-ctcc", "person"] == [["13900120105", token]]
    openids = [
        opened_rows(r, crypto) for r in of_kind(messages, DeliveryRequested) if r.channel is Channel.WECHAT
    ]
    assert sorted(row[0] for row in openids[0]) == sorted(f"o-{code}" for code in manifest.villages)


async def test_no_phone_is_said_in_clear(db: Database, crypto: SoftwareCrypto, manifest: Manifest) -> None:
    said_aloud = b"".join(m.to_bytes() for m in await planned(db, crypto, AWarning(manifest).issued()))
    numbers = phones(a_district()) | {a_person(5, PERSON).phone}
    assert len(numbers) == 37
    assert [number for number in numbers if number.encode() in said_aloud] == []


async def test_a_repeated_warning_repeats_the_plan_and_requests_nothing(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    warning = AWarning(manifest)
    first, *_ = await planned(db, crypto, warning.issued())
    assert await planned(db, crypto, warning.issued()) == [first]


async def test_another_replica_after_a_crash_makes_the_very_same_plan(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest, tmp_path: Path, clock: HandClock
) -> None:
    url = f"sqlite:///{tmp_path}/second.db"
    await migrate(url, "services.router.migrations")
    second = Database("router", url, clock)
    assert (await pinned_with_a_person(second, crypto)).channels != ()
    warning = AWarning(manifest).issued()
    for attempt in range(2):
        with pytest.raises(ZeroDivisionError):
            async with db.transaction() as tx:
                await plan(tx, warning, crypto)
                raise ZeroDivisionError(attempt)
    assert of_kind(await said(db), PlanMade) == []
    one, *requests = await planned(db, crypto, warning)
    twin = warning.model_copy(update={"manifest_sha256": (await pinned_with_a_person(second, crypto)).sha256})
    other, *others = await planned(second, crypto, twin)
    await second.close()
    assert isinstance(one, PlanMade)
    assert isinstance(other, PlanMade)
    assert one.deliveries == other.deliveries
    hashes = [[r.batch.hashes for r in found if r.batch] for found in (requests, others)]
    assert hashes[0] == hashes[1]


async def test_a_plan_uses_the_pinned_version_whatever_came_since(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest, clock: HandClock
) -> None:
    clock.move(seconds=5)
    emptied = changed(PERSON, a_village(PERSON, TOWNS[0], 0, 0, []), crypto, clock.now())
    gone = changed("district", a_district()["district"], crypto, clock.now(), gone=True, sealed="")
    for message in (emptied, gone):
        async with db.transaction() as tx:
            await copy(tx, message, crypto)
    made, *_ = await planned(db, crypto, AWarning(manifest).issued())
    assert isinstance(made, PlanMade)
    assert sum(d.size for d in made.deliveries) == manifest.count


async def test_picks_that_are_not_those_that_were_approved_are_refused(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    async with db.transaction() as tx:
        await tx.execute(update(PICKS).values(bits=b"\xff\xff\xff\xff\xff\xff\xf8"))
    with pytest.raises(Reject, match="not those of the manifest"):
        await planned(db, crypto, AWarning(manifest).issued())
    async with db.transaction() as tx:
        await tx.execute(delete(PICKS))
    with pytest.raises(NotFound):
        await planned(db, crypto, AWarning(manifest).issued())


async def test_a_block_from_before_there_were_columns_is_read_as_it_came(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    first, *_ = await planned(db, crypto, AWarning(manifest).issued())
    async with db.transaction() as tx:
        await tx.execute(update(BLOCKS).values(people=None, addresses=None))
    assert (await pinned(db, crypto)).channels == manifest.channels
    second, *_ = await planned(db, crypto, AWarning(manifest).issued())
    assert isinstance(first, PlanMade)
    assert isinstance(second, PlanMade)
    assert [d.size for d in second.deliveries] == [d.size for d in first.deliveries]


async def test_an_unknown_manifest_is_waited_for(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    with pytest.raises(NotFound):
        await planned(db, crypto, AWarning(manifest).issued(manifest_sha256="f" * 64))


async def test_a_manifest_of_the_other_mode_is_refused(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    with pytest.raises(Reject):
        await planned(db, crypto, AWarning(manifest).issued(mode=Mode.DRILL))


async def test_a_drill_stays_among_those_who_agreed(db: Database, crypto: SoftwareCrypto) -> None:
    manifest = await pinned_with_a_person(db, crypto, Mode.DRILL)
    messages = await planned(db, crypto, AWarning(manifest).issued())
    assert {m.mode for m in messages} == {Mode.DRILL}
    requests: list[DeliveryRequested] = of_kind(messages, DeliveryRequested)
    assert Channel.FEED not in {r.channel for r in requests}
    phones = {row[0] for r in requests if r.channel is Channel.SMS for row in opened_rows(r, crypto)}
    assert len(phones) == 13
    assert all(phone.endswith(("01", "05")) for phone in phones)
