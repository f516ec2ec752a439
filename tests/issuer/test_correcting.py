"""Corrections, and that nothing issued is edited or deleted: by the API, by the store, by the database."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from contracts import cap
from contracts.values import Level, Mode
from contracts.warning import WarningUpdated
from services.issuer import actions, store
from services.issuer.model import State, Wish
from services.issuer.store.tables import APPROVALS, EVENTS, WARNINGS
from services.kit.errors import Invalid, Refused
from tests.issuer.api_make import a_desk
from tests.issuer.issuer_make import LI, WANG, ZHANG, Office, a_text


async def ready(office: Office, warning_id: Any) -> tuple[int, Any] | None:
    async with office.db.read() as connection:
        return await store.prepared.of_warning(connection, warning_id)


async def corrected(office: Office, warning_id: Any, **wish: Any) -> Any:
    """Return the correction of a warning, issued."""
    review = await actions.correct(office.db, office.press, warning_id, ZHANG, "a typing error", Wish(**wish))
    if review.content.level is Level.RED:
        review = await office.approve(review, LI)
    return await office.approve(review, WANG)


async def test_a_correction_says_so_in_texts_and_note_and_refers_to_what_was_wrong(office: Office) -> None:
    wrong = await office.issued(level=Level.RED)
    right = await corrected(office, wrong.warning_id, slots={"amount": "120"})
    assert (await office.states(wrong.warning_id)) == [State.SUPERSEDED, State.ISSUED]
    (message,) = await office.said(WarningUpdated)
    alert = cap.read(message.cap_xml.encode()).alert
    assert wrong.published is not None
    name = wrong.published.notice.identifier
    assert f"勘误：更正 {name}" in alert.note
    assert name in alert.references
    assert "更正" in alert.infos[0].headline
    assert "120" in alert.infos[0].description
    assert "corrects" in alert.infos[1].headline
    assert cap.check(alert) == ()
    assert right.manifest == wrong.manifest


async def test_a_correction_in_other_words_must_say_that_it_is_one(laptop: Office) -> None:
    wrong = await laptop.issued(text=a_text())
    with pytest.raises(Invalid, match="does not say that it corrects"):
        await actions.correct(
            laptop.db, laptop.press, wrong.warning_id, ZHANG, wish=Wish(text=a_text(headline="暴雨"))
        )
    plain = await actions.correct(laptop.db, laptop.press, wrong.warning_id, ZHANG)
    assert plain.content.text.headline == f"更正：{a_text().headline}"
    assert plain.state is State.REVIEW


async def test_beside_a_red_warning_lies_its_correction_until_it_ends(office: Office) -> None:
    draft = await office.drafted(level=Level.RED)
    assert await ready(office, draft.warning_id) is None
    review = await actions.submit(office.db, office.press, office.reach, draft.warning_id, ZHANG)
    before = await ready(office, review.warning_id)
    assert before is not None
    assert before[0] == 1
    first = await office.approve(review, LI)
    await office.approve(first, WANG)
    await office.updated(review.warning_id, slots={"amount": "150"})
    now = await ready(office, review.warning_id)
    assert now is not None
    assert now[0] == 2
    assert "150" in now[1].text.description
    assert now[1].text.headline == before[1].text.headline
    await office.lifted_red(review.warning_id)
    assert await ready(office, review.warning_id) is None


async def test_a_correction_lies_ready_for_red_alone_and_goes_when_it_is_lowered(laptop: Office) -> None:
    orange = await laptop.issued()
    assert await ready(laptop, orange.warning_id) is None
    red = await laptop.issued(level=Level.RED)
    await laptop.updated(red.warning_id, level=Level.ORANGE)
    assert await ready(laptop, red.warning_id) is None
    given_up = await laptop.submitted(level=Level.RED)
    await actions.reject(laptop.db, laptop.press, given_up.warning_id, ZHANG, "not needed")
    assert await ready(laptop, given_up.warning_id) is None


async def test_a_correction_is_seen_and_sent_for_approval_over_http(laptop: Office, tmp_path: Path) -> None:
    issued = await laptop.issued(Mode.DRILL, level=Level.RED)
    async with a_desk(laptop, tmp_path) as desk:
        zhang = await desk.person("zhang")
        path = f"/warnings/{issued.warning_id}"
        found = await zhang.ask("GET", f"{path}/correction")
        assert (found["corrects"], found["content"]["corrects"]) == (1, True)
        review = await zhang.ask("POST", f"{path}/correct", json={"reason": "a typing error"}, status=201)
        assert (review["state"], review["content"]["text"]) == ("review", found["content"]["text"])
        again = await zhang.ask("POST", f"{path}/correct", status=409)
        assert "being written" in again["detail"]
        await zhang.ask("GET", f"/warnings/{review['warning_id']}/correction")


# Nothing issued is edited or deleted


async def test_the_database_refuses_to_change_or_delete_what_was_issued(office: Office) -> None:
    issued = await office.issued()
    mine = WARNINGS.c.warning_id == str(issued.warning_id)
    crimes = [
        update(WARNINGS).where(mine).values(content="{}"),
        update(WARNINGS).where(mine).values(cap_xml=b"<alert/>"),
        update(WARNINGS).where(mine).values(identifier=None),
        update(WARNINGS).where(mine).values(level="BLUE"),
        update(WARNINGS).where(mine).values(notice="{}"),
        update(WARNINGS).where(mine).values(manifest=None),
        delete(WARNINGS).where(mine),
        delete(APPROVALS).where(APPROVALS.c.warning_id == str(issued.warning_id)),
        update(APPROVALS).where(APPROVALS.c.warning_id == str(issued.warning_id)).values(name="x"),
        delete(EVENTS),
        update(EVENTS).values(actor="nobody"),
    ]
    for crime in crimes:
        with pytest.raises(DBAPIError, match="neither changed nor deleted"):
            async with office.db.transaction() as tx:
                await tx.execute(crime)
    assert await office.get(issued.warning_id) == issued


async def test_a_draft_may_be_changed_and_what_is_out_may_only_end(office: Office) -> None:
    draft = await office.drafted()
    await office.edit(draft, Wish(slots={"amount": "60"}))
    issued = await office.issued()
    with pytest.raises(Refused):
        await office.edit(issued, Wish(slots={"amount": "60"}))
    halted = await actions.halt(office.db, office.catalogue, issued.warning_id, WANG, "wrong")
    assert halted.published == issued.published
    assert (await office.get(issued.warning_id)).approvals == issued.approvals


async def test_the_national_profile_is_served_of_what_is_out(laptop: Office, tmp_path: Path) -> None:
    issued = await laptop.issued(level=Level.ORANGE)
    draft = await laptop.drafted()
    async with a_desk(laptop, tmp_path) as desk:
        sun = await desk.person("sun")
        document = await sun.ask("GET", f"/warnings/{issued.warning_id}/national.xml")
        assert b"<severity>Orange</severity>" in document
        assert issued.content.text.short.encode() in document
        assert "11B03_ORANGE_Alert.xml" in sun.reply.headers["content-disposition"]
        await sun.ask("GET", f"/warnings/{draft.warning_id}/national.xml", status=404)
