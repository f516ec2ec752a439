"""Who approved: the facts of the issuer beside what was published, and where they differ."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from contracts.fact import Fact
from contracts.values import Level, Mode
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import NOON, AWarning, a_fact


@pytest.fixture
async def audit(database_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Asked]:
    async with asked(database_url, clean_nats_url, tmp_path) as found:
        yield found


def act(warning: AWarning, what: str, by: str | None, minutes: float, **detail: Any) -> Fact:
    """Return the fact of somebody's act, so many minutes before the approval at noon."""
    hashes = {"content_sha256": "1" * 64, "manifest_sha256": warning.manifest.sha256}
    return a_fact(
        kind=f"warning.{what}",
        mode=warning.mode,
        warning_id=str(warning.warning_id),
        actor=by,
        source="10.31.1.2",
        at=warning.at - timedelta(minutes=minutes),
        detail={"revision": 1, **hashes, "note": "", **detail},
    )


def proper(warning: AWarning) -> list[Fact]:
    """Return the acts of a warning as they should be: three people, one text."""
    return [
        act(warning, "drafted", "zhang", 9),
        act(warning, "submitted", "zhang", 5),
        act(warning, "approved", "li", 3),
        act(warning, "approved", "wang", 0),
    ]


async def one(audit: Asked, **query: Any) -> Any:
    (found,) = (await audit.json("/approvals", **query))["data"]
    return found


async def test_facts_and_publication_agree(audit: Asked) -> None:
    warning = AWarning()
    await audit.book.say(*proper(warning), warning.published())
    found = await one(audit)
    assert found["disagreements"] == []
    assert [a["person"] for a in found["approvals"]] == ["li", "wang"]
    assert (found["submitted"]["person"], found["submitted"]["source"]) == ("zhang", "10.31.1.2")
    assert (found["different"], found["emergency"], found["approved_by"]) == (True, False, ["李", "王"])
    assert found["approvals"][0]["content_sha256"] == "1" * 64


async def test_facts_that_come_last_and_out_of_order_count_the_same(audit: Asked) -> None:
    warning = AWarning()
    await audit.book.say(warning.published(), *reversed(proper(warning)))
    found = await one(audit)
    assert found["disagreements"] == []
    assert [a["person"] for a in found["approvals"]] == ["li", "wang"]


@pytest.mark.parametrize(
    ("acts", "code"),
    [
        ([], "approval-missing"),
        ([("approved", "li", 1, {})], "approvers-count"),
        (
            [("approved", "li", 1, {"content_sha256": "2" * 64}), ("approved", "wang", 0, {})],
            "content-differs",
        ),
        (
            [("approved", "li", 1, {"manifest_sha256": "2" * 64}), ("approved", "wang", 0, {})],
            "manifest-differs",
        ),
        ([("approved", "li", 1, {"content_sha256": 7}), ("approved", "wang", 0, {})], "hash-missing"),
        ([("approved", None, 1, {}), ("approved", "wang", 0, {})], "person-missing"),
        ([("approved", "zhang", 1, {}), ("approved", "wang", 0, {})], "same-person"),
        ([("approved", "li", 1, {}), ("approved", "li", 0, {})], "same-person"),
        (
            [("approved", "li", 1, {}), ("edited", "zhang", 0.5, {}), ("approved", "wang", 0, {})],
            "approvers-count",
        ),
        ([("approved", "li", 1, {}), ("approved", "wang", -5, {})], "approved-after"),
    ],
)
async def test_every_disagreement_is_named(
    audit: Asked, acts: list[tuple[str, str | None, float, dict[str, Any]]], code: str
) -> None:
    warning = AWarning()
    said = [act(warning, what, by, minutes, **more) for what, by, minutes, more in acts]
    await audit.book.say(*proper(warning)[:2], *said, warning.published())
    assert code in (await one(audit))["disagreements"]


async def test_approvals_of_before_a_return_are_void(audit: Asked) -> None:
    warning = AWarning()
    early = [act(warning, "submitted", "zhang", 8), act(warning, "approved", "hu", 7)]
    returned = act(warning, "returned", "hu", 6, note="打给 13812345678 再改")
    reviewed = act(warning, "emergency-reviewed", "sun", -60, note="right: 13812345678")
    await audit.book.say(*early, returned, *proper(warning), warning.published(), reviewed)
    found = await one(audit)
    assert [a["person"] for a in found["void"]] == ["hu"]
    assert found["disagreements"] == []
    assert [(a["person"], a["note"]) for a in found["reviews"]] == [("sun", "right: 138****5678")]


async def test_strange_facts_break_nothing(audit: Asked) -> None:
    warning = AWarning()
    odd: list[dict[str, Any]] = [
        {},
        {"revision": "one", "content_sha256": ["x"], "note": {"a": 1}, "emergency": 3},
        {"revision": True},
        {"revision": 2**40},
        {"revision": -1},
        {"revision": 2, "note": "\x00" + "长" * 5000},
    ]
    facts = [
        a_fact(kind="warning.approved", warning_id=str(warning.warning_id), actor=None, detail=detail)
        for detail in odd
    ]
    facts += [
        a_fact(kind="warning.approved", warning_id="no warning at all", detail={}),
        a_fact(kind="warning.x"),
    ]
    await audit.book.say(*facts, warning.published())
    found = await one(audit)
    assert len(found["approvals"]) == 5
    assert {"person-missing", "hash-missing", "approvers-count"} <= set(found["disagreements"])
    assert (await audit.get("/audit/approvals", lang="en")).status_code == 200


async def test_parts_notes_and_lifts_are_what_they_are(audit: Asked) -> None:
    part, note, lifted, lead = AWarning(), AWarning(), AWarning(), uuid4()
    await audit.book.say(
        act(part, "drafted", "zhang", 5, note=f"as a part of {lead}"),
        act(part, "approved", "wang", 0),
        part.published(),
        act(note, "note-sent", "chen", 0, note="古南街道: 注意"),
        note.published(),
        *proper(lifted),
        lifted.published(),
        act(lifted, "approved", "li", -10, revision=2),
        lifted.cancelled(2).model_copy(update={"at": NOON + timedelta(minutes=11)}),
    )
    found = {(a["warning_id"], a["revision"]): a for a in (await audit.json("/approvals"))["data"]}
    assert found[str(part.warning_id), 1]["part_of"] == str(lead)
    assert found[str(part.warning_id), 1]["disagreements"] == []
    assert found[str(note.warning_id), 1]["note"]
    assert found[str(note.warning_id), 1]["disagreements"] == []
    assert found[str(lifted.warning_id), 1]["disagreements"] == []
    assert found[str(lifted.warning_id), 2]["disagreements"] == ["approvers-count"]


async def test_approvals_are_filtered_and_paged(audit: Asked) -> None:
    many = [AWarning(at=NOON - timedelta(days=n), level=Level.RED if n % 2 else Level.BLUE) for n in range(6)]
    drill = AWarning(mode=Mode.DRILL)
    for warning in (*many, drill):
        await audit.book.say(*proper(warning), warning.published())
    hurried = AWarning(at=NOON - timedelta(days=9))
    told = [act(hurried, "submitted", "zhao", 5, emergency="山洪"), act(hurried, "approved", "qian", 0)]
    await audit.book.say(*told, hurried.published())
    page = await audit.json("/approvals", limit=2, mode="live", person="wang")
    ids = [line["warning_id"] for line in page["data"]]
    while page["has_more"]:
        page = await audit.json("/approvals", limit=2, mode="live", person="wang", after=page["next"])
        ids += [line["warning_id"] for line in page["data"]]
    assert ids == [str(warning.warning_id) for warning in many]
    count = {
        "level": ({"level": "RED"}, 5),
        "hazard": ({"hazard": "11B03"}, 8),
        "other hazard": ({"hazard": "11B99"}, 0),
        "drill": ({"mode": "drill"}, 1),
        "person": ({"person": "qian"}, 1),
        "nobody": ({"person": "nobody"}, 0),
        "emergency": ({"emergency": "true"}, 1),
        "no emergency": ({"emergency": "false"}, 7),
        "period": ({"from": "2026-05-30", "to": "2026-05-31"}, 2),
    }
    for name, (query, expected) in count.items():
        assert len((await audit.json("/approvals", **query))["data"]) == expected, name
    assert (await one(audit, emergency="true"))["emergency"]
    for bad in ("nonsense", "MTIz", "MS8yLzM="):
        assert (await audit.get("/api/v1/audit/approvals", after=bad)).status_code == 422


async def test_a_person_of_another_revision_has_no_part_in_this_one(audit: Asked) -> None:
    warning = AWarning()
    later = warning.updated(2).model_copy(update={"at": NOON + timedelta(minutes=5)})
    await audit.book.say(*proper(warning), warning.published())
    await audit.book.say(act(warning, "approved", "hu", -4, revision=2), later)
    assert (await one(audit, person="hu"))["revision"] == 2
    assert (await one(audit, person="wang"))["revision"] == 1


async def test_the_page_of_approvals_shows(audit: Asked) -> None:
    warning = AWarning()
    await audit.book.say(*proper(warning), warning.published())
    for query in ({"lang": "en"}, {"person": "wang", "level": "RED", "emergency": "no"}, {"level": "PINK"}):
        reply = await audit.get("/audit/approvals", **query)
        assert reply.status_code == 200, reply.text
        assert "wang" in reply.text
    assert (await audit.get("/audit/approvals", "drafter")).status_code == 403
