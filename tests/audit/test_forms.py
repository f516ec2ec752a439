"""Forms of lists: what stands in their cells, and what happens to temporary files."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator
from pathlib import Path

import openpyxl
import pytest

from services.audit.actions import exports
from services.audit.actions.exports import Export
from services.audit.actions.lists import LISTS
from services.audit.actions.lists.listing import Filters
from services.audit.folder import files
from services.audit.forms import Csv
from services.audit.papers.workbook import NAME, Sheets
from services.kit.errors import Retry
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import a_fact
from tests.audit.test_exports import PATH
from tests.databases import on_one_database


@pytest.fixture
async def audit(database_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Asked]:
    async with asked(database_url, clean_nats_url, tmp_path) as found:
        yield found


RISKY = ["=1+1", "+1", "-1", "@x", "\tx", "\rx", "\nx", "＝1", "＋1", "－1", "＠x"]


def test_no_cell_is_taken_for_a_formula() -> None:
    cells = [*RISKY, "x=1", "", None, -1, 2.5]
    (row,) = csv.reader(io.StringIO(Csv([]).rows([cells]).decode(), newline=""))
    assert row == [*(f"'{text}" for text in RISKY), "x=1", "", "", "-1", "2.5"]


def test_no_cell_of_a_case_folder_is_taken_for_one_either() -> None:
    (row,) = csv.reader(io.StringIO(files.row((*RISKY, "x=1", None, -1)).decode(), newline=""))
    assert row == [*(f"'{text}" for text in RISKY), "x=1", "", "'-1"]


def test_a_workbook_goes_on_on_a_next_sheet_and_keeps_texts(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path, most=3)
    sheets.begin(["一", "二"])
    sheets.add([(n, "=1+1" if n else "长" * 40_000) for n in range(7)])
    sheets.close()
    book = openpyxl.load_workbook(tmp_path / NAME)
    assert [sheet.max_row for sheet in book.worksheets] == [4, 4, 2]
    assert [sheet["A1"].value for sheet in book.worksheets] == ["一"] * 3
    assert len(str(book.worksheets[0]["B2"].value)) == 32_767
    assert (book.worksheets[1]["B2"].value, book.worksheets[1]["B2"].data_type) == ("=1+1", "s")
    assert [file.name for file in tmp_path.iterdir()] == [NAME]


@pytest.mark.parametrize(("name", "form"), [("records", "xlsx"), ("deliveries", "csv")])
@on_one_database
async def test_without_room_the_answer_says_so(audit: Asked, tmp_path: Path, name: str, form: str) -> None:
    leaving = audit.app.state.parts["audit"].leaving
    leaving.folder = tmp_path / "nowhere"
    reply = await audit.get(f"{PATH}{name}.{form}", **({"gateway": "x"} if name == "deliveries" else {}))
    assert (reply.status_code, reply.json()["detail"]) == (503, "the file cannot be written on the server")
    assert leaving.now == 0
    assert (await audit.facts())[-1]["detail"]["whole"] is False


@on_one_database
async def test_a_disk_that_is_full_fails_the_workbook_and_leaves_nothing(
    audit: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await audit.book.say(*(a_fact(n) for n in range(3000)))
    (tmp_path / "spool").mkdir()
    program = tmp_path / "python"
    program.write_text(f'#!/bin/sh\nulimit -f 16\nexec {exports.sys.executable} "$@"\n')
    program.chmod(0o755)
    monkeypatch.setattr(exports.sys, "executable", str(program))
    export = Export(audit.book.db, LISTS["records"], "xlsx", Filters(), ["h"] * 12, tmp_path / "spool")
    with pytest.raises(Retry, match="cannot be written"):
        await export.open()
    assert list((tmp_path / "spool").iterdir()) == []


@on_one_database
async def test_nothing_stays_behind_when_somebody_gives_up(audit: Asked, tmp_path: Path) -> None:
    await audit.book.say(*(a_fact(n) for n in range(3000)))
    (tmp_path / "spool").mkdir()
    export = Export(audit.book.db, LISTS["records"], "xlsx", Filters(), ["h"] * 12, tmp_path / "spool")
    opening = asyncio.ensure_future(export.open())
    async with asyncio.timeout(30):
        while not list((tmp_path / "spool").iterdir()):
            await asyncio.sleep(0.005)
    opening.cancel()
    await asyncio.gather(opening, return_exceptions=True)
    assert list((tmp_path / "spool").iterdir()) == []


@on_one_database
async def test_a_prepared_file_has_no_name_any_more(audit: Asked, tmp_path: Path) -> None:
    await audit.book.say(a_fact())
    export = Export(audit.book.db, LISTS["records"], "xlsx", Filters(), ["h"] * 12, tmp_path)
    before = set(tmp_path.iterdir())
    await export.open()
    assert set(tmp_path.iterdir()) == before
    assert export.length
    export.close()
