"""The plan is the pinned manifest: cut into deliveries, sealed, said once, and ended by whatever ends it."""

import base64
import json
from pathlib import Path
from uuid import uuid4

import pytest

from contracts.canonical import list_hash, sha256_hex
from contracts.delivery import DeliveryRequested, DeliveryWithdrawn, PlanMade, SealedBatch
from contracts.message import Message
from contracts.plan import Manifest
from contracts.values import Action, Channel, Lane, Level, Mode, Withdrawal
from contracts.warning import Predecessor, WarningExpired, WarningHalted, WarningPublished
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.errors import NotFound, Reject
from services.kit.migrate import upgrade_async
from services.router.actions.copy import copy
from services.router.actions.end import end
from services.router.actions.plan import plan
from tests.router.router_make import (
    ALL,
    LIVE,
    NOON,
    TOWNS,
    AClock,
    AWarning,
    a_district,
    a_person,
    a_village,
    changed,
    fill,
    forget_said,
    of_kind,
    pinned,
    said,
)

PERSON = f"{TOWNS[0]}201"


@pytest.fixture
async def manifest(db: Database, crypto: SoftwareCrypto) -> Manifest:
    """The pinned manifest of the whole district, where one village has a person and no device."""
    return await _pinned(db, crypto)


async def _pinned(db: Database, crypto: SoftwareCrypto, mode: Mode = LIVE) -> Manifest:
    blocks = a_district()
    answers = a_person(5, PERSON, role="responsible", station=PERSON, groups=("drill",))
    usual = a_village(PERSON, TOWNS[0], 0, 0)
    blocks[PERSON] = usual.model_copy(update={"recipients": (*usual.recipients, answers)})
    await fill(db, crypto, blocks)
    return await pinned(db, crypto, mode)


async def _plan(db: Database, crypto: SoftwareCrypto, message: WarningPublished) -> list[Message]:
    """Plan a message; return what was said."""
    await forget_said(db)
    async with db.transaction() as tx:
        await plan(tx, message, crypto)
    return await said(db)


async def _end(db: Database, message: WarningHalted | WarningExpired) -> list[DeliveryWithdrawn]:
    await forget_said(db)
    async with db.transaction() as tx:
        await end(tx, message)
    messages: list[DeliveryWithdrawn] = of_kind(await said(db), DeliveryWithdrawn)
    return messages


def _halt(warning: AWarning, revision: int = 1, mode: Mode = LIVE) -> WarningHalted:
    return WarningHalted(
        mode=mode,
        lane=Lane.URGENT,
        warning_id=warning.warning_id,
        revision=revision,
        at=NOON,
        by="wang",
        reason="wrong town",
    )


def _opened(request: DeliveryRequested, crypto: SoftwareCrypto) -> list[list[str]]:
    assert request.batch is not None
    sealed = base64.b64decode(request.batch.sealed)
    assert sha256_hex(sealed) == request.batch.sha256
    rows: list[list[str]] = json.loads(
        crypto.unseal(sealed, SealedBatch.context(request.mode, request.delivery_id))
    )
    assert len(rows) == request.batch.size
    return rows


async def test_the_plan_is_the_pinned_manifest(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    first, *rest = await _plan(db, crypto, AWarning(manifest).issued())
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
    assert {r.channel for r in requests if r.cap_xml} == ALL - {Channel.SMS, Channel.WECHAT, Channel.AREA}


async def test_batches_hold_every_recipient_once_sealed_for_one_delivery(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    warning = AWarning(manifest)
    messages = await _plan(db, crypto, warning.issued())
    batches = [r for r in of_kind(messages, DeliveryRequested) if r.batch and r.channel is Channel.SMS]
    rows = {(r.batch.route, r.batch.rendering): _opened(r, crypto) for r in batches}
    phones = [row[0] for found in rows.values() for row in found]
    assert len(phones) == len(set(phones)) == 37
    for request in batches:
        hashes = base64.b64decode(request.batch.hashes)
        own = [hashes[n : n + 8] for n in range(0, len(hashes), 8)]
        assert own == sorted(own)
        assert own == [crypto.keyed_hash(row[0]) for row in _opened(request, crypto)]
    entry = manifest.targets(Channel.SMS)
    assert entry is not None
    assert list_hash(sorted(crypto.keyed_hash(phone).hex() for phone in phones)) == entry.sha256
    proof = crypto.short_token("confirm", f"live/{PERSON}/{warning.warning_id}/1")
    token = f"{PERSON}-{warning.warning_id.hex}-1-{proof}"
    assert rows["gw-ctcc", "person"] == [["13900120105", token]]
    openids = [
        _opened(r, crypto) for r in of_kind(messages, DeliveryRequested) if r.channel is Channel.WECHAT
    ]
    assert sorted(row[0] for row in openids[0]) == sorted(f"o-{code}" for code in manifest.villages)


async def test_no_phone_is_said_in_clear(db: Database, crypto: SoftwareCrypto, manifest: Manifest) -> None:
    messages = await _plan(db, crypto, AWarning(manifest).issued())
    assert not [m for m in messages if b"13900" in m.to_bytes()]


async def test_a_repeated_warning_repeats_the_plan_and_requests_nothing(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    warning = AWarning(manifest)
    first, *_ = await _plan(db, crypto, warning.issued())
    assert await _plan(db, crypto, warning.issued()) == [first]


async def test_another_replica_after_a_crash_makes_the_very_same_plan(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest, tmp_path: Path, clock: AClock
) -> None:
    url = f"sqlite:///{tmp_path}/second.db"
    await upgrade_async(url, "services.router.migrations")
    second = Database("router", url, clock)
    assert (await _pinned(second, crypto)).channels != ()
    warning = AWarning(manifest).issued()
    for attempt in range(2):
        with pytest.raises(ZeroDivisionError):
            async with db.transaction() as tx:
                await plan(tx, warning, crypto)
                raise ZeroDivisionError(attempt)
    assert of_kind(await said(db), PlanMade) == []
    one, *requests = await _plan(db, crypto, warning)
    twin = warning.model_copy(update={"manifest_sha256": (await _pinned(second, crypto)).sha256})
    other, *others = await _plan(second, crypto, twin)
    await second.close()
    assert isinstance(one, PlanMade)
    assert isinstance(other, PlanMade)
    assert one.deliveries == other.deliveries
    hashes = [[r.batch.hashes for r in found if r.batch] for found in (requests, others)]
    assert hashes[0] == hashes[1]


async def test_a_plan_uses_the_pinned_version_whatever_came_since(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest, clock: AClock
) -> None:
    clock.move(seconds=5)
    emptied = changed(PERSON, a_village(PERSON, TOWNS[0], 0, 0, []), crypto, clock.now())
    gone = changed("district", a_district()["district"], crypto, clock.now(), gone=True, sealed="")
    for message in (emptied, gone):
        async with db.transaction() as tx:
            await copy(tx, message, crypto)
    made, *_ = await _plan(db, crypto, AWarning(manifest).issued())
    assert isinstance(made, PlanMade)
    assert sum(d.size for d in made.deliveries) == manifest.count


async def test_an_unknown_manifest_is_waited_for(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    with pytest.raises(NotFound):
        await _plan(db, crypto, AWarning(manifest).issued(manifest_sha256="f" * 64))


async def test_a_manifest_of_the_other_mode_is_refused(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    with pytest.raises(Reject):
        await _plan(db, crypto, AWarning(manifest).issued(mode=Mode.DRILL))


async def test_a_drill_stays_among_those_who_agreed(db: Database, crypto: SoftwareCrypto) -> None:
    manifest = await _pinned(db, crypto, Mode.DRILL)
    messages = await _plan(db, crypto, AWarning(manifest).issued())
    assert {m.mode for m in messages} == {Mode.DRILL}
    requests: list[DeliveryRequested] = of_kind(messages, DeliveryRequested)
    assert Channel.FEED not in {r.channel for r in requests}
    phones = {row[0] for r in requests if r.channel is Channel.SMS for row in _opened(r, crypto)}
    assert len(phones) == 13
    assert all(phone.endswith(("01", "05")) for phone in phones)


async def test_an_update_withdraws_its_predecessor_and_replaces_it(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    warning = AWarning(manifest, level=Level.BLUE)
    before: list[DeliveryRequested] = of_kind(await _plan(db, crypto, warning.issued()), DeliveryRequested)
    assert {r.lane for r in before} == {Lane.ROUTINE}
    messages = await _plan(db, crypto, warning.updated())
    withdrawn: list[DeliveryWithdrawn] = of_kind(messages, DeliveryWithdrawn)
    assert messages[: len(withdrawn)] == withdrawn
    assert {(w.channel, w.revision, w.reason, w.lane) for w in withdrawn} == {
        (channel, 1, Withdrawal.UPDATED, Lane.URGENT) for channel in ALL
    }
    after: list[DeliveryRequested] = of_kind(messages, DeliveryRequested)
    assert {(r.action, r.lane, r.revision) for r in after} == {(Action.REPLACE, Lane.URGENT, 2)}
    earlier = {(r.channel, r.targets): r.delivery_id for r in before if r.targets}
    for request in after:
        known = earlier.get((request.channel, request.targets))
        assert request.references == ((known,) if known else ())


async def test_a_lift_is_spread_to_those_who_were_told(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    warning = AWarning(manifest)
    first, *_ = await _plan(db, crypto, warning.issued())
    messages = await _plan(db, crypto, warning.cancelled())
    (made,) = of_kind(messages, PlanMade)
    assert isinstance(first, PlanMade)
    assert [(d.channel, d.size) for d in made.deliveries] == [(d.channel, d.size) for d in first.deliveries]
    assert {r.action for r in of_kind(messages, DeliveryRequested)} == {Action.STOP}
    assert {w.reason for w in of_kind(messages, DeliveryWithdrawn)} == {Withdrawal.CANCELLED}


async def test_a_superseded_warning_is_withdrawn_and_a_drill_cannot_mute_a_real_one(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    yellow = AWarning(manifest, level=Level.YELLOW)
    await _plan(db, crypto, yellow.issued())
    muted = (Predecessor(warning_id=yellow.warning_id, revision=1),)
    practice = AWarning(await _pinned(db, crypto, Mode.DRILL))
    assert of_kind(await _plan(db, crypto, practice.issued(supersedes=muted)), DeliveryWithdrawn) == []
    messages = await _plan(db, crypto, AWarning(manifest).issued(supersedes=muted))
    withdrawn: list[DeliveryWithdrawn] = of_kind(messages, DeliveryWithdrawn)
    assert {(w.warning_id, w.reason) for w in withdrawn} == {(yellow.warning_id, Withdrawal.SUPERSEDED)}
    assert {w.channel for w in withdrawn} == ALL


async def test_a_halt_and_an_expiry_end_their_own_revision_once(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    warning, other = AWarning(manifest), AWarning(manifest)
    await _plan(db, crypto, warning.issued())
    withdrawn = await _end(db, _halt(warning))
    assert {(w.channel, w.revision, w.reason) for w in withdrawn} == {
        (channel, 1, Withdrawal.HALTED) for channel in ALL
    }
    assert await _end(db, _halt(warning)) == []
    await _plan(db, crypto, other.issued())
    expired = WarningExpired(mode=LIVE, lane=Lane.URGENT, warning_id=other.warning_id, revision=1, at=NOON)
    assert {w.reason for w in await _end(db, expired)} == {Withdrawal.EXPIRED}


async def test_what_was_ended_before_its_plan_is_withdrawn_first_and_still_accounted_for(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    warning = AWarning(manifest)
    assert await _end(db, _halt(warning)) == []
    made, *rest = await _plan(db, crypto, warning.issued())
    assert isinstance(made, PlanMade)
    withdrawn: list[DeliveryWithdrawn] = of_kind(rest, DeliveryWithdrawn)
    assert rest[: len(withdrawn)] == withdrawn
    assert {(w.channel, w.reason) for w in withdrawn} == {(channel, Withdrawal.HALTED) for channel in ALL}
    assert sum(r.size for r in of_kind(rest, DeliveryRequested)) == manifest.count


async def test_an_alert_that_comes_after_its_update_is_withdrawn_and_the_update_stands(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    warning = AWarning(manifest)
    newer = await _plan(db, crypto, warning.updated())
    assert of_kind(newer, DeliveryWithdrawn) == []
    older = await _plan(db, crypto, warning.issued())
    withdrawn: list[DeliveryWithdrawn] = of_kind(older, DeliveryWithdrawn)
    assert {(w.revision, w.reason) for w in withdrawn} == {(1, Withdrawal.UPDATED)}


async def test_a_halt_of_something_else_ends_nothing(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    warning = AWarning(manifest)
    await _end(db, _halt(AWarning(manifest, warning_id=uuid4())))
    await _end(db, _halt(warning, mode=Mode.DRILL))
    assert of_kind(await _plan(db, crypto, warning.issued()), DeliveryWithdrawn) == []
