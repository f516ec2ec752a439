"""What the feed shows: entries in force, newest first. Pure."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.values import Action, Mode
from contracts.warning import Notice


@dataclass(frozen=True)
class Entry:
    """One revision in the feed."""

    warning_id: UUID
    revision: int
    mode: Mode
    action: Action
    notice: Notice
    cap_xml: str
    published_at: datetime
    ended: bool = False

    def in_force(self, now: datetime) -> bool:
        """Tell whether a reader should still see it: neither ended nor expired. A lift is shown as well."""
        return not self.ended and self.notice.expires > now


def shown(entries: list[Entry], now: datetime) -> list[Entry]:
    """Return the entries that the feed carries, newest first."""
    return sorted((e for e in entries if e.in_force(now)), key=lambda e: e.published_at, reverse=True)
