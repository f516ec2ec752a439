"""Who signs in: sessions, failures, and what is kept of a password."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from contracts.fact import Fact
from services.issuer import actions, store
from services.issuer.model import WrongPassword
from services.issuer.store.tables import USERS
from services.kit.errors import Invalid
from tests.issuer.app_make import PASSWORD
from tests.issuer.issuer_make import Office, a_doorman

ACCOUNT = {"username": "zhang", "display_name": "张敏", "roles": ["drafter"], "password": PASSWORD}


async def signed_in(office: Office, password: str = PASSWORD, username: str = "zhang") -> Any:
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
