"""What people do to warnings: one transaction each, on both databases."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from lxml import etree
from sqlalchemy import select

from contracts import cap
from contracts.fact import Fact
from contracts.values import AreaSelection, Lane, Level, Mode
from contracts.warning import WarningCancelled, WarningExpired, WarningHalted, WarningIssued, WarningUpdated
from services.issuer import actions, store
from services.issuer.actions.press import Press, free_identifier
from services.issuer.model import Changed, Kind, Person, State, Wish, WrongPassword
from services.issuer.store.tables import APPROVALS, USERS, WARNINGS
from services.kit.crypto import KeyFolder
from services.kit.errors import Forbidden, Invalid, NotFound, Refused, Retry
from services.kit.leadership import Leadership
from services.kit.xmlsig import CapSigner
from tests.contracts.alerts import schema_errors
from tests.issuer.issuer_make import CHEN, LI, SUN, WANG, ZHANG, Office, a_doorman, a_text

ONE_TOWN = AreaSelection(towns=("500110110",))


# Drafting


async def test_a_draft_gets_its_texts_window_and_expiry_from_the_catalogue(laptop: Office) -> None:
    draft = await laptop.drafted()
    content = draft.content
    assert content.made
    assert "暴雨橙色预警信号" in content.text.headline
    assert "赶水镇、打通镇" in content.text.description
    assert content.text_en is not None
    assert content.window.end - content.window.begin == timedelta(hours=3)
    assert content.expires > content.window.end


async def test_texts_that_were_sent_are_kept_word_for_word(laptop: Office) -> None:
    draft = await laptop.drafted(text=a_text(headline="自己写的标题"))
    assert draft.content.text.headline == "自己写的标题"
    assert not draft.content.made
    assert draft.content.text_en is None


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"hazard": "11B99"}, "hazard"),
        ({"hazard": "11B09", "level": Level.BLUE}, "level"),
        ({"selection": AreaSelection()}, "selection"),
        ({"selection": AreaSelection(towns=("500110005",))}, "selection.towns[0]"),
        ({"product": "rumour"}, "product"),
        ({"slots": {"amount": "viel"}}, "slots.amount"),
        ({"slots": {"wind": "8"}}, "slots"),
        ({"text": a_text(headline="长" * 141)}, "text.headline"),
    ],
)
async def test_a_draft_that_cannot_be_is_refused_with_the_field_and_not_stored(
    laptop: Office, wish: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await laptop.drafted(**wish)
    assert refused.value.faults[0].field == field
    assert not await laptop.db.rows(select(WARNINGS))
    assert not await laptop.said(Fact)


async def test_a_draft_with_its_texts_is_kept_while_the_router_is_away(laptop: Office) -> None:
    laptop.reach.away = True
    with pytest.raises(Retry, match="names the towns"):
        await laptop.drafted()
    draft = await laptop.drafted(text=a_text())
    with pytest.raises(Retry, match="does not answer"):
        await actions.submit(laptop.db, laptop.press, laptop.reach, draft.warning_id, ZHANG)
    assert (await laptop.get(draft.warning_id)).state is State.DRAFT


async def test_an_edit_changes_the_catalogues_texts_with_it(laptop: Office) -> None:
    draft = await laptop.drafted(mode=Mode.DRILL)
    edited = await laptop.edit(draft, Wish(level=Level.RED, selection=ONE_TOWN))
    assert "红色" in edited.content.text.headline
    assert "打通镇" not in edited.content.text.description
    assert edited.content.mode is Mode.DRILL


async def test_an_edit_of_an_old_version_is_told_what_changed(office: Office) -> None:
    draft = await office.drafted()
    await office.edit(draft, Wish(observed="已出现大雨"), by=LI)
    with pytest.raises(Changed, match=r"version 2.*li edited.*observed"):
        await office.edit(draft, Wish(level=Level.RED))


@pytest.mark.parametrize(
    ("kind", "wish", "field"),
    [
        (Kind.CANCEL, Wish(selection=ONE_TOWN), "selection"),
        (Kind.CANCEL, Wish(level=Level.RED), "level"),
        (Kind.UPDATE, Wish(hazard="11B06"), "hazard"),
    ],
)
async def test_a_lift_and_an_update_stay_with_what_they_change(
    laptop: Office, kind: Kind, wish: Wish, field: str
) -> None:
    issued = await laptop.issued()
    begin = actions.cancel if kind is Kind.CANCEL else actions.update
    begun = await begin(laptop.db, laptop.catalogue, issued.warning_id, ZHANG)
    if kind is Kind.CANCEL:
        begun = await actions.send_back(laptop.db, laptop.press, issued.warning_id, WANG, "why")
    with pytest.raises(Invalid) as refused:
        await laptop.edit(begun, wish)
    assert refused.value.faults[0].field == field


async def test_what_ran_out_while_it_was_drafted_is_mended_field_by_field(laptop: Office) -> None:
    draft = await laptop.drafted()
    laptop.clock.move(hours=30)
    edited = await laptop.edit(draft, Wish(observed="已出现大雨"))
    with pytest.raises(Invalid):
        await laptop.edit(edited, Wish(expires=laptop.clock.now() - timedelta(hours=1)))
    with pytest.raises(Invalid) as refused:
        await actions.submit(laptop.db, laptop.press, laptop.reach, draft.warning_id, ZHANG)
    assert refused.value.faults[0].field == "expires"


async def test_two_edits_of_one_version_at_once_and_one_wins(office: Office) -> None:
    draft = await office.drafted()
    wishes = [Wish(observed=f"已出现大雨{number}") for number in range(8)]
    done = await asyncio.gather(*(office.edit(draft, wish) for wish in wishes), return_exceptions=True)
    assert sum(not isinstance(one, Exception) for one in done) == 1
    assert all(isinstance(one, Refused) for one in done if isinstance(one, Exception))


async def test_only_people_of_the_desk_draft_submit_and_halt(laptop: Office) -> None:
    with pytest.raises(Forbidden):
        await laptop.drafted(by=SUN)
    draft = await laptop.drafted()
    with pytest.raises(Forbidden):
        await actions.submit(laptop.db, laptop.press, laptop.reach, draft.warning_id, SUN)
    issued = await laptop.issued()
    with pytest.raises(Forbidden):
        await actions.halt(laptop.db, laptop.catalogue, issued.warning_id, SUN, "why not")


# Review


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


# Issuing


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


# Updating, lifting, muting


def references(message: Any) -> list[str]:
    root = etree.fromstring(message.cap_xml.encode())
    return (root.findtext(f"{{{cap.NAMESPACE}}}references") or "").split()


def named(message: Any) -> str:
    root = etree.fromstring(message.cap_xml.encode())
    sender, identifier, sent = (
        root.findtext(f"{{{cap.NAMESPACE}}}{name}") for name in ("sender", "identifier", "sent")
    )
    return f"{sender},{identifier},{sent}"


async def test_an_update_replaces_its_predecessor_and_a_lift_ends_the_chain(office: Office) -> None:
    first = await office.issued(level=Level.RED)
    office.clock.move(minutes=30)
    await office.updated(first.warning_id, level=Level.ORANGE)
    office.clock.move(minutes=30)
    await office.lifted(first.warning_id)
    assert await office.states(first.warning_id) == [State.SUPERSEDED, State.CANCELLED, State.ISSUED]
    (issued,) = await office.said(WarningIssued)
    (updated,) = await office.said(WarningUpdated)
    (cancelled,) = await office.said(WarningCancelled)
    assert references(updated) == [named(issued)]
    assert references(cancelled) == [named(issued), named(updated)]
    assert (updated.revision, cancelled.revision) == (2, 3)
    assert (updated.lane, cancelled.lane) == (Lane.URGENT, Lane.URGENT)
    assert cancelled.manifest_sha256 == updated.manifest_sha256
    assert "降级为橙色" in updated.notice.text.headline
    assert "解除" in cancelled.notice.text.headline


async def test_references_leave_out_what_has_expired(laptop: Office) -> None:
    first = await laptop.issued()
    later = first.content.expires + timedelta(hours=10)
    await laptop.updated(first.warning_id, expires=later)
    laptop.clock.at = first.content.expires + timedelta(minutes=1)
    await laptop.lifted(first.warning_id)
    (updated,) = await laptop.said(WarningUpdated)
    (cancelled,) = await laptop.said(WarningCancelled)
    assert references(cancelled) == [named(updated)]


async def test_a_lift_needs_approval_and_gives_up_what_else_was_being_written(office: Office) -> None:
    issued = await office.issued()
    await actions.update(office.db, office.catalogue, issued.warning_id, ZHANG)
    lift = await actions.cancel(office.db, office.catalogue, issued.warning_id, ZHANG)
    assert (lift.state, lift.content.kind, lift.revision) == (State.REVIEW, Kind.CANCEL, 3)
    assert lift.manifest == issued.manifest
    assert await office.states(issued.warning_id) == [State.ISSUED, State.REJECTED, State.REVIEW]
    with pytest.raises(Refused):
        await office.approve(lift, Person("zhang", "张敏", frozenset({"signer"})))
    with pytest.raises(Refused, match="already"):
        await actions.cancel(office.db, office.catalogue, issued.warning_id, LI)
    await office.approve(lift, WANG)
    assert await office.states(issued.warning_id) == [State.CANCELLED, State.REJECTED, State.ISSUED]


async def test_a_lift_can_be_returned_edited_and_submitted_without_the_router(laptop: Office) -> None:
    issued = await laptop.issued()
    lift = await actions.cancel(laptop.db, laptop.catalogue, issued.warning_id, ZHANG)
    back = await actions.send_back(laptop.db, laptop.press, lift.warning_id, WANG, "say why")
    await laptop.edit(back, Wish(text=a_text(headline="綦江区气象台解除暴雨橙色预警信号")))
    laptop.reach.away = True
    again = await actions.submit(laptop.db, laptop.press, laptop.reach, lift.warning_id, ZHANG)
    assert again.manifest == issued.manifest
    assert (await laptop.approve(again, WANG)).state is State.ISSUED


async def test_a_lifted_warning_is_neither_updated_nor_lifted_again(laptop: Office) -> None:
    issued = await laptop.issued()
    await laptop.lifted(issued.warning_id)
    with pytest.raises(Refused, match="lifted"):
        await actions.update(laptop.db, laptop.catalogue, issued.warning_id, ZHANG)
    with pytest.raises(Refused, match="lifted"):
        await actions.cancel(laptop.db, laptop.catalogue, issued.warning_id, ZHANG)


async def test_two_updates_begun_at_once_and_one_wins(office: Office) -> None:
    issued = await office.issued()
    begun = await asyncio.gather(
        *(actions.update(office.db, office.catalogue, issued.warning_id, one) for one in (ZHANG, LI, WANG)),
        return_exceptions=True,
    )
    assert sum(not isinstance(one, Exception) for one in begun) == 1
    assert await office.states(issued.warning_id) == [State.ISSUED, State.DRAFT]


async def test_a_warning_mutes_another_one(office: Office) -> None:
    yellow = await office.issued(level=Level.YELLOW)
    orange = await office.issued(supersedes=(yellow.warning_id,))
    assert await office.states(yellow.warning_id) == [State.SUPERSEDED]
    message = (await office.said(WarningIssued))[-1]
    assert [(p.warning_id, p.revision) for p in message.supersedes] == [(yellow.warning_id, 1)]
    assert references(message) == [named((await office.said(WarningIssued))[0])]
    assert (await office.get(orange.warning_id)).published == orange.published


async def test_only_a_warning_in_force_of_the_same_mode_is_muted(laptop: Office) -> None:
    drill = await laptop.issued(Mode.DRILL)
    draft = await laptop.drafted()
    for other in (drill, draft):
        with pytest.raises(Invalid) as refused:
            await laptop.drafted(supersedes=(other.warning_id,))
        assert refused.value.faults[0].field == "supersedes[0]"


# Halting and expiring


async def test_one_person_halts_at_once(office: Office) -> None:
    issued = await office.issued()
    halted = await actions.halt(office.db, office.catalogue, issued.warning_id, ZHANG, "wrong area")
    assert halted.review_due == office.clock.now() + timedelta(hours=24)
    (message,) = await office.said(WarningHalted)
    assert (message.revision, message.lane, message.reason) == (1, Lane.URGENT, "wrong area")
    with pytest.raises(Refused):
        await actions.halt(office.db, office.catalogue, issued.warning_id, ZHANG, "again")
    await office.lifted(issued.warning_id)
    assert await office.states(issued.warning_id) == [State.CANCELLED, State.ISSUED]


async def test_what_is_not_there_is_not_halted(laptop: Office) -> None:
    draft = await laptop.drafted()
    with pytest.raises(Refused, match="not in force"):
        await actions.halt(laptop.db, laptop.catalogue, draft.warning_id, ZHANG, "why")
    with pytest.raises(NotFound):
        await actions.halt(laptop.db, laptop.catalogue, uuid4(), ZHANG, "why")


async def test_a_warning_expires_once_and_says_so(office: Office) -> None:
    issued = await office.issued()
    leadership = await leading(office)
    assert await actions.expire_due(office.db, leadership) == 0
    office.clock.at = issued.content.expires
    assert await actions.expire_due(office.db, leadership) == 1
    assert await actions.expire_due(office.db, leadership) == 0
    (message,) = await office.said(WarningExpired)
    assert (message.warning_id, message.revision) == (issued.warning_id, 1)
    assert await office.states(issued.warning_id) == [State.EXPIRED]


async def test_what_nobody_planned_is_said_again_ever_more_rarely(office: Office) -> None:
    await office.issued()
    leadership = await leading(office)
    told = []
    for _ in range(75):
        office.clock.move(seconds=1)
        told.append(await actions.retell_due(office.db, leadership))
    assert [second + 1 for second, count in enumerate(told) if count] == [10, 30, 70]
    first, *more = await office.said(WarningIssued)
    assert all(again.model_copy(update={"at": first.at}) == first for again in more)


async def leading(office: Office) -> Leadership:
    leadership = Leadership(office.db, "test")
    held = asyncio.Event()
    asyncio.get_running_loop().create_task(leadership.lead("issuer-clock", _hold(held)))
    await held.wait()
    return leadership


def _hold(held: asyncio.Event) -> Any:
    async def work() -> None:
        held.set()
        await asyncio.Event().wait()

    return work


# People

ACCOUNT = {"username": "zhang", "display_name": "张敏", "roles": ["drafter"], "password": "Yt-right-horse"}


async def signed_in(office: Office, password: str = "Yt-right-horse", username: str = "zhang") -> Any:
    return await actions.sign_in(office.db, DOORMAN, username, password)


DOORMAN = a_doorman()


async def test_a_session_opens_stands_and_ends(office: Office) -> None:
    assert await actions.seed_users(office.db, [ACCOUNT]) == ["zhang"]
    assert await actions.seed_users(office.db, [ACCOUNT]) == []
    opened = await signed_in(office)
    sessions = actions.LocalSessions(office.db)
    found = await sessions.who(opened.token)
    assert found is not None
    assert (found.username, found.display_name, found.roles) == ("zhang", "张敏", {"drafter"})
    await actions.sign_out(office.db, opened.token)
    assert await sessions.who(opened.token) is None
    assert await sessions.who("nonsense") is None
    kinds = [fact.kind for fact in await office.said(Fact)]
    assert kinds[-2:] == ["session.opened", "session.ended"]


async def test_an_idle_session_ends_and_a_used_one_lasts_half_a_day(office: Office) -> None:
    await actions.seed_users(office.db, [ACCOUNT])
    sessions = actions.LocalSessions(office.db)
    idle, used = await signed_in(office), await signed_in(office)
    for _ in range(35):
        office.clock.move(minutes=20)
        assert await sessions.who(used.token) is not None
    assert await sessions.who(idle.token) is None
    office.clock.move(minutes=21)
    assert await sessions.who(used.token) is None


async def test_five_failures_lock_the_account_even_for_the_right_password(office: Office) -> None:
    await actions.seed_users(office.db, [ACCOUNT])
    for _ in range(5):
        with pytest.raises(WrongPassword):
            await signed_in(office, "wrong")
    with pytest.raises(WrongPassword):
        await signed_in(office)
    office.clock.move(minutes=15)
    assert (await signed_in(office)).person.username == "zhang"
    facts = [(fact.kind, fact.about) for fact in await office.said(Fact)]
    assert facts.count(("session.failed", "zhang")) == 6
    assert ("account.rests", "zhang") in facts


async def test_many_guesses_at_once_are_no_way_round_the_limit(office: Office) -> None:
    await actions.seed_users(office.db, [ACCOUNT])
    looked_at = 0

    class Counting(actions.Doorman):
        async def knows(self, password_hash: str | None, password: str) -> bool:
            nonlocal looked_at
            looked_at += password_hash is not None
            return False

    doorman = Counting(DOORMAN.crypto)
    guesses = [actions.sign_in(office.db, doorman, "zhang", f"guess{number}") for number in range(30)]
    done = await asyncio.gather(*guesses, return_exceptions=True)
    assert {type(one) for one in done} == {WrongPassword}
    assert looked_at == 5


async def test_an_unknown_name_is_refused_alike_and_never_written_down(laptop: Office) -> None:
    with pytest.raises(WrongPassword):
        await signed_in(laptop, username="my-password-by-mistake")
    (fact,) = await laptop.said(Fact)
    assert fact.about is None
    assert "mistake" not in fact.model_dump_json()


async def test_passwords_and_tokens_are_kept_as_hashes(laptop: Office) -> None:
    await actions.seed_users(laptop.db, [ACCOUNT])
    opened = await signed_in(laptop)
    (row,) = await laptop.db.rows(select(USERS))
    assert row["password_hash"].startswith("$argon2id$")
    (kept,) = await laptop.db.rows(select(store.people.SESSIONS))
    assert opened.token not in str(dict(kept))


async def test_nobody_is_auditor_and_operator(laptop: Office) -> None:
    with pytest.raises(Invalid):
        await actions.seed_users(laptop.db, [{**ACCOUNT, "roles": ["auditor", "operator"]}])
    with pytest.raises(Invalid):
        await actions.seed_users(laptop.db, [{**ACCOUNT, "roles": ["king"]}])
