"""The routing rules that were in force."""

from sqlalchemy import select

from services.kit.db import Transaction
from services.router.store.blocks import Reader, upsert
from services.router.store.tables import RULES


async def keep(tx: Transaction, sha256: str, version: str, text: str) -> None:
    """Keep rules that are in force from now on."""
    row = {"sha256": sha256, "version": version, "body": text.encode(), "in_force_at": tx.now}
    again = upsert(tx, RULES).values(row)
    renewed = {"in_force_at": again.excluded.in_force_at}
    await tx.execute(again.on_conflict_do_update(index_elements=["sha256"], set_=renewed))


async def last(reader: Reader) -> str | None:
    """Return the text of the rules that came into force last."""
    newest = select(RULES.c.body).order_by(RULES.c.in_force_at.desc(), RULES.c.sha256).limit(1)
    body: bytes | None = (await reader.execute(newest)).scalar_one_or_none()
    return body.decode() if body is not None else None
