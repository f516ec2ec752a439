"""Codes of the second factor: each is good once, and guesses lock."""

import asyncio

import pytest

from services.issuer import actions, store
from services.issuer.actions import own
from services.issuer.model import CodeNeeded, WrongCode, WrongPassword, factor
from services.issuer.model.people import Owes
from services.issuer.store.tables import RECOVERY_CODES, USERS
from services.kit.errors import Invalid, Unauthenticated
from tests.issuer.app_make import PASSWORD
from tests.issuer.issuer_make import SECRET, Office
from tests.issuer.people_make import DOORMAN, code_of, kinds, sign_in


async def test_a_signer_needs_a_code_and_each_code_is_good_once(staffed: Office) -> None:
    with pytest.raises(CodeNeeded):
        await sign_in(staffed, "wang")
    opened = await sign_in(staffed, "wang", code_of(staffed))
    assert opened.person.roles == {"signer"}
    with pytest.raises(WrongCode):
        await sign_in(staffed, "wang", code_of(staffed))
    staffed.clock.move(seconds=30)
    assert (await sign_in(staffed, "wang", code_of(staffed))).person.owes is None


async def test_the_clock_of_a_phone_may_be_one_step_wrong_and_no_more(staffed_laptop: Office) -> None:
    known = factor.TOTP(SECRET)
    now = known.timecode(staffed_laptop.clock.now())
    for step, good in ((now - 2, False), (now + 2, False), (now - 1, True), (now + 1, True)):
        found = factor.step_of(SECRET, known.generate_otp(step), staffed_laptop.clock.now(), 0)
        assert (found == step) is good
    assert factor.step_of(SECRET, known.generate_otp(now - 1), staffed_laptop.clock.now(), now - 1) is None


async def test_of_many_with_one_code_one_comes_in(staffed: Office) -> None:
    code = code_of(staffed)
    tries = [sign_in(staffed, "wang", code) for _ in range(5)]
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sum(isinstance(one, actions.SignedIn) for one in done) == 1
    assert {type(one) for one in done if isinstance(one, Exception)} <= {WrongCode, WrongPassword}


async def test_guesses_at_codes_lock_the_account_like_guesses_at_passwords(staffed: Office) -> None:
    for _ in range(20):
        with pytest.raises(CodeNeeded):
            await sign_in(staffed, "wang")
    wrong = [sign_in(staffed, "wang", f"{number:06d}") for number in range(12)]
    done = await asyncio.gather(*wrong, return_exceptions=True)
    assert [type(one) for one in done].count(WrongCode) == 5, done
    assert sum(isinstance(one, WrongPassword) for one in done) == 7
    with pytest.raises(WrongPassword):
        await sign_in(staffed, "wang", code_of(staffed))
    staffed.clock.move(minutes=15)
    await sign_in(staffed, "wang", code_of(staffed))
    assert (await kinds(staffed)).count("account.rests") == 1


async def test_a_ticket_lets_the_code_follow_the_password_for_five_minutes(staffed_laptop: Office) -> None:
    ticket = await actions.needs_ticket(staffed_laptop.db, DOORMAN, "wang")
    with pytest.raises(WrongCode):
        await actions.answer(staffed_laptop.db, DOORMAN, ticket, "")
    assert (
        await actions.answer(staffed_laptop.db, DOORMAN, ticket, code_of(staffed_laptop))
    ).person.username == "wang"
    staffed_laptop.clock.move(minutes=6)
    with pytest.raises(Unauthenticated, match="too long ago"):
        await actions.answer(staffed_laptop.db, DOORMAN, ticket, code_of(staffed_laptop))
    with pytest.raises(Unauthenticated):
        await actions.answer(staffed_laptop.db, DOORMAN, "nonsense", code_of(staffed_laptop))


async def test_enrolling_needs_a_code_and_gives_recovery_codes_that_are_good_once(staffed: Office) -> None:
    opened = await sign_in(staffed, "zhang")
    offer = own.offer_factor(DOORMAN, "zhang")
    assert offer.address.startswith("otpauth://totp/")
    with pytest.raises(Invalid, match="wrong"):
        await own.enrol(staffed.db, DOORMAN, "zhang", opened.token, offer.ticket, "000000")
    with pytest.raises(Invalid, match="not of this account"):
        await own.enrol(
            staffed.db, DOORMAN, "wang", opened.token, offer.ticket, code_of(staffed, offer.secret)
        )
    codes = await own.enrol(
        staffed.db, DOORMAN, "zhang", opened.token, offer.ticket, code_of(staffed, offer.secret)
    )
    assert len(set(codes)) == factor.RECOVERY_CODES
    for row in [*await staffed.db.rows(USERS.select()), *await staffed.db.rows(RECOVERY_CODES.select())]:
        assert offer.secret not in str(dict(row))
        assert not any(code in str(dict(row)) for code in codes)
    await sign_in(staffed, "zhang", codes[0].upper().replace("-", " "))
    with pytest.raises(WrongCode):
        await sign_in(staffed, "zhang", codes[0])
    async with staffed.db.read() as connection:
        assert await store.people.recovery_codes_left(connection, "zhang") == 9
    assert {"factor.enrolled", "factor.recovered"} <= set(await kinds(staffed))


async def test_replacing_a_second_factor_needs_the_password(staffed_laptop: Office) -> None:
    opened = await sign_in(staffed_laptop, "wang", code_of(staffed_laptop))
    offer = own.offer_factor(DOORMAN, "wang")
    fresh = code_of(staffed_laptop, offer.secret)
    with pytest.raises(Invalid, match="password"):
        await own.enrol(staffed_laptop.db, DOORMAN, "wang", opened.token, offer.ticket, fresh, "wrong")
    await own.enrol(staffed_laptop.db, DOORMAN, "wang", opened.token, offer.ticket, fresh, PASSWORD)
    staffed_laptop.clock.move(seconds=60)
    with pytest.raises(WrongCode):
        await sign_in(staffed_laptop, "wang", code_of(staffed_laptop))
    await sign_in(staffed_laptop, "wang", code_of(staffed_laptop, offer.secret))


async def test_nobody_signs_before_his_second_factor_is_enrolled(staffed_laptop: Office) -> None:
    li = {"username": "li", "display_name": "李强", "roles": ["checker", "drafter"], "password": PASSWORD}
    await actions.seed_users(staffed_laptop.db, [li])
    opened = await sign_in(staffed_laptop, "li")
    assert (opened.person.roles, opened.person.owes) == ({"drafter"}, Owes.SECOND_FACTOR)
    offer = own.offer_factor(DOORMAN, "li")
    await own.enrol(
        staffed_laptop.db, DOORMAN, "li", opened.token, offer.ticket, code_of(staffed_laptop, offer.secret)
    )
    found = await actions.LocalSessions(staffed_laptop.db).who(opened.token)
    assert found is not None
    assert (found.roles, found.owes) == ({"checker", "drafter"}, None)
