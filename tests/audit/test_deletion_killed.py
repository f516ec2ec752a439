"""kill -9 in the middle of a deletion: a list is carried out or not, never half; the next process goes on."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from services.audit.actions import walk
from services.audit.store.keeping_tables import TARGET_COUNTS, TOMBSTONES
from services.audit.store.tables import RECORDS
from tests.audit.keeping_make import RULES, AKeeping, a_keeping, filled
from tests.audit.test_deletion import BEFORE, checked

ROOT = Path(__file__).parents[2]
KILLED = -9
GRACE = timedelta(seconds=60)


def process(url: str, keeping: AKeeping, fail_at: str = "") -> int:
    """Delete in a process of its own, which may die at a point."""
    keeping.clock.move(minutes=1)
    moment = keeping.clock.now().isoformat()
    line = [sys.executable, "-m", "tests.audit.deleter", url.format(name="audit"), moment, fail_at]
    return subprocess.run(line, cwd=ROOT, check=False, timeout=120).returncode


async def deleted(keeping: AKeeping) -> tuple[int, int]:
    rows = await keeping.db.rows(select(RECORDS.c.position).where(RECORDS.c.payload == b""))
    return len(rows), len(await keeping.db.rows(select(TOMBSTONES)))


@pytest.mark.parametrize("point", ["deletion.emptied", "deletion.committed"])
async def test_a_worker_that_is_killed_leaves_no_list_half_done(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    monkeypatch.setattr("services.audit.actions.listing.MOST_RECORDS", 3)
    async with a_keeping(database_url, tmp_path) as keeping:
        await filled(keeping)
        await keeping.agree("delivery-detail", BEFORE)
        while await keeping.deleter.step() == 0 and not await keeping.flow():
            pass
        async with keeping.db.read() as connection:
            assert not (await connection.execute(select(TOMBSTONES))).first()
        assert process(database_url, keeping, f"{point}:audit:2") == KILLED
        assert await deleted(keeping) == ((3, 1) if point == "deletion.emptied" else (6, 2))
        assert not await keeping.db.rows(select(TARGET_COUNTS)), "not before the last list"
        assert process(database_url, keeping) == 0
        assert await deleted(keeping) == (9, 3)
        await keeping.flow()
        _, verdict = await checked(keeping)
        assert verdict.holds, (verdict.broken, verdict.differences)
        assert await walk.whole(keeping.db, keeping.book.signer, RULES, GRACE) == []
