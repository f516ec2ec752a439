"""Sessions, and the passwords that open them."""

import pytest

from contracts.fact import Fact
from services.issuer import actions, store
from services.issuer.actions import accounts, own
from services.issuer.model import Limits, passwords
from services.issuer.model.people import Owes
from services.kit import origin
from services.kit.errors import Invalid, NotFound
from services.kit.identity import session_name, token_sha256
from tests.issuer.app_make import PASSWORD
from tests.issuer.issuer_make import Office, a_crypto
from tests.issuer.people_make import DOORMAN

# Sessions


async def test_the_oldest_session_gives_way_when_there_are_too_many(staffed: Office) -> None:
    doorman = actions.Doorman(a_crypto(), Limits(sessions=2))
    opened = []
    for _ in range(3):
        opened.append(await actions.sign_in(staffed.db, doorman, "zhang", PASSWORD, agent="Firefox"))
        staffed.clock.move(seconds=5)
    sessions = actions.LocalSessions(staffed.db)
    assert [await sessions.who(one.token) is not None for one in opened] == [False, True, True]
    mine = session_name(token_sha256(opened[2].token))
    assert [one.name for one in await sessions.of("zhang")].index(mine) == 0
    assert await actions.end_others(staffed.db, "zhang", mine) == 1
    assert await sessions.who(opened[1].token) is None
    with pytest.raises(NotFound):
        await actions.end_session(staffed.db, "wang", mine)
    await actions.end_session(staffed.db, "zhang", mine)
    assert await sessions.who(opened[2].token) is None


async def test_every_act_says_from_where_and_by_which_session(staffed: Office) -> None:
    with origin.of_request("203.0.113.9"):
        origin.signed_in("0123456789ab")
        await accounts.disable(staffed.db, "qian", "zhang")
        draft = await staffed.drafted()
    fact = (await staffed.said(Fact))[-2]
    assert (fact.kind, fact.actor, fact.about) == ("account.disabled", "qian", "zhang")
    assert (fact.source, fact.detail["session"]) == ("203.0.113.9", "0123456789ab")
    async with staffed.db.read() as connection:
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


async def test_a_password_that_was_given_is_changed_before_anything_else(staffed: Office) -> None:
    given = await accounts.reset_password(staffed.db, DOORMAN, "qian", "zhang")
    opened = await actions.sign_in(staffed.db, DOORMAN, "zhang", given)
    assert opened.person.owes == Owes.PASSWORD
    with pytest.raises(Invalid, match="old one"):
        await own.change_password(staffed.db, DOORMAN, "zhang", opened.token, given, given)
    with pytest.raises(Invalid, match="not your password"):
        await own.change_password(staffed.db, DOORMAN, "zhang", opened.token, "wrong", "kettle-glacier-19")
    await own.change_password(staffed.db, DOORMAN, "zhang", opened.token, given, "kettle-glacier-19")
    again = await actions.sign_in(staffed.db, DOORMAN, "zhang", "kettle-glacier-19")
    assert again.person.owes is None
    facts = [fact.model_dump_json() for fact in await staffed.said(Fact)]
    assert not any(given in fact or "glacier" in fact for fact in facts)
