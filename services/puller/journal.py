"""What was submitted, in a file that outlives a kill: no number twice, but where an answer was lost.

A number is written down before it is submitted. Who dies between that and the answer cannot know whether it
went out: such a number is submitted again, and counted as forced.
"""

import hmac
import re
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

ASKED, ACCEPTED, REFUSED = "asked", "ACCEPTD", "REJECTD"

_ENDS = re.compile(r"DELIVRD|EXPIRED|UNDELIV|DELETED|REJECTD|[A-Z]{2}:[0-9A-Za-z]{1,10}")
"""Receipts that are the last word; after any other (ENROUTE, ACCEPTD, UNKNOWN) a better one may come."""

_TABLES = """
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sent (
    id INTEGER PRIMARY KEY, delivery TEXT NOT NULL, digest BLOB NOT NULL, state TEXT NOT NULL, reason TEXT,
    parts INTEGER NOT NULL, forced INTEGER NOT NULL, UNIQUE (delivery, digest));
CREATE TABLE IF NOT EXISTS parts (
    message TEXT PRIMARY KEY, sent INTEGER, state TEXT, number TEXT);
CREATE INDEX IF NOT EXISTS parts_of ON parts (sent);
CREATE TABLE IF NOT EXISTS owed (
    id INTEGER PRIMARY KEY, delivery TEXT NOT NULL, number TEXT NOT NULL, state TEXT NOT NULL,
    at TEXT NOT NULL);
"""


class Journal:
    """The state file. Each call is written before it returns."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._file = sqlite3.connect(path, isolation_level=None)
        self._file.row_factory = sqlite3.Row
        # What is committed outlives the process; a power cut may cost the last answers: those are forced.
        self._file.executescript(f"PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; {_TABLES}")
        self._secret = self.note("secret") or self.keep("secret", secrets.token_hex(32))

    def note(self, name: str) -> str | None:
        """Return something that was kept by name."""
        found = self._file.execute("SELECT value FROM notes WHERE name = ?", (name,)).fetchone()
        return str(found["value"]) if found else None

    def keep(self, name: str, value: str) -> str:
        """Keep something by name, and return it."""
        self._file.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))
        return value

    def begin(self, item: Mapping[str, Any], number: str, parts: int) -> tuple[int, str]:
        """Write down that a number is about to be submitted; return its id and its state so far.

        The state is empty when it is new, `asked` when an earlier life may have submitted it. Of one revision
        a number may get two deliveries, the warning and then a call: each goes out.
        """
        name = (item["delivery_id"], self._digest(number))
        wanted = "SELECT id, state FROM sent WHERE delivery = ? AND digest = ?"
        known = self._file.execute(wanted, name).fetchone()
        if known is not None:
            if known["state"] == ASKED:
                self._file.execute("UPDATE sent SET forced = forced + 1 WHERE id = ?", (known["id"],))
            return int(known["id"]), str(known["state"])
        row = (*name, ASKED, None, parts, 0)
        added = self._file.execute("INSERT INTO sent VALUES (NULL, ?, ?, ?, ?, ?, ?)", row)
        return int(added.lastrowid or 0), ""

    def accepted(self, sent: int, messages: list[str], number: str, at: str) -> None:
        """Write down that the centre took a number, under which ids; a receipt may have come before."""
        with self._all_or_nothing():
            self._file.execute("UPDATE sent SET state = ? WHERE id = ?", (ACCEPTED, sent))
            self._file.executemany(
                "INSERT INTO parts VALUES (?1, ?2, NULL, ?3) "
                "ON CONFLICT (message) DO UPDATE SET sent = ?2, number = ?3",
                [(message, sent, number) for message in messages],
            )
            self._settle(sent, at)

    def refused(self, sent: int, reason: str) -> None:
        """Write down that the centre will not take a number."""
        self._file.execute("UPDATE sent SET state = ?, reason = ? WHERE id = ?", (REFUSED, reason, sent))

    def receipt(self, message: str, state: str, at: str) -> None:
        """Write down how a part ended; when that is all of a number, its receipt is owed."""
        if not _ENDS.fullmatch(state):
            return
        with self._all_or_nothing():
            self._file.execute(
                "INSERT INTO parts VALUES (?1, NULL, ?2, NULL) "
                "ON CONFLICT (message) DO UPDATE SET state = ?2 WHERE state IS NULL",
                (message, state),
            )
            found = self._file.execute("SELECT sent FROM parts WHERE message = ?", (message,)).fetchone()
            if found["sent"] is not None:
                self._settle(found["sent"], at)

    def owed(self, most: int) -> list[sqlite3.Row]:
        """Return receipts that are yet to be passed on, the oldest first."""
        return self._file.execute("SELECT * FROM owed ORDER BY id LIMIT ?", (most,)).fetchall()

    def paid(self, last: int) -> None:
        """Forget receipts that were passed on, up to one."""
        self._file.execute("DELETE FROM owed WHERE id <= ?", (last,))

    def counts(self) -> dict[str, int]:
        """Return how many numbers were taken, refused, and submitted again because an answer was lost."""
        rows = self._file.execute(
            "SELECT state, count(*) AS n, sum(forced) AS forced FROM sent GROUP BY state"
        )
        found = list(rows)
        return {**{row["state"]: row["n"] for row in found}, "forced": sum(row["forced"] for row in found)}

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _settle(self, sent: int, at: str) -> None:
        """Owe the receipt of a number all of whose parts have ended; one part that failed fails it."""
        states = [row["state"] for row in self._parts(sent)]
        of = self._file.execute("SELECT delivery, parts FROM sent WHERE id = ?", (sent,)).fetchone()
        bad = next((state for state in states if state not in (None, "DELIVRD")), None)
        if bad is None and (states.count("DELIVRD") < of["parts"]):
            return
        number = next(row["number"] for row in self._parts(sent))
        if number is None:
            return  # its receipt is owed already
        owed = (of["delivery"], number, bad or "DELIVRD", at)
        self._file.execute("INSERT INTO owed VALUES (NULL, ?, ?, ?, ?)", owed)
        self._file.execute("UPDATE parts SET number = NULL WHERE sent = ?", (sent,))

    def _parts(self, sent: int) -> Iterator[sqlite3.Row]:
        yield from self._file.execute(
            "SELECT state, number FROM parts WHERE sent = ? ORDER BY number IS NULL", (sent,)
        )

    def _all_or_nothing(self) -> "_Together":
        return _Together(self._file)

    def _digest(self, number: str) -> bytes:
        return hmac.digest(bytes.fromhex(self._secret), number.encode(), "sha256")[:16]


class _Together:
    """A transaction of the state file."""

    def __init__(self, file: sqlite3.Connection) -> None:
        self._file = file

    def __enter__(self) -> None:
        self._file.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_: object) -> None:
        self._file.execute("COMMIT" if kind is None else "ROLLBACK")
