"""The case folder through API and command: logged first, streamed whole, verified by a fresh process."""

import asyncio
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from services.audit import say
from services.audit.actions.folder import folder
from services.audit.folder.contents import read_contents
from services.audit.folder.index import VERIFY_LINES
from services.audit.folder.verify import verify_folder
from services.audit.say import story as say_story
from services.kit.pages import catalogue
from tests.audit.api_make import Asked, asked
from tests.audit.audit_make import AWarning, a_fact
from tests.audit.folder_make import Folder, a_folder, told
from tests.audit.ledger_make import a_ledger

ROOT = Path(__file__).parents[2]


@pytest.fixture
async def audit(database_url: str, clean_nats_url: str, tmp_path: Path) -> AsyncIterator[Asked]:
    async with asked(database_url, clean_nats_url, tmp_path) as found:
        yield found


async def fetched(audit: Asked, warning: AWarning, **query: object) -> Folder:
    """Return the folder as the API answers it."""
    reply = await audit.get(f"/api/v1/audit/warnings/{warning.warning_id}/folder", **query)
    assert reply.status_code == 200, reply.text
    assert int(reply.headers["content-length"]) == len(reply.content)
    found = Folder(reply.content, None, audit.book.crypto.public_key(audit.book.signer.key_id()))  # type: ignore[arg-type]
    contents, _ = read_contents(found.files()["contents.json"])
    return Folder(found.content, contents, found.pem)


async def test_a_folder_is_fetched_and_that_it_was_is_a_fact_before_the_first_byte(audit: Asked) -> None:
    warning = AWarning()
    await told(audit.book, warning)
    found = await fetched(audit, warning)
    assert found.check().holds
    (fact,) = [f for f in await audit.facts() if f["kind"] == "audit.exported"]
    assert (fact["actor"], fact["warning_id"]) == ("sun", str(warning.warning_id))
    await audit.get(f"/api/v1/audit/warnings/{warning.warning_id}/folder", "service")
    assert len([f for f in await audit.facts() if f["kind"] == "audit.exported"]) == 2, "ours are written too"


async def test_nobody_but_an_auditor_gets_a_folder_and_of_nothing_there_is_none(audit: Asked) -> None:
    warning = AWarning()
    await told(audit.book, warning)
    path = f"/api/v1/audit/warnings/{warning.warning_id}/folder"
    assert (await audit.get(path, "signer")).status_code == 403
    assert (await audit.get(path, "auditor+operator")).status_code == 403
    assert (await audit.get(path, upto=2)).status_code == 422
    assert (await audit.get(f"/api/v1/audit/warnings/{uuid4()}/folder")).status_code == 404


async def test_the_page_of_a_warning_leads_to_folder_and_map(audit: Asked) -> None:
    warning = AWarning()
    await told(audit.book, warning)
    page = (await audit.get(f"/audit/warnings/{warning.warning_id}")).text
    assert f"/api/v1/audit/warnings/{warning.warning_id}/folder" in page
    assert f"/audit/warnings/{warning.warning_id}/map" in page
    assert '<svg class="story"' in page
    assert "最先收到" in page


async def test_a_folder_of_many_records_takes_no_more_memory_than_some(
    sqlite_url: str, tmp_path: Path
) -> None:
    warning, peaks = AWarning(), []
    async with a_ledger(sqlite_url, tmp_path) as book:
        for count in (500, 2500):
            facts = [a_fact(n, warning_id=str(warning.warning_id)) for n in range(count)]
            await book.say(*facts)
            tracemalloc.start()
            with tempfile.TemporaryFile() as out:
                made = await folder(book.db, book.signer, warning.warning_id, out)
                peaks.append(tracemalloc.get_traced_memory()[1])
                tracemalloc.stop()
                assert verify_folder(out).holds
    assert made.records == 3000
    assert peaks[1] < 2 * peaks[0]


def test_a_fresh_process_verifies_a_folder_with_the_file_and_the_key_alone(
    sqlite_url: str, tmp_path: Path
) -> None:
    found = asyncio.run(_made(sqlite_url, tmp_path))
    file, key = tmp_path / "case.zip", tmp_path / "key.pem"
    file.write_bytes(found.content)
    key.write_text(found.pem)
    for word in ("verify-folder", "verify"):
        done = run(word, str(file), "--public-key", str(key))
        assert done.returncode == 0, done.stdout + done.stderr
        assert "16 records, all as signed" in done.stdout
    file.write_bytes(found.with_files({"cap/1.xml": b"<alert/> ", "note.txt": b"x"}))
    done = run("verify-folder", str(file), "--public-key", str(key))
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "BROKEN note.txt: was added: the contents do not name it",
        "BROKEN cap/1.xml: was changed",
    ]


async def _made(url: str, folder: Path) -> Folder:
    async with a_ledger(url, folder) as book:
        await told(book, warning := AWarning())
        return await a_folder(book, warning)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command in a fresh process that is given nothing but its arguments."""
    return subprocess.run(
        [sys.executable, "-c", "from services.audit.commands.audit import audit; audit()", *arguments],
        cwd=ROOT,
        env={"PATH": "/usr/bin", "YUTIAN_VAR": "/nonexistent", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_word_of_the_folder_and_the_map_has_chinese() -> None:
    known = {str(entry.id) for entry in catalogue("zh") if entry.string}
    tables = [table for name, table in say.ALL.items() if name != "mark"] + [say_story.LETTERS]
    words = {*VERIFY_LINES, *(word for table in tables for word in table.values())}
    assert sorted(words - known) == []
