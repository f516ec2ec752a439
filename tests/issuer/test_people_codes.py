"""Codes of the second factor: each is good once, and guesses lock."""

import asyncio

import pytest

from services.issuer import actions, store
from services.issuer.actions import own
from services.issuer.model import CodeNeeded, WrongCode, WrongPassword, factor
from services.issuer.model.people import Owes
from services.issuer.store.tables import RECOVERY_CODES, USERS
from services.kit.errors import Invalid, Unauthenticated
from tests.issuer.issuer_make import SECRET, Office
from tests.issuer.people_make import DOORMAN, PASSWORD, code_of, kinds, sign_in


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
