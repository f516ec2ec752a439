"""yutian audit list: a list as a file, whole or not there."""

from pathlib import Path

import openpyxl
import orjson

from services.audit.actions.exports import MEDIA
from tests.audit import test_command
from tests.audit.audit_make import STATIONS, AWarning, a_fact
from tests.audit.ledger_make import publish
from tests.audit.test_command import Running

running = test_command.running


async def test_lists_are_fetched_as_files(running: Running, tmp_path: Path) -> None:
    warning = AWarning()
    said = [*warning.whole(), *(a_fact(n) for n in range(1100))]
    await publish(running.bus, *said)
    await running.until(len(said))
    for form in MEDIA:
        file = tmp_path / f"records.{form}"
        words = ("list", "records", "--format", form, "--out", str(file), "--kind", "note.kept")
        code, out, errors = await running.command(*words)
        assert (code, out) == (0, ""), errors
        assert f"{file.stat().st_size:,} bytes" in errors
    assert (tmp_path / "records.csv").read_text("utf-8-sig").count("\n") == 1101
    lines = (tmp_path / "records.jsonl").read_bytes().splitlines()
    assert orjson.loads(lines[-1])["end"]["rows"] == len(lines) - 1 == 1100
    assert openpyxl.load_workbook(tmp_path / "records.xlsx").worksheets[0].max_row == 1101
    words = ("list", "targets", "--format", "csv", "--out", "-", "--warning", str(warning.warning_id))
    code, out, _ = await running.command(*words)
    assert code == 0
    assert all(station in out for station in STATIONS)


async def test_what_is_refused_leaves_no_file(running: Running, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    for words, why in {
        ("timeline",): "warning: is missing",
        ("search", "--q", "，"): "q: holds no word",
        ("records", "--since", "2026-01-01"): "since: does not narrow this list",
        ("records", "--token", "wrong"): "the audit answered",
    }.items():
        code, _, errors = await running.command("list", *words, "--format", "csv", "--out", str(file))
        assert code == 1
        assert why in errors
    assert list(tmp_path.glob("*list.csv*")) == []
