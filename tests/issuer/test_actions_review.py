"""Who submits, approves and sends back, on both databases."""

import pytest
from sqlalchemy import select

from contracts.values import Level
from contracts.warning import WarningIssued
from services.issuer import actions
from services.issuer.model import Person, State, Wish
from services.issuer.store.tables import APPROVALS
from services.kit.errors import Forbidden, Refused
from tests.issuer.issuer_make import CHEN, LI, SUN, WANG, ZHANG, Office


async def test_submission_pins_the_target_list(office: Office) -> None:
    warning = await office.submitted()
    assert warning.state is State.REVIEW
    assert warning.manifest is not None
    assert office.reach.pinned == [warning.manifest.sha256]
    assert await office.get(warning.warning_id) == warning


async def test_an_edit_voids_what_was_approved(office: Office) -> None:
    warning = await office.submitted(level=Level.RED)
    once = await office.approve(warning, LI)
    back = await actions.send_back(office.db, office.press, warning.warning_id, WANG, "wrong window")
    assert back.approvals == ()
    assert not await office.db.rows(select(APPROVALS))
    await office.edit(back, Wish(observed="已出现大雨"))
    again = await actions.submit(office.db, office.press, office.reach, warning.warning_id, ZHANG)
    with pytest.raises(Refused, match="you saw"):
        await office.approve(once, WANG)
    assert (await office.get(warning.warning_id)).approvals == ()
    assert again.content_sha256 != warning.content_sha256


async def test_red_needs_three_accounts(office: Office) -> None:
    warning = await office.submitted(level=Level.RED)
    with pytest.raises(Refused):
        await office.approve(warning, Person("zhang", "张敏", frozenset({"signer"})))
    await office.approve(warning, WANG)
    assert not await office.said(WarningIssued)
    with pytest.raises(Refused, match="already"):
        await office.approve(warning, WANG)
    issued = await office.approve(warning, CHEN)
    assert issued.published is not None
    assert issued.published.notice.approved_by == ("王芳", "陈涛")
    assert len(await office.said(WarningIssued)) == 1


async def test_a_rejected_revision_never_goes_out(office: Office) -> None:
    warning = await office.submitted()
    with pytest.raises(Forbidden):
        await actions.reject(office.db, office.press, warning.warning_id, SUN, "no")
    await actions.reject(office.db, office.press, warning.warning_id, ZHANG, "mistaken")
    with pytest.raises(Refused):
        await office.approve(warning, WANG)


async def test_what_expired_while_it_waited_is_not_issued(laptop: Office) -> None:
    warning = await laptop.submitted()
    laptop.clock.move(hours=30)
    with pytest.raises(Refused, match="expired while"):
        await laptop.approve(warning, WANG)
