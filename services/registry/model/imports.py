"""An import: a file that was read, compared with what is there, and then taken over whole or not at all."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

KEPT = timedelta(hours=24)
"""How long a file that was read waits to be taken over."""

SILENT = timedelta(minutes=2)
"""After so long without a word, whoever read or applied a file has died."""


class State(StrEnum):
    """How far an import has come."""

    READING = "reading"
    REFUSED = "refused"
    CHECKED = "checked"
    APPLYING = "applying"
    APPLIED = "applied"
    DROPPED = "dropped"
    FAILED = "failed"


MOVES: Mapping[State, frozenset[State]] = {
    State.READING: frozenset({State.CHECKED, State.REFUSED, State.FAILED}),
    State.REFUSED: frozenset(),
    State.CHECKED: frozenset({State.APPLYING, State.DROPPED}),
    State.APPLYING: frozenset({State.APPLIED, State.CHECKED}),
    State.APPLIED: frozenset(),
    State.DROPPED: frozenset(),
    State.FAILED: frozenset(),
}
RUNNING = frozenset({State.READING, State.APPLYING})


@dataclass(frozen=True)
class Import:
    """One file on its way into the registry."""

    import_id: str
    kind: str
    file: str
    state: State
    complete: bool
    """Whether who is not in the file is ended."""
    by: str
    begun_at: datetime
    touched_at: datetime
    size: int
    done: int = 0
    rows: int = 0
    faults: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    ended: int = 0
    columns: str = ""
    """The columns that the file brought; the others stay as they are."""
    decided_by: str | None = None
    decided_at: datetime | None = None

    @property
    def percent(self) -> int:
        """How much of the file has been read."""
        return min(100, self.done * 100 // self.size) if self.size else 0
