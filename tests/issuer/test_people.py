"""People: codes, recovery, sessions, passwords, and what needs two operators."""

import asyncio
from typing import Any

import pytest

from contracts.fact import Fact
from services.issuer import actions, store
from services.issuer.actions import accounts, own
from services.issuer.model import CodeNeeded, Limits, WrongCode, WrongPassword, factor, passwords
from services.issuer.model.people import Disabled, Owes
from services.issuer.store.tables import PEOPLE_EVENTS, PROPOSALS, RECOVERY_CODES, USERS
from services.kit import origin, proposals
from services.kit.errors import Forbidden, Invalid, NotFound, Refused, Unauthenticated
from services.kit.identity import session_name, token_sha256
from services.kit.proposals import Proposal
from tests.issuer.issuer_make import SECRET, Office, a_crypto, a_doorman

PASSWORD = "Yt-right-horse"
DOORMAN = a_doorman()
PEOPLE = (
    {"username": "zhang", "display_name": "张敏", "roles": ["drafter"]},
    {"username": "wang", "display_name": "王芳", "roles": ["signer"], "totp_secret": SECRET},
    {"username": "qian", "display_name": "钱伟", "roles": ["operator"]},
    {"username": "wu", "display_name": "吴刚", "roles": ["operator"]},
)


@pytest.fixture
async def town(office: Office) -> Office:
    await actions.seed_users(office.db, [{**one, "password": PASSWORD} for one in PEOPLE], a_crypto())
    return office


@pytest.fixture
async def hamlet(laptop: Office) -> Office:
    await actions.seed_users(laptop.db, [{**one, "password": PASSWORD} for one in PEOPLE], a_crypto())
    return laptop


async def sign_in(office: Office, username: str, code: str = "", **more: Any) -> actions.SignedIn:
    return await actions.sign_in(office.db, a_doorman(), username, PASSWORD, code, **more)


def code_of(office: Office, secret: str = SECRET) -> str:
    return factor.code_at(secret, office.clock.now())


async def kinds(office: Office) -> list[str]:
    return [fact.kind for fact in await office.said(Fact)]


async def account(office: Office, username: str) -> Any:
    async with office.db.read() as connection:
        return await store.people.known(connection, username)


# Codes


async def test_a_signer_needs_a_code_and_each_code_is_good_once(town: Office) -> None:
    with pytest.raises(CodeNeeded):
        await sign_in(town, "wang")
    opened = await sign_in(town, "wang", code_of(town))
    assert opened.person.roles == {"signer"}
    with pytest.raises(WrongCode):
        await sign_in(town, "wang", code_of(town))
    town.clock.move(seconds=30)
    assert (await sign_in(town, "wang", code_of(town))).person.owes is None


async def test_the_clock_of_a_phone_may_be_one_step_wrong_and_no_more(hamlet: Office) -> None:
    known = factor.TOTP(SECRET)
    now = known.timecode(hamlet.clock.now())
    for step, good in ((now - 2, False), (now + 2, False), (now - 1, True), (now + 1, True)):
        found = factor.step_of(SECRET, known.generate_otp(step), hamlet.clock.now(), 0)
        assert (found == step) is good
    assert factor.step_of(SECRET, known.generate_otp(now - 1), hamlet.clock.now(), now - 1) is None


async def test_of_many_with_one_code_one_comes_in(town: Office) -> None:
    code = code_of(town)
    tries = [sign_in(town, "wang", code) for _ in range(5)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, actions.SignedIn) for one in done) == 1
    assert {type(one) for one in done if isinstance(one, Exception)} <= {WrongCode, WrongPassword}


async def test_guesses_at_codes_lock_the_account_like_guesses_at_passwords(town: Office) -> None:
    for _ in range(20):
        with pytest.raises(CodeNeeded):
            await sign_in(town, "wang")
    wrong = [sign_in(town, "wang", f"{number:06d}") for number in range(12)]
    done = await asyncio.gather(*wrong, return_exceptions=True)
    assert [type(one) for one in done].count(WrongCode) == 5, done
    assert sum(isinstance(one, WrongPassword) for one in done) == 7
    with pytest.raises(WrongPassword):
        await sign_in(town, "wang", code_of(town))
    town.clock.move(minutes=15)
    await sign_in(town, "wang", code_of(town))
    assert (await kinds(town)).count("account.rests") == 1


async def test_a_ticket_lets_the_code_follow_the_password_for_five_minutes(hamlet: Office) -> None:
    ticket = await actions.needs_ticket(hamlet.db, DOORMAN, "wang")
    with pytest.raises(WrongCode):
        await actions.answer(hamlet.db, DOORMAN, ticket, "")
    assert (await actions.answer(hamlet.db, DOORMAN, ticket, code_of(hamlet))).person.username == "wang"
    hamlet.clock.move(minutes=6)
    with pytest.raises(Unauthenticated, match="too long ago"):
        await actions.answer(hamlet.db, DOORMAN, ticket, code_of(hamlet))
    with pytest.raises(Unauthenticated):
        await actions.answer(hamlet.db, DOORMAN, "nonsense", code_of(hamlet))


async def test_enrolling_needs_a_code_and_gives_recovery_codes_that_are_good_once(town: Office) -> None:
    opened = await sign_in(town, "zhang")
    offer = own.offer_factor(DOORMAN, "zhang")
    assert offer.address.startswith("otpauth://totp/")
    with pytest.raises(Invalid, match="wrong"):
        await own.enrol(town.db, DOORMAN, "zhang", opened.token, offer.ticket, "000000")
    with pytest.raises(Invalid, match="not of this account"):
        await own.enrol(town.db, DOORMAN, "wang", opened.token, offer.ticket, code_of(town, offer.secret))
    codes = await own.enrol(
        town.db, DOORMAN, "zhang", opened.token, offer.ticket, code_of(town, offer.secret)
    )
    assert len(set(codes)) == factor.RECOVERY_CODES
    for row in [*await town.db.rows(USERS.select()), *await town.db.rows(RECOVERY_CODES.select())]:
        assert offer.secret not in str(dict(row))
        assert not any(code in str(dict(row)) for code in codes)
    await sign_in(town, "zhang", codes[0].upper().replace("-", " "))
    with pytest.raises(WrongCode):
        await sign_in(town, "zhang", codes[0])
    async with town.db.read() as connection:
        assert await store.people.recovery_codes_left(connection, "zhang") == 9
    assert {"factor.enrolled", "factor.recovered"} <= set(await kinds(town))


async def test_replacing_a_second_factor_needs_the_password(hamlet: Office) -> None:
    opened = await sign_in(hamlet, "wang", code_of(hamlet))
    offer = own.offer_factor(DOORMAN, "wang")
    fresh = code_of(hamlet, offer.secret)
    with pytest.raises(Invalid, match="password"):
        await own.enrol(hamlet.db, DOORMAN, "wang", opened.token, offer.ticket, fresh, "wrong")
    await own.enrol(hamlet.db, DOORMAN, "wang", opened.token, offer.ticket, fresh, PASSWORD)
    hamlet.clock.move(seconds=60)
    with pytest.raises(WrongCode):
        await sign_in(hamlet, "wang", code_of(hamlet))
    await sign_in(hamlet, "wang", code_of(hamlet, offer.secret))


async def test_nobody_signs_before_his_second_factor_is_enrolled(hamlet: Office) -> None:
    li = {"username": "li", "display_name": "李强", "roles": ["checker", "drafter"], "password": PASSWORD}
    await actions.seed_users(hamlet.db, [li])
    opened = await sign_in(hamlet, "li")
    assert (opened.person.roles, opened.person.owes) == ({"drafter"}, Owes.SECOND_FACTOR)
    offer = own.offer_factor(DOORMAN, "li")
    await own.enrol(hamlet.db, DOORMAN, "li", opened.token, offer.ticket, code_of(hamlet, offer.secret))
    found = await actions.LocalSessions(hamlet.db).who(opened.token)
    assert found is not None
    assert (found.roles, found.owes) == ({"checker", "drafter"}, None)


# Sessions


async def test_the_oldest_session_gives_way_when_there_are_too_many(town: Office) -> None:
    doorman = actions.Doorman(a_crypto(), Limits(sessions=2))
    opened = []
    for _ in range(3):
        opened.append(await actions.sign_in(town.db, doorman, "zhang", PASSWORD, agent="Firefox"))
        town.clock.move(seconds=5)
    sessions = actions.LocalSessions(town.db)
    assert [await sessions.who(one.token) is not None for one in opened] == [False, True, True]
    mine = session_name(token_sha256(opened[2].token))
    assert [one.name for one in await sessions.of("zhang")].index(mine) == 0
    assert await actions.end_others(town.db, "zhang", mine) == 1
    assert await sessions.who(opened[1].token) is None
    with pytest.raises(NotFound):
        await actions.end_session(town.db, "wang", mine)
    await actions.end_session(town.db, "zhang", mine)
    assert await sessions.who(opened[2].token) is None


async def test_every_act_says_from_where_and_by_which_session(town: Office) -> None:
    with origin.of_request("203.0.113.9"):
        origin.signed_in("0123456789ab")
        await accounts.disable(town.db, "qian", "zhang")
        draft = await town.drafted()
    fact = (await town.said(Fact))[-2]
    assert (fact.kind, fact.actor, fact.about) == ("account.disabled", "qian", "zhang")
    assert (fact.source, fact.detail["session"]) == ("203.0.113.9", "0123456789ab")
    async with town.db.read() as connection:
        (event,) = await store.events.of_warning(connection, draft.warning_id)
        (told,) = await store.people_events.page(connection, "zhang", None, 1)
    assert (event.source, event.session) == ("203.0.113.9", "0123456789ab")
    assert (told.source, told.session, told.act) == ("203.0.113.9", "0123456789ab", "account.disabled")


# Passwords


COMMON = (
    "password1234",
    "Passw0rd!Passw0rd",
    "123456789012",
    "aaaaaaaaaaaab",
    "qijiangweather",
    "yutian123456",
)


@pytest.mark.parametrize("bad", ["short-one", "x" * 201, "my-Wangfang-horse", *COMMON])
def test_a_password_that_anybody_could_guess_is_refused(bad: str) -> None:
    with pytest.raises(Invalid):
        passwords.check(bad, "wangfang")


@pytest.mark.parametrize("good", ["Yt-right-horse", "雨落在石壕镇的屋顶上面啦", "kettle glacier nineteen"])
def test_a_password_of_some_words_is_good(good: str) -> None:
    passwords.check(good, "li")


async def test_a_password_that_was_given_is_changed_before_anything_else(town: Office) -> None:
    given = await accounts.reset_password(town.db, DOORMAN, "qian", "zhang")
    opened = await actions.sign_in(town.db, DOORMAN, "zhang", given)
    assert opened.person.owes == Owes.PASSWORD
    with pytest.raises(Invalid, match="old one"):
        await own.change_password(town.db, DOORMAN, "zhang", opened.token, given, given)
    with pytest.raises(Invalid, match="not your password"):
        await own.change_password(town.db, DOORMAN, "zhang", opened.token, "wrong", "kettle-glacier-19")
    await own.change_password(town.db, DOORMAN, "zhang", opened.token, given, "kettle-glacier-19")
    again = await actions.sign_in(town.db, DOORMAN, "zhang", "kettle-glacier-19")
    assert again.person.owes is None
    facts = [fact.model_dump_json() for fact in await town.said(Fact)]
    assert not any(given in fact or "glacier" in fact for fact in facts)


# Two operators


async def proposed_signer(office: Office) -> Proposal:
    made = await accounts.new_account(office.db, "qian", "zhou", "周敏", ["signer"])
    assert isinstance(made, Proposal)
    return made


async def test_a_drafter_is_made_by_one_operator_and_a_signer_by_two(town: Office) -> None:
    made = await accounts.new_account(town.db, "qian", "he", "何静", ["drafter"])
    assert not isinstance(made, Proposal)
    proposal = await proposed_signer(town)
    with pytest.raises(NotFound):
        await account(town, "zhou")
    with pytest.raises(Forbidden):
        await accounts.confirm(town.db, "qian", proposal.proposal_id)  # type: ignore[arg-type]
    zhou = await accounts.confirm(town.db, "wu", proposal.proposal_id)  # type: ignore[arg-type]
    assert (zhou.roles, zhou.must_change, zhou.password_hash) == ({"signer"}, True, "")
    facts = {fact.kind: fact for fact in await town.said(Fact)}
    assert (facts["account.made"].actor, facts["account.made"].detail["proposed_by"]) == ("wu", "qian")
    with pytest.raises(WrongPassword):
        await actions.sign_in(town.db, DOORMAN, "zhou", "")


async def test_of_two_operators_at_once_one_decides(town: Office) -> None:
    he = {"username": "he", "display_name": "何静", "roles": ["operator"], "password": PASSWORD}
    await actions.seed_users(town.db, [he])
    proposal: Any = await proposed_signer(town)
    deciding = [
        accounts.confirm(town.db, "wu", proposal.proposal_id),
        accounts.confirm(town.db, "he", proposal.proposal_id),
        accounts.decline(town.db, "qian", proposal.proposal_id),
    ]
    done = await asyncio.gather(*deciding, return_exceptions=True)
    assert sum(isinstance(one, Refused) for one in done) == 2
    said = await kinds(town)
    assert said.count("proposal.confirmed") + said.count("proposal.declined") == 1


async def test_a_proposal_lasts_a_day(hamlet: Office) -> None:
    proposal: Any = await proposed_signer(hamlet)
    with pytest.raises(Refused, match="waits already"):
        await proposed_signer(hamlet)
    hamlet.clock.move(hours=24)
    with pytest.raises(Refused, match="expired"):
        await accounts.confirm(hamlet.db, "wu", proposal.proposal_id)
    async with hamlet.db.read() as connection:
        (kept,) = await proposals.latest(connection, PROPOSALS)
    assert kept.at(hamlet.clock.now()) == "expired"
    await proposed_signer(hamlet)


async def test_power_is_proposed_and_taken_away_at_once(town: Office) -> None:
    session = await sign_in(town, "zhang")
    proposal: Any = await accounts.change_roles(town.db, "qian", "zhang", ["drafter", "auditor"])
    assert await actions.LocalSessions(town.db).who(session.token) is not None
    await accounts.confirm(town.db, "wu", proposal.proposal_id)
    assert (await account(town, "zhang")).roles == {"drafter", "auditor"}
    assert await actions.LocalSessions(town.db).who(session.token) is None
    with pytest.raises(Invalid, match="different people"):
        await accounts.change_roles(town.db, "qian", "zhang", ["operator", "auditor"])
    less = await accounts.change_roles(town.db, "qian", "zhang", ["drafter"])
    assert not isinstance(less, Proposal)
    with pytest.raises(Invalid, match="town"):
        await accounts.change_roles(town.db, "qian", "zhang", ["town-desk"])


async def test_a_proposal_for_other_roles_falls_when_they_change_meanwhile(hamlet: Office) -> None:
    proposal: Any = await accounts.change_roles(hamlet.db, "qian", "zhang", ["drafter", "checker"])
    await accounts.change_roles(hamlet.db, "wu", "zhang", ["town-desk"], "500110110")
    with pytest.raises(Refused, match="meanwhile"):
        await accounts.confirm(hamlet.db, "wu", proposal.proposal_id)
    assert (await account(hamlet, "zhang")).roles == {"town-desk"}


async def test_a_lost_second_factor_is_forgotten_by_two(town: Office) -> None:
    opened = await sign_in(town, "wang", code_of(town))
    proposal: Any = await accounts.reset_factor(town.db, "qian", "wang")
    await accounts.confirm(town.db, "wu", proposal.proposal_id)
    assert await actions.LocalSessions(town.db).who(opened.token) is None
    again = await sign_in(town, "wang")
    assert (again.person.roles, again.person.owes) == (set(), Owes.SECOND_FACTOR)


async def test_two_operators_always_remain(town: Office) -> None:
    both = [accounts.disable(town.db, "qian", "wu"), accounts.disable(town.db, "wu", "qian")]
    done = await asyncio.gather(*both, return_exceptions=True)
    assert [type(one) for one in done] == [Refused, Refused]
    he = {"username": "he", "display_name": "何静", "roles": ["operator"], "password": PASSWORD}
    await actions.seed_users(town.db, [he])
    both = [accounts.disable(town.db, "qian", "wu"), accounts.disable(town.db, "wu", "qian")]
    done = await asyncio.gather(*both, return_exceptions=True)
    assert sum(isinstance(one, Refused) for one in done) == 1
    with pytest.raises(Forbidden):
        await accounts.disable(town.db, "he", "he")


async def test_a_disabled_account_is_out_at_once_and_back_by_two(town: Office) -> None:
    opened = await sign_in(town, "wang", code_of(town))
    await accounts.disable(town.db, "qian", "wang")
    assert await actions.LocalSessions(town.db).who(opened.token) is None
    town.clock.move(seconds=30)
    with pytest.raises(Disabled):
        await sign_in(town, "wang", code_of(town))
    proposal: Any = await accounts.enable(town.db, "qian", "wang")
    await accounts.confirm(town.db, "wu", proposal.proposal_id)
    assert (await sign_in(town, "wang", code_of(town))).person.roles == {"signer"}
    rows = await town.db.rows(PEOPLE_EVENTS.select().where(PEOPLE_EVENTS.c.username == "wang"))
    assert {"account.disabled", "proposal.made", "proposal.confirmed", "account.enabled"} <= {
        row["act"] for row in rows
    }
