"""Afterwards: what happened is written beside a warning that went out, by hand or from a file."""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import datetime
from uuid import UUID

from contracts.printable import is_text
from services.issuer import store
from services.issuer.actions.permission import at_the_desk
from services.issuer.catalogue import Catalogue
from services.issuer.model import Person
from services.issuer.model.afterwards import LONGEST_TEXT, Afterwards, Hit, Told
from services.kit.clock import BEIJING
from services.kit.db import Database, Transaction
from services.kit.errors import Fault, Invalid, Refused

COLUMNS = ("warning", "verdict", "onset", "ended", "amounts", "source", "note")
"""The columns of an import; `warning` is an id or a CAP identifier."""

MOST_ROWS = 2000


async def write_afterwards(
    db: Database, catalogue: Catalogue, warning_id: UUID, by: Person, told: Told
) -> Afterwards:
    """Write what happened after a warning; what was written before is kept."""
    at_the_desk(catalogue, by)
    _whole(told)
    async with db.transaction() as tx:
        return await _write(tx, warning_id, by, told, imported=False)


async def import_afterwards(db: Database, catalogue: Catalogue, by: Person, text: str) -> list[Afterwards]:
    """Write what a CSV file says, all or nothing; every bad line is named."""
    at_the_desk(catalogue, by)
    rows, faults = [], []
    for number, row in _rows(text):
        try:
            rows.append((number, row["warning"].strip(), _told(row)))
        except Invalid as error:
            faults += [Fault(f"line {number}: {f.field}", f.why, f.mend) for f in error.faults]
    async with db.read() as connection:
        named = [(n, await store.afterwards.warning_named(connection, name), told) for n, name, told in rows]
    faults += [
        Fault(f"line {number}: warning", "is no warning that went out", "give its id or CAP identifier")
        for number, found, _ in named
        if found is None
    ]
    if faults:
        raise Invalid.of(faults)
    async with db.transaction() as tx:
        return [
            await _write(tx, found, by, told, imported=True) for _, found, told in named if found is not None
        ]


async def _write(tx: Transaction, warning_id: UUID, by: Person, told: Told, *, imported: bool) -> Afterwards:
    warning = await store.warnings.get(tx.connection, warning_id)
    if not await store.warnings.published(tx.connection, warning_id):
        raise Refused("this warning has not gone out", mend="write of it after it has")
    number = await store.afterwards.last_number(tx.connection, warning_id) + 1
    written = Afterwards(warning_id, number, tx.now, by.username, by.name, told, imported)
    await store.afterwards.insert(tx, written)
    tx.record(
        "afterwards.written",
        mode=warning.content.mode,
        actor=by.username,
        warning_id=warning_id,
        number=number,
        verdict=told.verdict,
        onset=told.onset.isoformat() if told.onset else None,
        amounts=told.amounts,
        observed_by=told.source,
        imported=imported,
    )
    return written


def _rows(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    lacking = set(COLUMNS) - set(reader.fieldnames or ())
    if lacking:
        raise Invalid("line 1", "lacks columns", f"begin with {','.join(COLUMNS)}")
    for number, row in enumerate(reader, start=2):
        if number > MOST_ROWS:
            raise Invalid(f"line {number}", "is one too many", f"import at most {MOST_ROWS} lines at a time")
        yield number, {name: row.get(name) or "" for name in COLUMNS}


def _told(row: Mapping[str, str]) -> Told:
    if row["verdict"].strip() not in set(Hit):
        raise Invalid("verdict", "is missing or unknown", f"use {', '.join(Hit)}")
    told = Told(
        verdict=Hit(row["verdict"].strip()),
        source=row["source"].strip(),
        onset=_moment("onset", row["onset"]),
        ended=_moment("ended", row["ended"]),
        amounts=row["amounts"].strip(),
        note=row["note"].strip(),
    )
    _whole(told)
    return told


def _moment(field: str, text: str) -> datetime | None:
    """Return a moment as files write it; without an offset it is Beijing time."""
    if not text.strip():
        return None
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise Invalid(field, "cannot be read as a time", "write 2026-06-11 15:20 or RFC 3339") from None
    return found if found.tzinfo else found.replace(tzinfo=BEIJING)


def _whole(told: Told) -> None:
    """Raise Invalid for what lacks a source, ends before it begins, or is too long."""
    if not told.source:
        raise Invalid("source", "is empty", "say who observed it")
    if told.onset and told.ended and told.ended < told.onset:
        raise Invalid("ended", "is before the onset", "choose a later time")
    for field in ("amounts", "source", "note"):
        text = getattr(told, field)
        if len(text) > LONGEST_TEXT or not is_text(text):
            why = "is too long or cannot be printed"
            raise Invalid(field, why, f"use at most {LONGEST_TEXT} characters")
