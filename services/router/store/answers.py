"""Answers that a person wrote down, and the story of a duty."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from services.kit.db import Transaction
from services.router.model.duty import Way
from services.router.store.blocks import Reader
from services.router.store.tables import ANSWERS, STEPS


@dataclass(frozen=True)
class Answer:
    """Who answered, on which phone, when, and who wrote it down."""

    answer_id: UUID
    duty_id: UUID
    way: Way
    name: str
    phone: bytes | None
    at: datetime
    recorded_at: datetime
    recorded_by: str
    note: str


@dataclass(frozen=True)
class Step:
    """A rung that a duty has climbed."""

    rung: int
    name: str
    at: datetime
    called: int
    instead: str | None
    unheard: bool


async def keep(tx: Transaction, answer: Answer) -> None:
    """Keep an answer; several may be written down for one duty."""
    row = {**asdict(answer), "answer_id": str(answer.answer_id), "duty_id": str(answer.duty_id)}
    await tx.execute(ANSWERS.insert().values(row))


async def of_duty(reader: Reader, duty_id: UUID) -> list[Answer]:
    """Return the answers of a duty, oldest first."""
    statement = select(ANSWERS).where(ANSWERS.c.duty_id == str(duty_id)).order_by(ANSWERS.c.recorded_at)
    return [_answer(row) for row in (await reader.execute(statement)).mappings()]


def _answer(row: Mapping[Any, Any]) -> Answer:
    ids = {"answer_id": UUID(row["answer_id"]), "duty_id": UUID(row["duty_id"])}
    return Answer(**{**row, **ids, "way": Way(row["way"])})


async def steps(reader: Reader, duty_ids: Sequence[UUID]) -> dict[UUID, list[Step]]:
    """Return the rungs that these duties have climbed, in their order."""
    found: dict[UUID, list[Step]] = {duty_id: [] for duty_id in duty_ids}
    names = [str(duty_id) for duty_id in duty_ids]
    for start in range(0, len(names), 500):
        mine = STEPS.c.duty_id.in_(names[start : start + 500])
        rows = await reader.execute(select(STEPS).where(mine).order_by(STEPS.c.rung))
        for row in rows:
            step = Step(row.rung, row.name, row.at, row.called, row.instead, row.unheard)
            found[UUID(row.duty_id)].append(step)
    return found
