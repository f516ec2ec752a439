"""A registry that changes after the plan: shown, decided on once by a person, numbered, and counted."""

from uuid import uuid4

import httpx
import pytest

from contracts.amendment import PlanAmended
from contracts.delivery import DeliveryRequested, PlanMade
from contracts.difference import ROUTER, DifferenceTold
from contracts.plan import Manifest
from contracts.registry import StationEntry
from contracts.values import Channel, Lane, Mode, StationClass
from services.kit.crypto import SoftwareCrypto
from services.kit.db import Database
from services.kit.errors import NotFound, Refused
from services.router.actions.again import again
from services.router.actions.amend import Decision, amend, drift
from services.router.actions.copy import copy
from services.router.actions.end import end
from services.router.actions.library import Library
from tests.clock import HandClock
from tests.outbox import said
from tests.router.registry_make import PERSON, TOWNS, a_person, a_village, changed
from tests.router.router_make import AWarning, a_halt, forget_said, of_kind, opened_rows, planned

VILLAGE = f"{TOWNS[1]}202"


async def _changed(db: Database, crypto: SoftwareCrypto, clock: HandClock, *numbers: int) -> None:
    """Let a village have other people, and one station more."""
    clock.move(seconds=5)
    people = [a_person(number, VILLAGE) for number in numbers]
    stations = tuple(
        StationEntry(code=code, name=code, station_class=StationClass.TERMINAL) for code in (VILLAGE, "K2001")
    )
    block = a_village(VILLAGE, TOWNS[1], 1, 1, people, stations=stations)
    async with db.transaction() as tx:
        await copy(tx, changed(VILLAGE, block, crypto, clock.now()), crypto)
    await forget_said(db)


async def _planned(db: Database, crypto: SoftwareCrypto, manifest: Manifest) -> AWarning:
    warning = AWarning(manifest)
    await planned(db, crypto, warning.issued())
    await forget_said(db)
    return warning


async def test_those_who_came_are_reached_when_somebody_says_so(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest, clock: HandClock
) -> None:
    warning, library = await _planned(db, crypto, manifest), Library(crypto)
    await _changed(db, crypto, clock, 1, 2, 7, 8)
    found = await drift(db, library, warning.warning_id)
    assert {c.channel: (len(c.added), len(c.removed)) for c in found.changes} == {
        Channel.STATION: (1, 0),
        Channel.SMS: (2, 1),
        Channel.WECHAT: (0, 1),
    }
    decision = Decision(found.registry.version, True, "wang")
    amendment = await amend(db, library, crypto, warning.warning_id, decision)
    assert (amendment.number, amendment.taken) == (1, True)
    messages = await said(db)
    (amended,) = of_kind(messages, PlanAmended)
    requests = of_kind(messages, DeliveryRequested)
    assert [(d.delivery_id, d.size) for d in amended.deliveries] == [
        (r.delivery_id, r.size) for r in requests
    ]
    assert {r.channel: r.targets for r in requests if r.targets} == {Channel.STATION: ("K2001",)}
    phones = [row[0] for r in requests if r.batch for row in opened_rows(r, crypto)]
    assert sorted(phones) == sorted(a_person(number, VILLAGE).phone for number in (7, 8))
    assert {entry.channel: entry.count for entry in amended.channels} == {Channel.STATION: 1, Channel.SMS: 2}
    again = await drift(db, library, warning.warning_id)
    assert not [change for change in again.changes if change.added]


async def test_no_is_a_numbered_decision_too_and_nobody_is_told(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest, clock: HandClock
) -> None:
    warning, library = await _planned(db, crypto, manifest), Library(crypto)
    await _changed(db, crypto, clock, 0, 1, 2, 7)
    version = (await drift(db, library, warning.warning_id)).registry.version
    await amend(
        db, library, crypto, warning.warning_id, Decision(version, False, "wang", "too late for them")
    )
    (fact,) = await said(db)
    assert fact.kind == "plan.amendment-declined"
    with pytest.raises(Refused, match="nobody was added"):
        await amend(db, library, crypto, warning.warning_id, Decision(version, True, "wang"))
    await _changed(db, crypto, clock, 0, 1, 2, 7, 8)
    version = (await drift(db, library, warning.warning_id)).registry.version
    second = await amend(db, library, crypto, warning.warning_id, Decision(version, True, "li"))
    assert (second.number, {c: len(names) for c, names in second.added.items()}) == (2, {"sms": 1})


async def test_what_was_not_looked_at_and_what_is_over_is_refused(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest, clock: HandClock
) -> None:
    warning, library = await _planned(db, crypto, manifest), Library(crypto)
    await _changed(db, crypto, clock, 7)
    with pytest.raises(Refused, match="changed once more"):
        await amend(db, library, crypto, warning.warning_id, Decision("0" * 64, True, "wang"))
    async with db.transaction() as tx:
        await end(tx, a_halt(warning))
    await forget_said(db)
    version = (await drift(db, library, warning.warning_id)).registry.version
    with pytest.raises(Refused, match="over"):
        await amend(db, library, crypto, warning.warning_id, Decision(version, True, "wang"))
    assert await said(db) == []
    with pytest.raises(NotFound):
        await drift(db, library, uuid4())


async def test_changes_and_decisions_over_http(
    http: httpx.AsyncClient, db: Database, crypto: SoftwareCrypto, manifest: Manifest, clock: HandClock
) -> None:
    assert manifest.mode is Mode.LIVE
    assert PERSON in manifest.villages
    warning = await _planned(db, crypto, manifest)
    await _changed(db, crypto, clock, 0, 1, 2, 7)
    path = f"/api/v1/plans/{warning.warning_id}"
    changes = (await http.get(f"{path}/changes")).json()
    stations = next(one for one in changes["changes"] if one["channel"] == "station")
    assert stations["added_names"] == ["K2001"]
    body = {"registry_version": changes["registry_version"], "take": True}
    refused = await http.post(f"{path}/amendments", json=body)
    assert refused.status_code == 403
    signer = {"authorization": "Bearer signer"}
    taken = (await http.post(f"{path}/amendments", json=body, headers=signer)).json()
    assert (taken["number"], taken["decided_by"], taken["added"]) == (1, "signer", {"sms": 1, "station": 1})
    later = (await http.get(f"{path}/changes")).json()
    assert [one["number"] for one in later["amendments"]] == [1]
    assert not [one for one in later["changes"] if one["added"]]


async def test_what_was_added_is_said_again_beside_the_plan_when_the_audit_misses_it(
    db: Database, crypto: SoftwareCrypto, manifest: Manifest, clock: HandClock
) -> None:
    warning, library = await _planned(db, crypto, manifest), Library(crypto)
    for numbers, take in (((7,), True), ((7, 8), False), ((7, 8, 9), True)):
        await _changed(db, crypto, clock, 0, 1, 2, *numbers)
        version = (await drift(db, library, warning.warning_id)).registry.version
        decision = Decision(version, take, "wang", "" if take else "too late for them")
        await amend(db, library, crypto, warning.warning_id, decision)
    clock.move(seconds=600)
    newest = of_kind(await said(db), PlanAmended)
    before = len(await said(db))
    told = DifferenceTold(
        mode=Mode.LIVE,
        lane=Lane.URGENT,
        owner=ROUTER,
        what="plan-missing",
        warning_id=warning.warning_id,
        revision=1,
        at=clock.now(),
        time=1,
    )
    async with db.transaction() as tx:
        await again(tx, told)
    made, *amended, fact = (await said(db))[before:]
    assert isinstance(made, PlanMade)
    assert [one.number for one in amended] == [3], "the first one is not in the outbox any more"
    assert amended == newest
    assert fact.kind == "difference.driven"
