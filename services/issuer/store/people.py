"""Rows of accounts, their recovery codes, and their sessions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Select, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.issuer.model.people import LIMITS, Account, Limits, Session
from services.issuer.store.tables import RECOVERY_CODES, SESSIONS, USERS
from services.kit import origin
from services.kit.db import Transaction
from services.kit.errors import NotFound
from services.kit.identity import session_name

LONGEST_AGENT = 120


async def account(connection: AsyncConnection, username: str, *, lock: bool = False) -> Account | None:
    """Return an account, None when there is none; locked, others wait until this transaction ends."""
    statement = select(USERS).where(USERS.c.username == username)
    row = (await connection.execute(_locked(connection, statement, lock))).mappings().one_or_none()
    return None if row is None else _account(row)


async def known(connection: AsyncConnection, username: str, *, lock: bool = False) -> Account:
    """Return an account; raise NotFound when there is none."""
    found = await account(connection, username, lock=lock)
    if found is None:
        raise NotFound("there is no such account")
    return found


async def accounts(connection: AsyncConnection, *, lock: bool = False) -> list[Account]:
    """Return every account, by name; locked, nobody else changes one meanwhile."""
    statement = _locked(connection, select(USERS).order_by(USERS.c.username), lock)
    return [_account(row) for row in (await connection.execute(statement)).mappings()]


async def page(connection: AsyncConnection, words: str, after: str, limit: int) -> list[Account]:
    """Return accounts whose names contain some words, by user name, after a cursor."""
    statement = select(USERS).where(USERS.c.username > after).order_by(USERS.c.username).limit(limit)
    if words:
        statement = statement.where(
            or_(
                USERS.c.username.contains(words.lower(), autoescape=True),
                USERS.c.display_name.contains(words, autoescape=True),
            )
        )
    return [_account(row) for row in (await connection.execute(statement)).mappings()]


def _locked(connection: AsyncConnection, statement: Select[Any], lock: bool) -> Select[Any]:
    return statement.with_for_update() if lock and connection.dialect.name == "postgresql" else statement


def _account(row: Any) -> Account:
    fields = {name: row[name] for name in Account.__dataclass_fields__}
    return Account(**{**fields, "roles": frozenset(orjson.loads(row["roles"]))})


async def keep(tx: Transaction, wanted: Account) -> bool:
    """Write an account, new or not; return whether it is new."""
    row = {**vars(wanted), "roles": orjson.dumps(sorted(wanted.roles)).decode()}
    known = update(USERS).where(USERS.c.username == wanted.username).values(row)
    if (await tx.execute(known)).rowcount:
        return False
    await tx.execute(USERS.insert().values(row))
    return True


async def count_guess(tx: Transaction, counted: Account) -> None:
    """Write the failures of an account, and until when it rests."""
    await tx.execute(
        update(USERS)
        .where(USERS.c.username == counted.username)
        .values(failed=counted.failed, locked_until=counted.locked_until)
    )


async def use_step(tx: Transaction, username: str, step: int) -> bool:
    """Use the code of a time step up; return whether it was later than the last one used."""
    later = (USERS.c.username == username) & (USERS.c.last_step < step)
    return (await tx.execute(update(USERS).where(later).values(last_step=step))).rowcount == 1


async def replace_recovery_codes(tx: Transaction, username: str, hashes: Sequence[str]) -> None:
    """Write new recovery codes; the old ones are good for nothing any more."""
    await tx.execute(RECOVERY_CODES.delete().where(RECOVERY_CODES.c.username == username))
    if hashes:
        rows = [{"code_sha256": one, "username": username, "used_at": None} for one in hashes]
        await tx.execute(RECOVERY_CODES.insert(), rows)


async def use_recovery_code(tx: Transaction, username: str, code_sha256: str) -> bool:
    """Use a recovery code up; return whether it was good."""
    mine = (RECOVERY_CODES.c.username == username) & (RECOVERY_CODES.c.code_sha256 == code_sha256)
    statement = update(RECOVERY_CODES).where(mine, RECOVERY_CODES.c.used_at.is_(None))
    return (await tx.execute(statement.values(used_at=tx.now))).rowcount == 1


async def recovery_codes_left(connection: AsyncConnection, username: str) -> int:
    """Return how many recovery codes are still good."""
    mine = (RECOVERY_CODES.c.username == username) & RECOVERY_CODES.c.used_at.is_(None)
    statement = select(func.count()).select_from(RECOVERY_CODES).where(mine)
    return int((await connection.execute(statement)).scalar_one())


async def open_session(
    tx: Transaction,
    token_sha256: str,
    username: str,
    *,
    second: bool = False,
    agent: str = "",
    limits: Limits = LIMITS,
) -> list[Session]:
    """Write a new session; return those that end because an account has only so many."""
    standing = await sessions(tx.connection, username, tx.now, limits)
    too_many = standing[max(0, limits.sessions - 1) :]
    for old in too_many:
        await end_sessions(tx, username, name=old.name)
    await tx.execute(
        SESSIONS.insert().values(
            token_sha256=token_sha256,
            username=username,
            created_at=tx.now,
            used_at=tx.now,
            second_at=tx.now if second else None,
            source=origin.current().source,
            agent=agent[:LONGEST_AGENT],
        )
    )
    return too_many


async def session(connection: AsyncConnection, token_sha256: str) -> tuple[Session, Account] | None:
    """Return a session and whose it is, None when there never was one."""
    statement = (
        select(USERS, *_OF_A_SESSION)
        .join(SESSIONS, SESSIONS.c.username == USERS.c.username)
        .where(SESSIONS.c.token_sha256 == token_sha256)
    )
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else (_session(row), _account(row))


async def sessions(
    connection: AsyncConnection, username: str, now: datetime, limits: Limits = LIMITS
) -> list[Session]:
    """Return the sessions of an account that stand, the newest first."""
    statement = (
        select(SESSIONS.c.username, *_OF_A_SESSION)
        .where(SESSIONS.c.username == username, SESSIONS.c.revoked_at.is_(None))
        .order_by(SESSIONS.c.created_at.desc(), SESSIONS.c.token_sha256)
    )
    found = [_session(row) for row in (await connection.execute(statement)).mappings()]
    return [one for one in found if one.stands(now, limits)]


_OF_A_SESSION = tuple(
    SESSIONS.c[name]
    for name in ("token_sha256", "created_at", "used_at", "revoked_at", "second_at", "source", "agent")
)


def _session(row: Any) -> Session:
    same = ("username", "created_at", "used_at", "revoked_at", "second_at", "source", "agent")
    return Session(name=session_name(row["token_sha256"]), **{name: row[name] for name in same})


async def touch(tx: Transaction, token_sha256: str) -> None:
    """Note that a session is in use."""
    await tx.execute(update(SESSIONS).where(SESSIONS.c.token_sha256 == token_sha256).values(used_at=tx.now))


async def confirm_second(tx: Transaction, token_sha256: str) -> None:
    """Note that the second factor of a session is confirmed."""
    await tx.execute(update(SESSIONS).where(SESSIONS.c.token_sha256 == token_sha256).values(second_at=tx.now))


async def revoke(tx: Transaction, token_sha256: str) -> str | None:
    """End a session; return whose it was, None when it had ended."""
    standing = (SESSIONS.c.token_sha256 == token_sha256) & SESSIONS.c.revoked_at.is_(None)
    username = (await tx.execute(select(SESSIONS.c.username).where(standing))).scalar_one_or_none()
    await tx.execute(update(SESSIONS).where(standing).values(revoked_at=tx.now))
    return username


async def end_sessions(
    tx: Transaction, username: str, *, name: str | None = None, but: str | None = None
) -> int:
    """End sessions of an account: all, one by its name, or all but one; return how many."""
    statement = update(SESSIONS).where(SESSIONS.c.username == username, SESSIONS.c.revoked_at.is_(None))
    if name is not None:
        statement = statement.where(SESSIONS.c.token_sha256.startswith(name, autoescape=True))
    if but is not None:
        statement = statement.where(~SESSIONS.c.token_sha256.startswith(but, autoescape=True))
    return (await tx.execute(statement.values(revoked_at=tx.now))).rowcount


async def forget_sessions(tx: Transaction, ended_before: datetime) -> None:
    """Delete sessions that began so long ago that they have ended."""
    await tx.execute(SESSIONS.delete().where(SESSIONS.c.created_at < ended_before))
