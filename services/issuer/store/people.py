"""Rows of accounts and sessions."""

from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.issuer.model.people import Account, Session
from services.issuer.store.tables import SESSIONS, USERS
from services.kit.db import Transaction


async def account(connection: AsyncConnection, username: str, *, lock: bool = False) -> Account | None:
    """Return an account, None when there is none; locked, others wait until this transaction ends."""
    statement = select(USERS).where(USERS.c.username == username)
    if lock and connection.dialect.name == "postgresql":
        statement = statement.with_for_update()
    row = (await connection.execute(statement)).mappings().one_or_none()
    return None if row is None else _account(row)


async def accounts(connection: AsyncConnection) -> list[Account]:
    """Return every account, by name."""
    return [_account(row) for row in (await connection.execute(_ALL)).mappings()]


_ALL = select(USERS).order_by(USERS.c.username)


def _account(row: Any) -> Account:
    return Account(
        username=row["username"],
        display_name=row["display_name"],
        password_hash=row["password_hash"],
        roles=frozenset(orjson.loads(row["roles"])),
        town=row["town"],
        failed=row["failed"],
        locked_until=row["locked_until"],
    )


async def keep(tx: Transaction, wanted: Account) -> bool:
    """Write an account, new or not; return whether it is new."""
    row = {
        "display_name": wanted.display_name,
        "password_hash": wanted.password_hash,
        "roles": orjson.dumps(sorted(wanted.roles)).decode(),
        "town": wanted.town,
        "failed": wanted.failed,
        "locked_until": wanted.locked_until,
    }
    known = update(USERS).where(USERS.c.username == wanted.username).values(row)
    if (await tx.execute(known)).rowcount:
        return False
    await tx.execute(USERS.insert().values(username=wanted.username, **row))
    return True


async def count_guess(tx: Transaction, counted: Account) -> None:
    """Write the failures of an account, and until when it rests."""
    await tx.execute(
        update(USERS)
        .where(USERS.c.username == counted.username)
        .values(failed=counted.failed, locked_until=counted.locked_until)
    )


async def open_session(tx: Transaction, token_sha256: str, username: str) -> Session:
    """Write a new session and return it."""
    row = {"username": username, "created_at": tx.now, "used_at": tx.now}
    await tx.execute(SESSIONS.insert().values(token_sha256=token_sha256, **row))
    return Session(username, tx.now, tx.now)


async def session(connection: AsyncConnection, token_sha256: str) -> tuple[Session, Account] | None:
    """Return a session and whose it is, None when there never was one."""
    statement = (
        select(USERS, SESSIONS.c.created_at, SESSIONS.c.used_at, SESSIONS.c.revoked_at)
        .join(SESSIONS, SESSIONS.c.username == USERS.c.username)
        .where(SESSIONS.c.token_sha256 == token_sha256)
    )
    row = (await connection.execute(statement)).mappings().one_or_none()
    if row is None:
        return None
    found = Session(row["username"], row["created_at"], row["used_at"], row["revoked_at"])
    return found, _account(row)


async def touch(tx: Transaction, token_sha256: str) -> None:
    """Note that a session is in use."""
    await tx.execute(update(SESSIONS).where(SESSIONS.c.token_sha256 == token_sha256).values(used_at=tx.now))


async def revoke(tx: Transaction, token_sha256: str) -> str | None:
    """End a session; return whose it was, None when it had ended."""
    standing = (SESSIONS.c.token_sha256 == token_sha256) & SESSIONS.c.revoked_at.is_(None)
    username = (await tx.execute(select(SESSIONS.c.username).where(standing))).scalar_one_or_none()
    await tx.execute(update(SESSIONS).where(standing).values(revoked_at=tx.now))
    return username


async def forget_sessions(tx: Transaction, ended_before: datetime) -> None:
    """Delete sessions that began so long ago that they have ended."""
    await tx.execute(SESSIONS.delete().where(SESSIONS.c.created_at < ended_before))
