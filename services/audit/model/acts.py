"""Acts: what people and clocks did about a warning, as its facts say it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contracts.fact import Fact
from contracts.warning import WarningExpired, WarningHalted, WarningMessage
from services.audit.model.entry import Entry
from services.audit.model.fields import revision
from services.kit.clock import beijing

OF_PEOPLE, OF_CLOCKS = "warning", "duty"
"""The first words of their kinds: what was done to the warning, and who was called when nobody answered."""


@dataclass(frozen=True)
class Act:
    """One thing that somebody did."""

    position: int
    at: datetime
    kind: str
    about: str | None = None
    actor: str | None = None
    revision: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)

    def plain(self) -> dict[str, Any]:
        """Return it for a file."""
        head = {"position": self.position, "at": beijing(self.at), "kind": self.kind}
        rest = {"about": self.about, "actor": self.actor, "revision": self.revision}
        return {**self.detail, **{k: v for k, v in {**head, **rest}.items() if v is not None}}


def act_of(position: int, recorded_at: datetime, entry: Entry) -> Act | None:
    """Return the act that a record tells of, None when it tells of none."""
    at, message = entry.event_at or recorded_at, entry.message
    if isinstance(message, WarningHalted):
        told = {"note": message.reason}
        return Act(position, at, entry.kind, actor=message.by, revision=message.revision, detail=told)
    if isinstance(message, WarningMessage):
        kept = isinstance(message, WarningExpired)
        return Act(position, at, entry.kind, revision=message.revision) if kept else None
    if not isinstance(message, Fact) or entry.kind.partition(".")[0] not in (OF_PEOPLE, OF_CLOCKS):
        return None
    told = {k: v for k, v in message.detail.items() if v is not None and k not in ("session", "revision")}
    number = revision(message.detail.get("revision"))
    return Act(position, at, entry.kind, entry.about, entry.actor, number, told)
