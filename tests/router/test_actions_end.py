"""What ends a revision ends it: an update, a lift, a halt, an expiry, a worse warning; early or late."""

from uuid import uuid4

from contracts.delivery import DeliveryRequested, DeliveryWithdrawn, PlanMade
from contracts.plan import Manifest
from contracts.values import Action, Lane, Level, Mode, Withdrawal
from contracts.warning import Predecessor, WarningExpired, WarningHalted
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.router.actions.end import end
from tests.outbox import said
from tests.router.registry_make import ALL, LIVE, NOON
from tests.router.router_make import AWarning, a_halt, forget_said, of_kind, pinned_with_a_person, planned


async def ended(db: Database, message: WarningHalted | WarningExpired) -> list[DeliveryWithdrawn]:
    """End a revision; return the withdrawals that were said."""
    await forget_said(db)
    async with db.transaction() as tx:
        await end(tx, message)
    messages: list[DeliveryWithdrawn] = of_kind(await said(db), DeliveryWithdrawn)
    return messages


async def test_an_update_withdraws_its_predecessor_and_replaces_it(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    warning = AWarning(manifest, level=Level.BLUE)
    before: list[DeliveryRequested] = of_kind(await planned(db, crypto, warning.issued()), DeliveryRequested)
    assert {r.lane for r in before} == {Lane.ROUTINE}
    messages = await planned(db, crypto, warning.updated())
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
    first, *_ = await planned(db, crypto, warning.issued())
    messages = await planned(db, crypto, warning.cancelled())
    (made,) = of_kind(messages, PlanMade)
    assert isinstance(first, PlanMade)
    assert [(d.channel, d.size) for d in made.deliveries] == [(d.channel, d.size) for d in first.deliveries]
    assert {r.action for r in of_kind(messages, DeliveryRequested)} == {Action.STOP}
    assert {w.reason for w in of_kind(messages, DeliveryWithdrawn)} == {Withdrawal.CANCELLED}


async def test_a_superseded_warning_is_withdrawn_and_a_drill_cannot_mute_a_real_one(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    yellow = AWarning(manifest, level=Level.YELLOW)
    await planned(db, crypto, yellow.issued())
    muted = (Predecessor(warning_id=yellow.warning_id, revision=1),)
    practice = AWarning(await pinned_with_a_person(db, crypto, Mode.DRILL))
    assert of_kind(await planned(db, crypto, practice.issued(supersedes=muted)), DeliveryWithdrawn) == []
    messages = await planned(db, crypto, AWarning(manifest).issued(supersedes=muted))
    withdrawn: list[DeliveryWithdrawn] = of_kind(messages, DeliveryWithdrawn)
    assert {(w.warning_id, w.reason) for w in withdrawn} == {(yellow.warning_id, Withdrawal.SUPERSEDED)}
    assert {w.channel for w in withdrawn} == ALL


async def test_a_halt_and_an_expiry_end_their_own_revision_once(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    warning, other = AWarning(manifest), AWarning(manifest)
    await planned(db, crypto, warning.issued())
    withdrawn = await ended(db, a_halt(warning))
    assert {(w.channel, w.revision, w.reason) for w in withdrawn} == {
        (channel, 1, Withdrawal.HALTED) for channel in ALL
    }
    assert await ended(db, a_halt(warning)) == []
    await planned(db, crypto, other.issued())
    expired = WarningExpired(mode=LIVE, lane=Lane.URGENT, warning_id=other.warning_id, revision=1, at=NOON)
    assert {w.reason for w in await ended(db, expired)} == {Withdrawal.EXPIRED}


async def test_what_was_ended_before_its_plan_is_withdrawn_first_and_still_accounted_for(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    warning = AWarning(manifest)
    assert await ended(db, a_halt(warning)) == []
    made, *rest = await planned(db, crypto, warning.issued())
    assert isinstance(made, PlanMade)
    withdrawn: list[DeliveryWithdrawn] = of_kind(rest, DeliveryWithdrawn)
    assert rest[: len(withdrawn)] == withdrawn
    assert {(w.channel, w.reason) for w in withdrawn} == {(channel, Withdrawal.HALTED) for channel in ALL}
    assert sum(r.size for r in of_kind(rest, DeliveryRequested)) == manifest.count


async def test_an_alert_that_comes_after_its_update_is_withdrawn_and_the_update_stands(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    warning = AWarning(manifest)
    newer = await planned(db, crypto, warning.updated())
    assert of_kind(newer, DeliveryWithdrawn) == []
    older = await planned(db, crypto, warning.issued())
    withdrawn: list[DeliveryWithdrawn] = of_kind(older, DeliveryWithdrawn)
    assert {(w.revision, w.reason) for w in withdrawn} == {(1, Withdrawal.UPDATED)}


async def test_a_halt_of_something_else_ends_nothing(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest
) -> None:
    warning = AWarning(manifest)
    await ended(db, a_halt(AWarning(manifest, warning_id=uuid4())))
    await ended(db, a_halt(warning, mode=Mode.DRILL))
    assert of_kind(await planned(db, crypto, warning.issued()), DeliveryWithdrawn) == []
