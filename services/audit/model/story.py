"""The story of a warning: who drafted, submitted, approved and reviewed it, and how long each step took."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.audit.model.entry import plain
from services.audit.model.faces import Face
from services.audit.model.fields import revision
from services.audit.model.figures import Step

STEPS = (
    *("warning.drafted", "warning.edited", "warning.update-begun", "warning.lift-begun"),
    *("warning.correction-begun", "warning.split", "warning.submitted", "warning.returned"),
    *("warning.rejected", "warning.approved"),
)
"""Facts that are steps on the way to the public."""

REVIEWED = "-reviewed"
"""How the kinds end of facts that say that somebody looked at it afterwards."""

PUBLISHED = "published"
LONGEST_NOTE = 300


@dataclass(frozen=True)
class Told:
    """A fact about a warning."""

    position: int
    kind: str
    actor: str | None
    at: datetime
    about: str | None
    detail: dict[str, Any]

    @property
    def revision(self) -> int | None:
        """Of which revision it is told."""
        return revision(self.detail.get("revision"))


def steps(facts: Iterable[Told], faces: Sequence[Face]) -> list[Step]:
    """Return the steps of every revision, each with the time since the step before it."""
    told = [(f.revision or 0, f.at, f.position, f.kind, f.actor, _note(f)) for f in facts if f.kind in STEPS]
    told += [(f.revision, f.said_at, f.position, PUBLISHED, None, f.identifier) for f in faces]
    found: list[Step] = []
    for number, at, _, kind, actor, note in sorted(told, key=lambda t: (t[0], t[1], t[3] == PUBLISHED, t[2])):
        same = found and (found[-1].revision or 0) == number
        after = (at - found[-1].at).total_seconds() if same else None
        found.append(Step(revision=number or None, what=kind, by=actor, at=at, after_s=after, note=note))
    return found


def reviews(facts: Iterable[Told]) -> list[Step]:
    """Return who looked at it afterwards, and what he said."""
    told = sorted((f for f in facts if f.kind.endswith(REVIEWED)), key=lambda f: (f.at, f.position))
    return [
        Step(revision=f.revision, what=f.kind, by=f.actor, at=f.at, after_s=None, note=_note(f)) for f in told
    ]


def _note(fact: Told) -> str:
    return plain(str(fact.detail.get("note") or ""), LONGEST_NOTE)
