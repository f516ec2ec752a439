"""Conformance runs: which test work each has, and what was seen."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select

from services.channels.pull.gateways.store.tables import MARKS, RUNS
from services.kit.db import Database, Transaction


@dataclass(frozen=True)
class Run:
    """A conformance run."""

    run: str
    gateway: str
    begun_at: datetime
    deliveries: Mapping[str, str]
    """The delivery of each check."""
    marks: Mapping[str, datetime]
    """When each check was passed."""

    def check_of(self, delivery_id: object) -> str:
        """Return which check a delivery is for."""
        return next((c for c, d in self.deliveries.items() if d == str(delivery_id)), "")


async def add(tx: Transaction, run: str, gateway: str, deliveries: Mapping[str, str]) -> None:
    """Keep a run that begins."""
    row = {"run": run, "gateway": gateway, "begun_at": tx.now}
    await tx.execute(RUNS.insert().values(**row, deliveries=orjson.dumps(deliveries).decode()))


async def of(tx: Transaction, run: str) -> Run | None:
    """Return a run that something is about to be noted of."""
    row = (await tx.execute(select(RUNS).where(RUNS.c.run == run))).mappings().one_or_none()
    return _run(row, {}) if row else None  # type: ignore[arg-type]


async def latest(db: Database, gateway: str) -> Run | None:
    """Return the newest run of a gateway with what it has passed, None when there was none."""
    newest = select(RUNS).where(RUNS.c.gateway == gateway).order_by(RUNS.c.begun_at.desc()).limit(1)
    rows = await db.rows(newest)
    if not rows:
        return None
    marks = await db.rows(select(MARKS).where(MARKS.c.run == rows[0]["run"]))
    return _run(rows[0], {mark["check"]: mark["at"] for mark in marks})


async def mark(tx: Transaction, run: str, check: str) -> None:
    """Note that a check was passed; the first time counts."""
    mine = (MARKS.c.run == run) & (MARKS.c.check == check)
    if (await tx.execute(select(MARKS.c.run).where(mine))).first() is None:
        await tx.execute(MARKS.insert().values(run=run, check=check, at=tx.now))


def _run(row: Mapping[str, Any], marks: Mapping[str, datetime]) -> Run:
    return Run(row["run"], row["gateway"], row["begun_at"], orjson.loads(row["deliveries"]), marks)
