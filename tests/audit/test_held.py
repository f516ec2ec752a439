"""Holds are checked offline: what was deleted although a hold stood over it is found with the file alone."""

import asyncio
import tempfile
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import pytest
from sqlalchemy import select

from contracts.canonical import canonical_bytes
from contracts.fact import Fact
from services.audit.actions import keeping as acts
from services.audit.actions import walk
from services.audit.actions.keeping import Wish
from services.audit.actions.sign import Signer
from services.audit.model.agreements import Hold
from services.audit.model.entry import read
from services.audit.proof import transcript
from services.audit.proof.transcript import RecordLine, TombstoneLine
from services.audit.store.tables import RECORDS
from services.kit.clock import microseconds
from tests.audit.audit_make import NOON, a_fact
from tests.audit.forging_make import checked, rebuilt
from tests.audit.keeping_make import RULES, AKeeping, a_keeping, filled
from tests.audit.odd_make import VALUES
from tests.audit.test_tampering import BEFORE, _story
from tests.audit.test_verify import Exported

HOLD = "00000000-0000-7000-8000-0000000000aa"


@pytest.fixture(scope="module")
def story() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        yield asyncio.run(_story(Path(folder)))


@pytest.fixture(scope="module")
def sound(story: tuple[Exported, Signer]) -> Exported:
    return story[0]


@pytest.fixture(scope="module")
def signer(story: tuple[Exported, Signer]) -> Signer:
    return story[1]


def a_hold(**detail: Any) -> bytes:
    given = {"scope": "period", "over": "", "from_us": 0, "until_us": 0, "reason": "a court", **detail}
    fact = a_fact(kind="hold.placed", service="audit", actor="zhou", about=HOLD, detail=given)
    return canonical_bytes(fact)


def kind_of(found: Any) -> str:
    return read(found.leaf.subject, found.payload).kind if isinstance(found, RecordLine) else ""


def with_hold(sound: Exported, signer: Signer, hold: bytes, listed: Any = None) -> list[bytes]:
    """Let a hold have been placed before anything was listed, as somebody with the ledger's key could."""

    def change(found: Any) -> bytes | None:
        kind = kind_of(found)
        if kind == "warning.approved":
            return hold
        if kind == "records.listed" and listed is not None:
            fact = orjson.loads(found.payload)
            listed(fact)
            return canonical_bytes(Fact.model_validate(fact))
        return None

    return rebuilt(sound, signer, change)


def tombstones(lines: Sequence[bytes]) -> list[TombstoneLine]:
    return [found for found in map(transcript.read, lines) if isinstance(found, TombstoneLine)]


def test_what_was_deleted_within_a_period_that_was_held_is_found(sound: Exported, signer: Signer) -> None:
    held = tombstones(sound.lines)[3]
    at = held.leaf.recorded_at_us
    lines = with_hold(sound, signer, a_hold(from_us=at, until_us=at + 1))
    broken = checked(lines, signer).broken
    assert broken is not None
    assert (broken.position, broken.why) == (
        held.position,
        "the payload is gone, although a hold stood over the record",
    )
    assert transcript.read(lines[broken.line - 1]).position == held.position  # type: ignore[union-attr]


def test_a_hold_over_another_period_stops_nothing(sound: Exported, signer: Signer) -> None:
    begin = microseconds(NOON + timedelta(days=1))
    lines = with_hold(sound, signer, a_hold(from_us=begin, until_us=begin + 10**12))
    assert checked(lines, signer).broken is None


@pytest.mark.parametrize("scope", ["class", "everything"])
def test_a_hold_over_a_class_or_everything_is_found(sound: Exported, signer: Signer, scope: str) -> None:
    lines = with_hold(sound, signer, a_hold(scope=scope, over="security" if scope == "class" else ""))
    broken = checked(lines, signer).broken
    assert broken is not None
    assert "gone" in broken.why


def warning_of(sound: Exported) -> str:
    first = next(f for f in map(transcript.read, sound.lines) if kind_of(f) == "warning.issued")
    return str(orjson.loads(first.payload)["warning_id"])  # type: ignore[union-attr]


def nameless(fact: dict[str, Any]) -> None:
    fact["warning_id"] = None
    fact["detail"]["deliveries"] = fact["detail"]["targets"] = []


def test_a_list_that_names_no_warning_passes_no_hold_over_one(sound: Exported, signer: Signer) -> None:
    hold = a_hold(scope="warning", over=warning_of(sound))
    broken = checked(with_hold(sound, signer, hold), signer).broken
    assert broken is not None
    assert "stands in no list" in broken.why
    broken = checked(with_hold(sound, signer, hold, nameless), signer).broken
    assert broken is not None
    assert "its list does not say of which warning it was" in broken.why


@pytest.mark.parametrize("field", ["deliveries", "targets", "positions", "number", "group", "groups"])
def test_an_odd_list_is_named_with_its_record_and_ends_no_verification(
    sound: Exported, signer: Signer, field: str
) -> None:
    for odd in (*VALUES, ["x"], [{"report": "x"}], [{"delivery_id": [], "warning_id": {}}]):
        if odd == [] or (field == "number" and odd == 1):
            continue

        def change(fact: dict[str, Any], odd: Any = odd) -> None:
            fact["detail"][field] = odd

        verdict = checked(with_hold(sound, signer, a_hold(), change), signer)
        assert verdict.broken is not None
        assert "gone" in verdict.broken.why


def test_an_odd_list_that_deletes_nothing_is_named(sound: Exported, signer: Signer) -> None:
    detail = {"number": 9, "group": 9, "groups": 1, "positions": "1", "sha256": "0" * 64, "targets": []}
    fact = a_fact(kind="records.listed", service="audit", about="x", detail={**detail, "deliveries": ["x"]})
    place = next(f.position for f in map(transcript.read, sound.lines) if kind_of(f) == "warning.approved")  # type: ignore[union-attr]
    verdict = checked(with_hold(sound, signer, canonical_bytes(fact)), signer)
    assert verdict.broken is None
    assert ("fact-odd", f"record {place}") in {(d.what, d.about) for d in verdict.differences}


async def test_what_was_deleted_although_a_hold_stood_is_found_in_the_database(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_keeping(database_url, tmp_path) as keeping:
        await filled(keeping)
        await held(keeping)

        async def none(*_: Any) -> list[Hold]:
            return []

        monkeypatch.setattr(acts, "standing", none)
        await keeping.agree("security", BEFORE)
        await keeping.work()
        await keeping.flow()
        found = await walk.whole(keeping.db, keeping.book.signer, RULES, timedelta(seconds=60))
    why = "the payload is gone, although a hold stood over the record"
    assert [(d.what, d.why) for d in found] == [("record-emptied", why)]


async def held(keeping: AKeeping) -> UUID:
    """Place a hold over the moment in which one of the facts was recorded."""
    mine = RECORDS.c.kind == "session.opened"
    rows = await keeping.db.rows(select(RECORDS.c.recorded_at).where(mine).order_by(RECORDS.c.position))
    at = rows[3]["recorded_at"]
    wish = Wish("period", begin=at, end=at + timedelta(microseconds=1), reason="asked by a court")
    placed = await acts.place(keeping.db, RULES, wish, "sun")
    await keeping.flow()
    return UUID(placed.hold_id)
