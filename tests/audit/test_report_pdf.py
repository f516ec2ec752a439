"""Reports as PDF: printed in a process of its own, traceable, and honest where nothing can be printed."""

import asyncio
import importlib.util
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from services.audit.papers import printing
from services.audit.papers.printing import BASE, Printer, file_of
from services.kit.errors import Absent, Retry
from tests.audit.api_make import Asked, asked
from tests.audit.report_make import fill

HTML = '<!doctype html><html lang="zh-CN"><title>x</title><p>綦江</p></html>'


@pytest.fixture
async def audit(sqlite_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Asked]:
    """An empty ledger behind its pages."""
    async with asked(sqlite_url, clean_nats_url, tmp_path) as found:
        yield found


def _words(pdf: bytes, folder: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is missing: sudo apt-get install poppler-utils")
    (folder / "report.pdf").write_bytes(pdf)
    command = ["pdftotext", "-layout", str(folder / "report.pdf"), "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


async def test_each_report_is_printed_and_that_it_was_is_a_fact(audit: Asked, tmp_path: Path) -> None:
    live, drill = await fill(audit)
    for path in (f"/warnings/{live.warning_id}/report", "/months/2026-06", f"/drills/{drill.warning_id}"):
        known = await audit.json(path)
        reply = await audit.get(f"/audit{path}.pdf", at=known["position"])
        assert reply.status_code == 200, reply.text
        assert reply.headers["content-type"] == "application/pdf"
        assert reply.content.startswith(b"%PDF")
        fact = [one for one in await audit.facts() if one["kind"] == "report.printed"][-1]
        assert fact["detail"]["figures_sha256"] == known["sha256"]
        assert fact["detail"]["root"] == known["root"]


async def test_a_printed_page_names_ledger_and_figures_in_its_foot(audit: Asked, tmp_path: Path) -> None:
    await fill(audit)
    known = await audit.json("/months/2026-06")
    printed = await audit.get("/audit/months/2026-06.pdf", at=known["position"])
    words = _words(printed.content, tmp_path)
    assert "月度报告 2026-06" in words
    assert re.search(r"1 / \d", words)
    assert known["sha256"] in re.sub(r"\s", "", words)
    assert known["root"][:32] in words
    assert f"{known['position']}" in words
    assert "提交" not in words


async def test_a_server_without_the_libraries_says_so(audit: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    await fill(audit)
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    reply = await audit.get("/audit/months/2026-06.pdf")
    assert reply.status_code == 501
    assert "install the extra" in reply.json()["mend"]
    with pytest.raises(Absent):
        await Printer(5, 500).pdf(HTML)


async def test_a_page_that_takes_too_long_is_given_up_and_its_process_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[asyncio.subprocess.Process] = []
    start = asyncio.create_subprocess_exec

    async def noted(*given: Any, **more: Any) -> asyncio.subprocess.Process:
        begun.append(await start(*given, **more))
        return begun[-1]

    monkeypatch.setattr(asyncio, "create_subprocess_exec", noted)
    with pytest.raises(Retry, match="too long"):
        await Printer(0.01, 1500).pdf(HTML)
    assert begun[0].returncode is not None


async def test_a_page_that_needs_too_much_memory_is_given_up() -> None:
    with pytest.raises((Retry, Absent)):
        await Printer(30, 20).pdf(HTML)


def test_nothing_is_read_but_our_own_files() -> None:
    assert file_of(f"{BASE}/static/audit/report.css") is not None
    assert file_of(f"{BASE}/static/audit/../settings.py") is None
    for address in ("file:///etc/passwd", "https://example.org/x.css", f"{BASE}/audit", f"{BASE}/static/x/y"):
        assert file_of(address) is None


async def test_a_process_is_told_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUTIAN_INTERNAL_KEY", "secret")
    assert not [name for name in printing._environment() if name.startswith("YUTIAN")]
