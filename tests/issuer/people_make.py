"""People for tests: a drafter, a signer and two operators, who sign in with password and code."""

from typing import Any

from contracts.fact import Fact
from services.issuer import actions, store
from services.issuer.actions import accounts
from services.issuer.model import factor
from services.kit.proposals import Proposal
from tests.issuer.app_make import PASSWORD
from tests.issuer.issuer_make import SECRET, Office, a_crypto, a_doorman

DOORMAN = a_doorman()
PEOPLE = (
    {"username": "zhang", "display_name": "张敏", "roles": ["drafter"]},
    {"username": "wang", "display_name": "王芳", "roles": ["signer"], "totp_secret": SECRET},
    {"username": "qian", "display_name": "钱伟", "roles": ["operator"]},
    {"username": "wu", "display_name": "吴刚", "roles": ["operator"]},
)


async def with_people(office: Office) -> Office:
    """Return the office with its people."""
    await actions.seed_users(office.db, [{**one, "password": PASSWORD} for one in PEOPLE], a_crypto())
    return office


async def sign_in(office: Office, username: str, code: str = "", **more: Any) -> actions.SignedIn:
    return await actions.sign_in(office.db, a_doorman(), username, PASSWORD, code, **more)


def code_of(office: Office, secret: str = SECRET) -> str:
    return factor.code_at(secret, office.clock.now())


async def kinds(office: Office) -> list[str]:
    return [fact.kind for fact in await office.said(Fact)]


async def account(office: Office, username: str) -> Any:
    async with office.db.read() as connection:
        return await store.people.known(connection, username)


async def proposed_signer(office: Office) -> Proposal:
    made = await accounts.new_account(office.db, "qian", "zhou", "周敏", ["signer"])
    assert isinstance(made, Proposal)
    return made
