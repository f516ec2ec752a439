"""Lists of records: the ledger in its order, the timeline of a warning, and what a search has found."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.audit.actions.lists.listing import (
    PAGE,
    Column,
    Filters,
    Listing,
    Row,
    Source,
    counted,
    moment,
)
from services.audit.actions.search import Asking, search
from services.audit.model.detail import detail
from services.audit.model.entry import read
from services.audit.store import ledger, questions
from services.audit.store.questions import Record
from services.audit.store.tables import RECORDS

HITS = 100
"""Hits read at a time."""

_HEAD = (
    Column("position", "Record"),
    Column("recorded_at", "Recorded"),
    Column("event_at", "Happened"),
    Column("kind", "What"),
    Column("mode", "Live or drill"),
    Column("warning_id", "Warning"),
    Column("revision", "Revision"),
    Column("channel", "Channel"),
    Column("about", "About"),
    Column("about_name", "Name"),
    Column("actor", "Who"),
)


def _head(record: Record, names: Mapping[str, str]) -> Row:
    about = record["about"]
    return (
        record["position"],
        moment(record["recorded_at"]),
        moment(record["event_at"]),
        record["kind"],
        record["mode"],
        record["warning_id"],
        record["revision"],
        record["channel"],
        about,
        names.get(about) if about else None,
        record["actor"],
    )


def row(record: Record, names: Mapping[str, str]) -> Row:
    """Return the row of a record: its columns, and its details as on the page; masked when it leaves."""
    subject = orjson.loads(record["leaf"])["subject"]
    payload = ledger.unpacked(record["payload"]) if record["payload"] else b""
    return (*_head(record, names), _json(detail(read(subject, payload).message)))


def _json(said: Mapping[str, Any]) -> str:
    """Return details as JSON, numbers of any length too."""
    try:
        return orjson.dumps(said, default=str).decode()
    except TypeError:
        return json.dumps(said, default=str, ensure_ascii=False)


def rows(records: Sequence[Record], names: Mapping[str, str]) -> list[Row]:
    """Return the rows of records."""
    return [row(record, names) for record in records]


def _where(given: Filters) -> dict[str, Any]:
    return {"kind": given.kind, "about": given.about, "warning_id": given.warning, "channel": given.channel}


async def records(source: Source, given: Filters) -> AsyncIterator[Sequence[Row]]:
    """Yield the rows of records, in order, up to the position that was the last one at the start."""
    after = given.after or 0
    while after < source.upto:
        async with source.read() as connection:
            found = await questions.records(connection, after, PAGE, **_where(given))
            found = [record for record in found if record["position"] <= source.upto]
            about = {str(record["about"]) for record in found if record["about"]}
            names = await questions.names(connection, about)
        if not found:
            return
        yield await asyncio.to_thread(rows, found, names)
        after = found[-1]["position"]


async def _count_records(connection: AsyncConnection, given: Filters, upto: int) -> int | None:
    after, where = given.after or 0, {name: v for name, v in _where(given).items() if v is not None}
    if not where:
        return max(0, upto - after)
    r = RECORDS.c
    found: Select[Any] = select(r.position).where(r.position > after, r.position <= upto)
    return await counted(connection, found.where(*(r[name] == value for name, value in where.items())))


async def hits(source: Source, given: Filters) -> AsyncIterator[Sequence[Row]]:
    """Yield the rows of hits, newest first."""
    asking = Asking(given.q or "", given.kind, given.warning, given.who, given.since, given.until)
    before: int | None = source.upto + 1
    while before is not None:
        answer = await search(source.db, asking, before, HITS)
        yield [
            (
                *_head(hit.record, answer.names),
                " ".join(text.field for text in hit.texts),
                "\n".join(text.text for text in hit.texts),
            )
            for hit in answer.hits
        ]
        before = answer.next


async def _count_hits(_connection: AsyncConnection, _given: Filters, _upto: int) -> int | None:
    return None


RECORD_LIST = Listing(
    name="records",
    title="Records",
    columns=(*_HEAD, Column("detail", "Details", json=True)),
    filters=frozenset({"after", "kind", "about"}),
    needs=frozenset(),
    pages=records,
    count=_count_records,
)

TIMELINE = Listing(
    name="timeline",
    title="Timeline of a warning",
    columns=RECORD_LIST.columns,
    filters=frozenset({"warning", "after", "kind", "channel"}),
    needs=frozenset({"warning"}),
    pages=records,
    count=_count_records,
)

HIT_LIST = Listing(
    name="search",
    title="Hits of a search",
    columns=(*_HEAD, Column("fields", "Fields"), Column("text", "Text")),
    filters=frozenset({"q", "kind", "warning", "who", "since", "until"}),
    needs=frozenset({"q"}),
    pages=hits,
    count=_count_hits,
)
