"""Exports take the same memory however long they are."""

import asyncio
import os
import sys
from pathlib import Path

import orjson
import pytest

from services.audit.actions.exports import MEDIA

ROWS = int(os.environ.get("YUTIAN_TEST_ROWS", "40000"))
MOST_GROWN_KB = 6_000
"""So many rows are 9,000 as CSV, the shortest form; who keeps none of them grows by 2,500."""
MOST_OF_THE_WRITER_KB = 200_000


@pytest.mark.long
@pytest.mark.timeout(1800)
async def test_memory_does_not_grow_with_the_rows() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.audit.flat", str(ROWS)),
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    found = orjson.loads(out)
    assert found["rows"] == dict.fromkeys(MEDIA, ROWS)
    assert found["grown_kb"] < MOST_GROWN_KB, found
    assert found["writer_kb"] < MOST_OF_THE_WRITER_KB, found
