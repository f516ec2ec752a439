"""Exports: every list in every form, of one moment, whole or visibly cut; each is a fact before and after."""

import csv
import hashlib
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import openpyxl
import orjson
import pytest

from contracts.outcome import TargetState
from contracts.values import Channel, Level
from services.audit.actions import words as indexing
from services.audit.actions.exports import MEDIA, Export
from services.audit.actions.lists import LISTS
from services.audit.actions.lists.listing import Filters
from services.audit.forms import BOM
from services.kit.pages import said
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import NOON, STATIONS, AWarning, a_fact
from tests.databases import on_one_database

PATH = "/api/v1/audit/exports/"


@pytest.fixture
async def audit(database_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Asked]:
    async with asked(database_url, clean_nats_url, tmp_path) as found:
        yield found


async def index(audit: Asked) -> None:
    async with audit.book.db.transaction() as tx:
        await audit.book.leadership._claim_in(tx, indexing.LEASE)
    while await indexing.fold(audit.book.db, audit.book.leadership):
        pass


async def table(audit: Asked, name: str, form: str, **query: Any) -> list[dict[str, Any]]:
    """Fetch a list; return its rows by the columns' names, cells as text or None."""
    reply = await audit.get(f"{PATH}{name}.{form}", lang="en", **query)
    assert reply.status_code == 200, reply.text
    assert reply.headers["content-type"] == MEDIA[form]
    columns = LISTS[name].columns
    if form == "jsonl":
        *lines, last = [orjson.loads(line) for line in reply.content.splitlines()]
        assert last["end"]["rows"] == len(lines)
        return [{k: v if v is None else _text(v) for k, v in line.items()} for line in lines]
    if form == "csv":
        assert reply.content.startswith(BOM)
        heads, *rows = csv.reader(io.StringIO(reply.content.decode("utf-8-sig")))
    else:
        book = openpyxl.load_workbook(io.BytesIO(reply.content), read_only=True)
        heads, *rows = [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]
    assert list(heads) == [column.head for column in columns]
    names = [column.name for column in columns]
    return [
        {n: None if cell in ("", None) else _text(cell) for n, cell in zip(names, row, strict=True)}
        for row in rows
    ]


def _text(cell: Any) -> str:
    return orjson.dumps(cell).decode() if isinstance(cell, dict | list) else str(cell)


async def fill(audit: Asked) -> AWarning:
    warning = AWarning()
    await audit.book.say(
        *warning.whole(), warning.halted(), AWarning().published(), a_fact(about="500110001001")
    )
    await index(audit)
    return warning


@pytest.mark.parametrize("form", MEDIA)
async def test_every_list_can_be_had_in_every_form(audit: Asked, form: str) -> None:
    warning = await fill(audit)
    mine = str(warning.warning_id)
    records = await table(audit, "records", form)
    assert [row["position"] for row in records] == [str(n + 1) for n in range(len(records))]
    assert records[0]["recorded_at"] == "2026-06-01T12:00:00+08:00"
    assert "暴雨红色" in str(records[0]["detail"])
    assert [r["kind"] for r in await table(audit, "records", form, kind="note.kept")] == ["note.kept"]
    assert [r["about"] for r in await table(audit, "records", form, about="500110001001")][
        -1
    ] == "500110001001"
    told = await table(audit, "timeline", form, warning=mine)
    assert {row["warning_id"] for row in told} == {mine}
    assert len(told) == len(records) - 2
    only = await table(audit, "timeline", form, warning=mine, channel="sms")
    assert {row["channel"] for row in only} == {"sms"}
    targets = {row["target"]: row for row in await table(audit, "targets", form, warning=mine)}
    assert set(targets) == {*STATIONS, "500110001000"}
    first = targets[STATIONS[0]]
    assert (first["state"], first["column"], first["confirmed_by"]) == ("confirmed", "confirmed", "赵村长")
    assert (first["received_at"], first["confirmed_at"]) == (
        "2026-06-01T12:00:02+08:00",
        "2026-06-01T12:00:40+08:00",
    )


@pytest.mark.parametrize("form", MEDIA)
async def test_deliveries_years_and_hits_can_be_had_in_every_form(audit: Asked, form: str) -> None:
    mine = str((await fill(audit)).warning_id)
    deliveries = await table(audit, "deliveries", form, warning=mine)
    assert {row["channel"] for row in deliveries} == {"station", "broadcast", "sms"}
    (carried,) = await table(audit, "deliveries", form, gateway="cmcc-1")
    assert (carried["delivered"], carried["failed"], carried["route"]) == ("4", "1", "cmcc-1")
    (year,) = await table(audit, "station", form, station=STATIONS[0], year=2026)
    assert (year["warning_id"], year["state"], year["level"]) == (mine, "confirmed", Level.RED.value)
    assert await table(audit, "station", form, station=STATIONS[0], year=2025) == []
    (hit,) = await table(audit, "search", form, q="写错")
    assert (hit["kind"], hit["text"], hit["fields"]) == ("warning.halted", "写错了", "reason")


async def test_heads_are_in_the_language_of_who_asks(audit: Asked) -> None:
    await audit.book.say(a_fact())
    reply = await audit.get(f"{PATH}records.csv", lang="zh")
    assert reply.content.decode("utf-8-sig").startswith("记录,")


def test_every_list_and_head_has_chinese() -> None:
    words = {column.head for listing in LISTS.values() for column in listing.columns}
    words |= {listing.title for listing in LISTS.values()}
    assert sorted(one for one in words if said(one, "zh") == one) == []


async def test_an_export_is_a_fact_before_and_after(audit: Asked) -> None:
    await fill(audit)
    before = len(await audit.facts())
    reply = await audit.get(f"{PATH}records.csv", kind="note.kept", about="13812345678")
    begun, ended = (await audit.facts())[before:]
    assert (begun["kind"], begun["actor"]) == ("audit.exported", "sun")
    assert begun["detail"]["path"] == f"{PATH}records.csv"
    assert "13812345678" not in begun["detail"]["query"]
    assert (ended["kind"], ended["actor"]) == ("audit.export-ended", "sun")
    said = ended["detail"]
    assert said["sha256"] == hashlib.sha256(reply.content).hexdigest()
    assert (said["rows"], said["bytes"], said["whole"]) == (0, len(reply.content), True)
    assert (said["list"], said["form"]) == ("records", "csv")
    assert said["export"]


@pytest.mark.parametrize("form", MEDIA)
async def test_an_export_sees_one_moment(audit: Asked, form: str) -> None:
    await audit.book.say(*(a_fact(n) for n in range(1200)))
    export = Export(audit.book.db, LISTS["records"], form, Filters(), ["h"] * 12)
    await export.open()
    await audit.book.say(*(a_fact(n) for n in range(50)))
    pieces = [piece async for piece in export.pieces()]
    assert (export.rows, export.upto, export.estimated, export.left.whole) == (1200, 1200, 1200, True)
    assert hashlib.sha256(b"".join(pieces)).hexdigest() == export.left.sha256
    export.close()


async def test_books_are_read_at_one_moment_before_the_answer(audit: Asked) -> None:
    warning = AWarning()
    await audit.book.say(warning.published(), warning.plan(), *warning.requests())
    given = Filters(warning=str(warning.warning_id))
    export = Export(audit.book.db, LISTS["deliveries"], "jsonl", given, [])
    await export.open()
    await audit.book.say(
        warning.report(Channel.SMS, {}, ()).model_copy(update={"tally": {TargetState.RECEIVED: 5}})
    )
    lines = b"".join([piece async for piece in export.pieces()]).splitlines()
    assert {orjson.loads(line)["report"] for line in lines[:-1]} == {0}
    export.close()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("nothing.csv", 404),
        ("records.pdf", 404),
        ("records.csv?warning=00000000-0000-0000-0000-000000000000", 422),
        ("records.csv?year=2026", 422),
        ("timeline.csv", 422),
        ("deliveries.csv?channel=sms", 422),
        ("station.csv?station=1", 422),
        ("search.csv?q=%EF%BC%8C", 422),
        ("search.xlsx?q=%EF%BC%8C", 422),
        ("records.csv?after=-1", 422),
    ],
)
@on_one_database
async def test_what_cannot_be_had_is_refused_with_a_reason(audit: Asked, path: str, status: int) -> None:
    reply = await audit.get(f"{PATH}{path}".partition("?")[0], **_query(path))
    assert reply.status_code == status, reply.text
    assert reply.json()["detail"]
    assert audit.app.state.parts["audit"].leaving.now == 0


def _query(path: str) -> dict[str, str]:
    return dict(parse_qsl(path.partition("?")[2]))


@on_one_database
async def test_only_auditors_take_lists_away(audit: Asked) -> None:
    assert (await audit.get(f"{PATH}records.csv", "drafter")).status_code == 403
    assert (await audit.get(f"{PATH}records.csv", "auditor+operator")).status_code == 403
    assert await audit.facts() == []


@on_one_database
async def test_at_most_a_few_lists_leave_at_once(audit: Asked) -> None:
    leaving = audit.app.state.parts["audit"].leaving
    leaving.now = 3
    reply = await audit.get(f"{PATH}records.csv")
    assert (reply.status_code, reply.headers["retry-after"]) == (503, "10")
    assert leaving.now == 3


@on_one_database
async def test_numbers_of_phones_leave_masked(audit: Asked) -> None:
    await audit.book.say(a_fact(detail={"note": "打 13812345678", "number": 13812345678}, at=NOON))
    for form in ("csv", "jsonl"):
        text = (await audit.get(f"{PATH}records.{form}")).text
        assert "138****5678" in text
        assert "13812345678" not in text


@on_one_database
async def test_empty_fields_of_a_form_narrow_nothing(audit: Asked) -> None:
    await audit.book.say(a_fact(), a_fact())
    names = (
        "kind",
        "about",
        "warning",
        "channel",
        "station",
        "year",
        "mode",
        "after",
        "since",
        "until",
        "q",
        "who",
    )
    assert len(await table(audit, "records", "csv", **dict.fromkeys(names, ""))) == 2


@on_one_database
async def test_every_list_has_a_form_on_its_page(audit: Asked) -> None:
    shown = (await audit.get("/audit/exports")).text
    for name in LISTS:
        for form in MEDIA:
            assert f'formaction="{PATH}{name}.{form}"' in shown
