"""What a terminal must still know after a power cut."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from services.kit.errors import Refused

KEPT = ("sequence", "ended", "said", "unconfirmed", "facts")


@dataclass
class Notebook:
    """The place in the sequence, what was said, has ended, waits for a person, and is still to be told."""

    path: Path
    sequence: int = 0
    ended: dict[str, int] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    unconfirmed: dict[str, dict[str, Any]] = field(default_factory=dict)
    facts: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def open(cls, path: Path) -> "Notebook":
        """Read the file; one that does not exist is a fresh terminal's."""
        try:
            return cls(path, **orjson.loads(path.read_bytes()))
        except FileNotFoundError:
            return cls(path)
        except (OSError, TypeError, ValueError) as error:
            why = f"the file {path} cannot be read: {type(error).__name__}"
            raise Refused(why, mend="remove it: everything in force is then sent again") from None

    def end(self, warning_id: str, revision: int) -> None:
        """Remember that a warning's revisions up to this one are over."""
        self.ended[warning_id] = max(revision, self.ended.pop(warning_id, 0))
        self.ended = dict(list(self.ended.items())[-500:])

    def save(self) -> None:
        """Write it whole or not at all."""
        self.said, self.facts = self.said[-500:], self.facts[-1000:]
        draft = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        kept = {name: getattr(self, name) for name in KEPT}
        with draft.open("wb") as file:
            file.write(orjson.dumps(kept))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.path)
