"""Write the daily reconciliation file of a gateway."""

import csv
import hashlib
import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date

from contracts.values import Mode
from services.channels.pull.gateways.model.settling import HEAD, Totals
from services.channels.pull.gateways.model.terms import day_of
from services.channels.pull.gateways.store import days
from services.kit.clock import BEIJING
from services.kit.db import Database
from services.kit.errors import Refused

FIRST = date(2020, 1, 1)
"""Before this day no gateway was asked for anything."""

_BOM = "\ufeff"
"""Without it, spreadsheets take UTF-8 for something else."""


@dataclass(frozen=True)
class Settled:
    """What a day comes to, and the hash of its file."""

    totals: Totals
    final: bool
    sha256: str


async def lines(db: Database, gateway: str, mode: Mode, day: date, totals: Totals) -> AsyncIterator[bytes]:
    """Yield the file line by line, counting along; the last line holds the totals."""
    if not FIRST <= day <= db.clock.now().astimezone(BEIJING).date():
        raise Refused("that day has not begun, or is before our time", mend="ask for today or an earlier day")
    begin, end = day_of(day)
    yield _line(HEAD, _BOM)
    async for row in days.work_of(db, gateway, mode, begin, end):
        yield _line(totals.add(row))
    yield _line(totals.line())


async def settle(db: Database, gateway: str, mode: Mode, day: date) -> Settled:
    """Return what a day comes to."""
    totals, digest = Totals(), hashlib.sha256()
    async for line in lines(db, gateway, mode, day, totals):
        digest.update(line)
    over = day_of(day)[1] <= db.clock.now()
    return Settled(totals, over and not totals.open, digest.hexdigest())


def _line(cells: tuple[str, ...], before: str = "") -> bytes:
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return (before + written.getvalue()).encode()
