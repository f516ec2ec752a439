"""What changed in the registry before a warning: what touched its places, who made it, who confirmed it."""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from contracts.fact import Fact
from contracts.registry import BlockChanged
from services.audit.model.changes import Ground
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import NOON, STATIONS, TOWN, AWarning, a_fact

EARLIER = NOON - timedelta(days=3)


@pytest.fixture
async def audit(database_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Asked]:
    async with asked(database_url, clean_nats_url, tmp_path) as found:
        yield found


def block(name: str, gone: bool = False) -> BlockChanged:
    sealed = "" if gone else base64.b64encode(b"not ours").decode()
    return BlockChanged(block=name, sha256="0" * 64, sealed=sealed, gone=gone, at=EARLIER)


def fact(kind: str, about: str | None, by: str | None = "op1", **more: Any) -> Fact:
    given = {"kind": kind, "about": about, "actor": by, "service": "registry", "at": EARLIER, "detail": {}}
    return a_fact(**{**given, **more})


async def changes(audit: Asked, warning: AWarning, **query: Any) -> Any:
    return await audit.json(f"/warnings/{warning.warning_id}/registry", **query)


async def test_changes_name_their_makers_and_what_they_touch(audit: Asked) -> None:
    warning = AWarning()
    await audit.book.say(
        block(STATIONS[0]),
        block(f"{STATIONS[1]}-2"),
        block(TOWN),
        block("district"),
        block("500110999001", gone=True),
        fact("registry.imported", "recipients", "op2", detail={"read_by": "op1", "added": 3, "changed": "x"}),
        fact("registry.changed", STATIONS[0], detail={"what": "stations"}),
        fact("key.issued", STATIONS[2], "op2", detail={"proposed_by": "op1", "keys": 2}),
        fact("proposal.confirmed", "gateways:cmcc-1", "op2", detail={"what": "row", "proposed_by": "op1"}),
        fact("registry.changed", "cmcc-1", "op2", detail={"what": "gateways"}),
        fact("proposal.confirmed", "sun", "op2", service="issuer"),
        fact("session.opened", None),
        at=EARLIER,
    )
    await audit.book.say(*warning.whole())
    await audit.book.say(block(STATIONS[0]), at=NOON + timedelta(seconds=1))
    found = await changes(audit, warning)
    assert (found["revision"], found["towns"], found["villages"]) == (1, 1, 3)
    told = {(c["kind"], c["thing"]): c for c in found["data"]}
    touched = {(kind, thing): c["touches"] for (kind, thing), c in told.items()}
    assert touched == {
        ("registry.block", STATIONS[0]): True,
        ("registry.block", f"{STATIONS[1]}-2"): True,
        ("registry.block", TOWN): True,
        ("registry.block", "district"): True,
        ("registry.block-gone", "500110999001"): False,
        ("registry.imported", "recipients"): None,
        ("registry.changed", STATIONS[0]): True,
        ("key.issued", STATIONS[2]): True,
        ("proposal.confirmed", "gateways:cmcc-1"): True,
        ("registry.changed", "cmcc-1"): True,
    }
    hands = {key: (c["made_by"], c["confirmed_by"]) for key, c in told.items()}
    assert hands["registry.imported", "recipients"] == ("op1", "op2")
    assert hands["registry.changed", STATIONS[0]] == ("op1", None)
    assert hands["key.issued", STATIONS[2]] == ("op1", "op2")
    assert hands["proposal.confirmed", "gateways:cmcc-1"] == ("op1", "op2")
    assert hands["registry.changed", "cmcc-1"] == ("op1", "op2")
    assert told["registry.imported", "recipients"]["counts"] == {"added": 3}
    assert found["counts"]["registry.changed"] == 7


async def test_only_the_days_that_are_asked_for_are_shown(audit: Asked) -> None:
    warning = AWarning()
    for days in (1, 6, 8, 40):
        await audit.book.say(fact("registry.added", f"p{days}"), at=NOON - timedelta(days=days))
    await audit.book.say(warning.published())
    for days, expected in {1: ["p1"], 7: ["p1", "p6"], 60: ["p1", "p6", "p8", "p40"]}.items():
        assert [c["thing"] for c in (await changes(audit, warning, days=days))["data"]] == expected


async def test_changes_are_paged_and_other_places_left_out(audit: Asked) -> None:
    warning = AWarning()
    said = [block(STATIONS[n % 3]) if n % 2 else block("500110999001") for n in range(20)]
    await audit.book.say(*said, fact("proposal.made", "sun", service="issuer"), at=EARLIER)
    await audit.book.say(*warning.whole())
    seen: list[int] = []
    page = await changes(audit, warning, limit=3, touching=True)
    while True:
        seen += [c["position"] for c in page["data"]]
        if not page["has_more"]:
            break
        page = await changes(audit, warning, limit=3, touching=True, after=page["next"])
    assert seen == list(range(20, 0, -2))
    everything = await changes(audit, warning, limit=500, kind="registry.changed")
    assert len(everything["data"]) == 20


async def test_an_update_has_a_time_of_its_own(audit: Asked) -> None:
    warning = AWarning()
    await audit.book.say(warning.published(), fact("registry.added", "between"))
    update = warning.updated(2).model_copy(update={"approved_at": NOON + timedelta(hours=1)})
    await audit.book.say(update, at=NOON + timedelta(hours=1))
    assert (await changes(audit, warning, revision=2))["data"][0]["thing"] == "between"
    assert (await changes(audit, warning))["revisions"] == [1, 2]
    path = f"/api/v1/audit/warnings/{warning.warning_id}/registry"
    assert (await audit.get(path, revision=3)).status_code == 404
    assert (await audit.get(f"/api/v1/audit/warnings/{uuid4()}/registry")).status_code == 404
    assert (await audit.get(path, days=0)).status_code == 422
    assert (await audit.get(path, after="nonsense")).status_code == 422


async def test_odd_facts_break_no_page(audit: Asked) -> None:
    warning = AWarning()
    odd: list[dict[str, Any]] = [
        {"what": 7, "read_by": ["x"]},
        {"proposed_by": {}},
        {"added": True, "keys": 2**70},
    ]
    said = [fact("registry.imported", None, None, detail=detail) for detail in odd]
    await audit.book.say(*said, fact("registry.changed", ":::", "op1", detail={}), at=EARLIER)
    await audit.book.say(*warning.whole())
    assert len((await changes(audit, warning))["data"]) == 4
    for query in ({"lang": "en"}, {"days": 30, "touching": "yes", "revision": 1}):
        reply = await audit.get(f"/audit/warnings/{warning.warning_id}/registry", **query)
        assert reply.status_code == 200, reply.text
        assert "registry.imported" not in reply.text


@pytest.mark.parametrize(
    ("thing", "touches"),
    [
        ("district-2", True),
        ("500110001", True),
        ("500110002", False),
        ("500110001000", True),
        ("500110001002", True),
        ("500110001009", False),
        ("stations:500110001002", True),
        ("cmcc-1", True),
        ("cucc-1", None),
        ("p-17", None),
        ("", None),
        (None, None),
    ],
)
def test_what_touches_a_ground(thing: str | None, touches: bool | None) -> None:
    ground = Ground(frozenset({TOWN}), frozenset(STATIONS), frozenset({"cmcc-1"}))
    assert ground.touched_by(thing) is touches
