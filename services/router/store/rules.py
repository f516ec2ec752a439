"""The rules that were in force: of routing, and of escalation."""

from sqlalchemy import Table, select

from services.kit.db import Transaction
from services.router.store.blocks import Reader, upsert
from services.router.store.tables import RULES


async def keep(tx: Transaction, sha256: str, version: str, text: str, table: Table = RULES) -> None:
    """Keep rules that are in force from now on."""
    row = {"sha256": sha256, "version": version, "body": text.encode(), "in_force_at": tx.now}
    again = upsert(tx, table).values(row)
    renewed = {"in_force_at": again.excluded.in_force_at}
    await tx.execute(again.on_conflict_do_update(index_elements=["sha256"], set_=renewed))


async def know(tx: Transaction, sha256: str, version: str, text: str) -> None:
    """Keep rules that a manifest names, if they are not kept already."""
    row = {"sha256": sha256, "version": version, "body": text.encode(), "in_force_at": tx.now}
    await tx.execute(upsert(tx, RULES).values(row).on_conflict_do_nothing())


async def last(reader: Reader, table: Table = RULES) -> str | None:
    """Return the text of the rules that came into force last."""
    newest = select(table.c.body).order_by(table.c.in_force_at.desc(), table.c.sha256).limit(1)
    body: bytes | None = (await reader.execute(newest)).scalar_one_or_none()
    return body.decode() if body is not None else None


async def text(reader: Reader, sha256: str, table: Table = RULES) -> str | None:
    """Return the text of rules that were in force once."""
    found: bytes | None = (
        await reader.execute(select(table.c.body).where(table.c.sha256 == sha256))
    ).scalar_one_or_none()
    return found.decode() if found is not None else None
