"""The last approval issues, signs and says it once, on both databases."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from contracts import cap
from contracts.fact import Fact
from contracts.values import Lane, Level, Mode
from contracts.warning import WarningIssued
from services.issuer import actions
from services.issuer.actions.press import Press, free_identifier
from services.issuer.model import Person, State
from services.issuer.store.tables import APPROVALS
from services.kit.crypto import KeyFolder
from services.kit.errors import Refused, Retry
from services.kit.xmlsig import CapSigner
from tests.contracts.alerts import schema_errors
from tests.issuer.issuer_make import LI, WANG, Office


async def test_the_last_approval_issues_a_signed_document(office: Office) -> None:
    issued = await office.issued()
    (message,) = await office.said(WarningIssued)
    assert issued.published is not None
    assert message.cap_xml.encode() == issued.published.cap_xml
    assert message.lane is Lane.URGENT
    assert message.notice == issued.published.notice
    assert message.manifest_sha256 == issued.manifest.sha256  # type: ignore[union-attr]
    assert message.content_sha256 == issued.content_sha256
    stored = await office.get(issued.warning_id)
    assert stored.published is not None
    assert stored.published.cap_xml == issued.published.cap_xml
    assert stored.published.notice.identifier == "50011041600000_20260611140500_0"
    assert office.press.signer.verified(stored.published.cap_xml, Mode.LIVE)
    assert not office.press.signer.verified(stored.published.cap_xml, Mode.DRILL)
    assert cap.check(cap.read(stored.published.cap_xml).alert) == ()


async def test_the_document_satisfies_the_schema(laptop: Office) -> None:
    issued = await laptop.issued(level=Level.RED)
    await laptop.updated(issued.warning_id, level=Level.ORANGE)
    lifted = await laptop.lifted(issued.warning_id)
    for revision in range(1, lifted.revision + 1):
        published = (await laptop.get(issued.warning_id, revision)).published
        assert published is not None
        assert schema_errors(published.cap_xml) == []


async def test_a_drill_is_signed_with_its_own_key_and_says_so(laptop: Office) -> None:
    issued = await laptop.issued(Mode.DRILL)
    assert issued.published is not None
    assert laptop.press.signer.verified(issued.published.cap_xml, Mode.DRILL)
    assert cap.read(issued.published.cap_xml).alert.status is cap.Status.EXERCISE
    (message,) = await laptop.said(WarningIssued)
    assert message.mode is Mode.DRILL


async def test_blue_takes_the_routine_lane(laptop: Office) -> None:
    await laptop.issued(level=Level.BLUE)
    (message,) = await laptop.said(WarningIssued)
    assert message.lane is Lane.ROUTINE


async def test_nothing_is_stored_when_signing_fails(office: Office, tmp_path: Any) -> None:
    warning = await office.submitted()
    broken = Press(
        office.catalogue,
        CapSigner(KeyFolder(tmp_path)),
        office.press.sender_code,
        office.press.sender_name,
        office.press.signature,
    )
    office.press, whole = broken, office.press
    with pytest.raises(Refused):
        await office.approve(warning, WANG)
    assert await office.get(warning.warning_id) == warning
    assert not await office.said(WarningIssued)
    office.press = whole
    assert (await office.approve(warning, WANG)).state is State.ISSUED


@pytest.mark.parametrize("level", [Level.ORANGE, Level.RED])
async def test_fifty_approvals_at_once_issue_exactly_once(office: Office, level: Level) -> None:
    warning = await office.submitted(level=level)
    if level is Level.RED:
        warning = await office.approve(warning, LI)
    people = [Person(f"signer{number}", f"签发{number}", frozenset({"signer"})) for number in range(50)]
    done = await asyncio.gather(*(office.approve(warning, one) for one in people), return_exceptions=True)
    won = [one for one in done if not isinstance(one, BaseException)]
    assert len(won) == 1
    assert {type(one) for one in done if isinstance(one, BaseException)} <= {Refused, Retry}
    assert len(await office.said(WarningIssued)) == 1
    assert len(await office.db.rows(select(APPROVALS))) == len(won[0].approvals)
    assert (await office.get(warning.warning_id)).approvals == won[0].approvals


async def test_an_approval_races_with_sending_back_and_one_wins(office: Office) -> None:
    for _ in range(5):
        warning = await office.submitted()
        results = await asyncio.gather(
            office.approve(warning, WANG),
            actions.send_back(office.db, office.press, warning.warning_id, LI, "wait"),
            return_exceptions=True,
        )
        assert sum(not isinstance(one, Exception) for one in results) == 1
        issued = [m for m in await office.said(WarningIssued) if m.warning_id == warning.warning_id]
        state = (await office.get(warning.warning_id)).state
        assert (state, len(issued)) in {(State.ISSUED, 1), (State.DRAFT, 0)}


async def test_ten_warnings_in_one_second_have_ten_names_and_the_eleventh_the_next_second(
    laptop: Office,
) -> None:
    grades = {one.code: one.levels.get(Level.ORANGE) for one in laptop.catalogue.offered}
    hazards = [code for code, grade in grades.items() if grade and grade.validity_hours <= 72]
    issued = [await laptop.issued(hazard=hazard) for hazard in hazards[:11]]
    names = [one.published.notice.identifier for one in issued if one.published]
    assert names[9] == "50011041600000_20260611140500_9"
    assert names[10] == "50011041600000_20260611140501_0"
    assert free_identifier("x_", {f"x_{number}" for number in range(10)}) is None


async def test_each_approval_is_a_fact_with_both_hashes(laptop: Office) -> None:
    warning = await laptop.submitted(level=Level.RED)
    await laptop.approve(warning, LI, "I agree")
    await laptop.approve(warning, WANG)
    facts = [fact for fact in await laptop.said(Fact) if fact.kind == "warning.approved"]
    assert [fact.actor for fact in facts] == ["li", "wang"]
    for fact in facts:
        assert fact.warning_id == str(warning.warning_id)
        assert fact.detail["content_sha256"] == warning.content_sha256
        assert fact.detail["manifest_sha256"] == warning.manifest.sha256  # type: ignore[union-attr]
