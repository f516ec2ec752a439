"""kill -9 in the middle of an import: nothing of it is there, or all of it, and it can be done again."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from services.registry import publishing, store
from services.registry.actions.imports import show
from services.registry.actions.mind import LOOK_BACK, look
from services.registry.model.imports import State
from tests.registry.import_make import HEAD, OTHER, VILLAGE, a_file, a_person, a_place

ROWS = int(os.environ.get("YUTIAN_TEST_ROWS", "5000"))
"""Of the file that is killed in the middle: also a million of them, `YUTIAN_TEST_ROWS=1000000`."""

MIDDLE = max(2, ROWS // 4000)
"""A piece has 2,000 rows."""

pytestmark = [pytest.mark.long, pytest.mark.timeout(400 + ROWS // 200)]
KILLED = -9


def command(url: str, folder: Path, file: Path, fail_at: str) -> subprocess.CompletedProcess[str]:
    """Import a file in a process of its own, which dies at a point."""
    environment = {
        "PATH": os.environ["PATH"],
        "YUTIAN_VAR": str(folder),
        "YUTIAN_KEYS": str(folder / "keys"),
        "YUTIAN_DATABASE_URL": url,
        "YUTIAN_FAIL_AT": fail_at,
    }
    line = [sys.executable, "-m", "services", "registry", "import", str(file), "--kind", "recipients"]
    return subprocess.run(
        line, env=environment, capture_output=True, text=True, check=False, timeout=300 + ROWS // 200
    )


@pytest.mark.parametrize("point", [f"import.staged:registry:{MIDDLE}", f"import.merged:registry:{MIDDLE}"])
async def test_a_process_killed_in_the_middle_leaves_nothing_half_imported(
    database_url: str, tmp_path: Path, point: str
) -> None:
    async with a_place(database_url, tmp_path) as (db, crypto):
        before = await store.addresses(db)
        file = a_file(tmp_path, [HEAD, *(a_person(n, VILLAGE if n % 2 else OTHER) for n in range(ROWS))])
        assert command(database_url, tmp_path, file, point).returncode == KILLED
        assert (await store.counts(db))["recipients"] == 0
        assert await store.addresses(db) == before
        assert await publishing.due(db) == 0
        again = command(database_url, tmp_path, file, "")
        assert (again.returncode, f"{ROWS:,} added" in again.stdout) == (0, True), again.stderr
        assert (await store.counts(db))["recipients"] == ROWS
        assert crypto


async def test_a_process_killed_after_the_commit_leaves_all_of_it_and_marks_of_what_is_to_be_said(
    database_url: str, tmp_path: Path
) -> None:
    async with a_place(database_url, tmp_path) as (db, crypto):
        before = await store.addresses(db)
        file = a_file(tmp_path, [HEAD, *(a_person(n) for n in range(100))])
        assert command(database_url, tmp_path, file, "outbox.committed:registry:2").returncode == KILLED
        assert (await store.counts(db))["recipients"] == 100
        (made,) = await db.rows(select(store.IMPORTS.c.import_id))
        assert (await show(db, made["import_id"])).state is State.APPLIED
        assert await store.addresses(db) == before
        assert await publishing.due(db) == 1
        await look(db, crypto, db.clock.now() - LOOK_BACK)
        assert (await store.addresses(db))[VILLAGE] != before[VILLAGE]
        assert await publishing.due(db) == 0


async def test_the_command_names_every_bad_row_in_a_file_beside_the_one_it_read(
    sqlite_url: str, tmp_path: Path
) -> None:
    async with a_place(sqlite_url, tmp_path) as (db, _):
        file = a_file(
            tmp_path, [HEAD, a_person(1), "p2,500110001001,李四,subscriber,,letters,cmcc\n", a_person(1)]
        )
        done = command(sqlite_url, tmp_path, file, "")
        assert done.returncode == 1, done.stderr
        report = (tmp_path / "people.csv.faults.csv").read_text("utf-8-sig").splitlines()
        assert [line.split(",")[0] for line in report] == ["line", "3", "4"]
        assert "letters" not in "".join(report)
        assert (await store.counts(db))["recipients"] == 0
