"""Default data with invented people, and a file of secrets for those who try the system."""

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from contracts.values import Channel, Mode
from services.channels.pull.media import store as media_store
from services.issuer.actions import seed_users
from services.issuer.actions.departments import set_department
from services.issuer.catalogue import load
from services.issuer.model import factor
from services.issuer.model.people import WITH_CODE
from services.kit.crypto import KeyFolder, SoftwareCrypto, new_api_key
from services.kit.db import Database
from services.kit.errors import Refused
from services.kit.settings import Settings
from services.laptop.prepare import write_private
from services.registry import seed as registry_seed
from services.registry import store as registry_store
from services.registry.blocks import PHONE_CONTEXT
from services.registry.model import IssuedKey

PEOPLE: list[dict[str, Any]] = [
    {"username": "zhang", "display_name": "张敏", "roles": ["drafter"]},
    {"username": "li", "display_name": "李强", "roles": ["checker"]},
    {"username": "wang", "display_name": "王芳", "roles": ["signer"]},
    {"username": "chen", "display_name": "陈涛", "roles": ["signer"]},
    {"username": "zhao", "display_name": "赵静", "roles": ["town-desk"], "town": "500110110"},
    {"username": "sun", "display_name": "孙丽", "roles": ["auditor"]},
    {"username": "qian", "display_name": "钱伟", "roles": ["operator"]},
    {"username": "wu", "display_name": "吴刚", "roles": ["operator"]},
    {"username": "he", "display_name": "何静", "roles": ["department"], "department": "water"},
]
"""Demo people: drafter, checker, two signers, a town desk, an auditor, two operators, a department."""


async def seed(settings: Settings, credentials: Path) -> dict[str, Any]:
    """Seed what is empty and write the secrets, once; return what the file holds."""
    if credentials.exists():
        found: dict[str, Any] = orjson.loads(credentials.read_bytes())
        return found
    crypto = SoftwareCrypto(KeyFolder(settings.key_folder()))
    registry = Database("registry", settings.database("registry"))
    issuer = Database("issuer", settings.database("issuer"))
    media = Database("media", settings.database("media"))
    try:
        await registry_seed.seed(registry, crypto)
        issued = await registry_seed.issue_all_keys(registry, crypto)
        accounts = [_with_secrets(person) for person in PEOPLE]
        await seed_users(issuer, accounts, crypto)
        await _departments(issuer)
        content = {
            "accounts": accounts,
            "stations": await _stations(registry),
            "gateways": sorted({k.owner for k in issued if k.owner.isalpha()}),
            "keys": _by_owner(issued),
            "people": await _people(registry, crypto),
            "newsrooms": await _newsrooms(registry, media),
        }
    finally:
        await media.close()
        await registry.close()
        await issuer.close()
    write_private(credentials, orjson.dumps(content, option=orjson.OPT_INDENT_2))
    return content


def _with_secrets(person: dict[str, Any]) -> dict[str, Any]:
    """Return a person with a password and, for who approves warnings, the secret of a second factor."""
    coded = {"totp_secret": factor.new_secret()} if WITH_CODE & set(person["roles"]) else {}
    return {**person, "password": f"Yt-{secrets.token_urlsafe(9)}", **coded}


def code_of(credentials: Path, username: str) -> str:
    """Return the code that an account's authenticator would show now."""
    try:
        accounts = orjson.loads(credentials.read_bytes())["accounts"]
        secrets_of = {account["username"]: account.get("totp_secret") for account in accounts}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise Refused(f"{credentials} cannot be read: {type(error).__name__}") from None
    secret = secrets_of.get(username)
    if secret is None:
        raise Refused(f"{username} has no second factor in {credentials}")
    return factor.code_at(secret, datetime.now(UTC))


async def _departments(issuer: Database) -> None:
    for person in PEOPLE:
        if "department" in person:
            await set_department(issuer, load(), person["username"], person["department"], "seed")


def _by_owner(issued: list[IssuedKey]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for key in issued:
        found.setdefault(key.owner, {})[str(key.mode)] = key.key
    return found


async def _stations(db: Database) -> list[dict[str, Any]]:
    rows = await registry_store.page(db, registry_store.STATIONS, "", 10_000)
    return [
        {"code": r["code"], "name": r["name"], "class": r["station_class"], "duty_name": r["duty_name"]}
        for r in rows
    ]


async def _newsrooms(registry: Database, media: Database) -> dict[str, str]:
    """Give every newsroom a key, so that a sandbox can play it; return the keys by name."""
    rows = await registry_store.page(registry, registry_store.ACCOUNTS, "", 1000)
    found = {}
    for name in (row["account_id"] for row in rows if row["channel"] == Channel.MEDIA):
        key_id, found[name], secret = new_api_key(Mode.LIVE)
        async with media.transaction() as tx:
            await media_store.add_key(tx, name, key_id, Mode.LIVE, secret)
    return found


async def _people(db: Database, crypto: SoftwareCrypto) -> list[dict[str, Any]]:
    """Return the invented people with their numbers, so that a sandbox can play their phones."""
    rows = await registry_store.page(db, registry_store.RECIPIENTS, "", 1_000_000)
    return [
        {
            "phone": crypto.unseal(row["phone_sealed"], PHONE_CONTEXT).decode(),
            "name": row["name"],
            "station": row["station"],
            "openid": row["openid"],
        }
        for row in rows
        if row["phone_sealed"]
    ]
