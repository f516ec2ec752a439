"""The access token of an account: held once, whatever the number of replicas."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite

from services.channels.push.store.tables import TOKENS
from services.kit.db import Database, Transaction


async def held(db: Database, account: str) -> Any | None:
    """Return the row of an account, None when it never had a token."""
    rows = await db.rows(select(TOKENS).where(TOKENS.c.account == account))
    return rows[0] if rows else None


async def may_ask(tx: Transaction, account: str, patience: timedelta) -> bool:
    """Take the right to ask for a new token, for a while; return False while another replica has it."""
    insert = postgresql.insert(TOKENS) if tx.postgres else sqlite.insert(TOKENS)
    await tx.execute(insert.values(account=account).on_conflict_do_nothing())
    free = TOKENS.c.asked_until.is_(None) | (TOKENS.c.asked_until <= tx.now)
    statement = update(TOKENS).where(TOKENS.c.account == account, free)
    return (await tx.execute(statement.values(asked_until=tx.now + patience))).rowcount == 1


async def keep(
    tx: Transaction, account: str, sealed: bytes, good_until: datetime, renew_at: datetime
) -> None:
    """Keep a new token, and give the right to ask back."""
    values = {"sealed": sealed, "good_until": good_until, "renew_at": renew_at, "asked_until": None}
    await tx.execute(update(TOKENS).where(TOKENS.c.account == account).values(values))


async def give_back(tx: Transaction, account: str) -> None:
    """Give the right to ask back without a token."""
    await tx.execute(update(TOKENS).where(TOKENS.c.account == account).values(asked_until=None))
