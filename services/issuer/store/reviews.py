"""Rows of reviews: one for each look that is due or was taken."""

from typing import Any
from uuid import UUID

from sqlalchemy import RowMapping, case, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.issuer.model.reviews import Cause, Review, Verdict
from services.issuer.store.tables import REVIEWS
from services.kit.db import Transaction
from services.kit.errors import NotFound, Refused


async def begin(tx: Transaction, review: Review) -> None:
    """Write a review that falls due."""
    await tx.execute(REVIEWS.insert().values(_row(review)))


async def save(tx: Transaction, done: Review) -> None:
    """Write what somebody found; raise Refused when somebody else was first."""
    mine = _mine(done.warning_id, done.revision, done.cause) & REVIEWS.c.done_at.is_(None)
    if not (await tx.execute(update(REVIEWS).where(mine).values(_row(done)))).rowcount:
        raise Refused("this has been reviewed already", mend="read what was found")


async def get(connection: AsyncConnection, warning_id: UUID, revision: int, cause: Cause) -> Review:
    """Return a review; raise NotFound when none is due and none was taken."""
    found = await connection.execute(select(REVIEWS).where(_mine(warning_id, revision, cause)))
    row = found.mappings().one_or_none()
    if row is None:
        raise NotFound("there is no such review")
    return _review(row)


async def of_warning(connection: AsyncConnection, warning_id: UUID) -> list[Review]:
    """Return every review of a warning, the earliest first."""
    mine = select(REVIEWS).where(REVIEWS.c.warning_id == str(warning_id)).order_by(REVIEWS.c.begun_at)
    return [_review(row) for row in (await connection.execute(mine)).mappings()]


async def listed(connection: AsyncConnection, limit: int, *, due: bool = False) -> list[Review]:
    """Return reviews: those that are due first, by the hour; then those that were taken, the newest first."""
    taken = case((REVIEWS.c.done_at.is_(None), 0), else_=1)
    statement = select(REVIEWS).order_by(taken, REVIEWS.c.done_at.desc(), REVIEWS.c.due).limit(limit)
    if due:
        statement = statement.where(REVIEWS.c.done_at.is_(None))
    return [_review(row) for row in (await connection.execute(statement)).mappings()]


def _mine(warning_id: UUID, revision: int, cause: Cause) -> Any:
    return (
        (REVIEWS.c.warning_id == str(warning_id))
        & (REVIEWS.c.revision == revision)
        & (REVIEWS.c.cause == cause)
    )


def _row(review: Review) -> dict[str, Any]:
    return {**vars(review), "warning_id": str(review.warning_id)}


def _review(row: RowMapping) -> Review:
    verdict = Verdict(row["verdict"]) if row["verdict"] else None
    cause, warning_id = Cause(row["cause"]), UUID(row["warning_id"])
    return Review(**{**row, "cause": cause, "warning_id": warning_id, "verdict": verdict})
