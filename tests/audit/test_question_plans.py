"""Each question is answered by an index made for it: nothing reads the whole ledger, or all of one kind."""

import sqlite3
from collections.abc import AsyncIterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from services.audit.actions import approvals, changes, gateways, moment, station
from services.audit.data import rates
from services.audit.model.period import period_of
from services.audit.store.approvals import Wanted
from tests.audit.ledger_make import ALedger, a_ledger
from tests.audit.test_gateways import NOON, AWarning, a_fact, carried

WHOLE = ("SCAN records", "records_by_kind", "SCAN carried", "SCAN targets", "SCAN deliveries", "SCAN comings")


@pytest.fixture
async def book(sqlite_url: str, tmp_path: Path) -> AsyncIterator[ALedger]:
    async with a_ledger(sqlite_url, tmp_path) as found:
        yield found


async def ask(book: ALedger, warning: AWarning) -> None:
    """Ask every question once."""
    june = period_of(date(2026, 6, 1), date(2026, 6, 30), NOON)
    year = (NOON - timedelta(days=100), NOON + timedelta(days=100))
    await gateways.listed(book.db, june, "live")
    await gateways.performance(book.db, "cmcc-1", june, "live")
    await approvals.approved(book.db, Wanted(*year, person="wang"))
    await moment.open_at(book.db, NOON + timedelta(seconds=70))
    await changes.before_warning(book.db, str(warning.warning_id))
    await station.station(book.db, "500110001001", "live", *year, rates.load())


async def test_every_question_has_its_index(book: ALedger, sqlite_url: str) -> None:
    warning = AWarning()
    duty = a_fact(kind="duty.climbed", warning_id=str(warning.warning_id), about="500110001001")
    await book.say(*carried(warning), warning.plan(), duty, a_fact(kind="gateway.starved", about="cmcc-1"))
    asked: list[tuple[str, Any]] = []

    def heard(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.lstrip().startswith("SELECT"):
            asked.append((statement, parameters))

    event.listen(book.db.reader.sync_engine, "before_cursor_execute", heard)
    await ask(book, warning)
    assert len(asked) > 30
    with sqlite3.connect(sqlite_url.format(name="audit").removeprefix("sqlite:///")) as beside:
        for statement, parameters in asked:
            plan = [row[3] for row in beside.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            assert not [step for step in plan for whole in WHOLE if whole in step], statement
