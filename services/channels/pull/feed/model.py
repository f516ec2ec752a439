"""What the feed shows: entries in force, newest first, and for a while what has become of others. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from contracts.values import Action, Mode, Withdrawal
from contracts.warning import Notice

REMEMBERED = timedelta(days=7)
"""How long the page of a warning that is over is kept ready; after that it is looked up."""


class Standing(StrEnum):
    """How a revision stands, as a reader is told."""

    IN_FORCE = "in-force"
    LIFTED = "lifted"
    """It is itself the word that the warning is lifted."""
    REPLACED = "replaced"
    """By another warning: this one is muted."""
    STOPPED = "stopped"
    """Taken back. That is not an all-clear."""
    EXPIRED = "expired"
    """Run out. That is not an all-clear either."""


@dataclass(frozen=True)
class Face:
    """What may change about an entry: whether it ended, why, and when."""

    delivery_id: str
    ended: bool
    reason: Withdrawal | None
    ended_at: datetime | None


@dataclass(frozen=True)
class Entry:
    """One revision in the feed."""

    delivery_id: UUID
    warning_id: UUID
    revision: int
    mode: Mode
    action: Action
    notice: Notice
    cap_xml: str
    published_at: datetime
    ended: bool = False
    reason: Withdrawal | None = None
    ended_at: datetime | None = None

    def in_force(self, now: datetime) -> bool:
        """Tell whether a reader should still see it: neither ended nor expired. A lift is shown as well."""
        return not self.ended and self.notice.expires > now

    def standing(self, now: datetime) -> Standing:
        """Return how it stands; a lift stays a lift when its own time has run out."""
        if self.reason is Withdrawal.HALTED:
            return Standing.STOPPED
        if self.action is Action.STOP or self.reason is Withdrawal.CANCELLED:
            return Standing.LIFTED
        if self.in_force(now):
            return Standing.IN_FORCE
        replaced = self.reason in (Withdrawal.UPDATED, Withdrawal.SUPERSEDED)
        return Standing.REPLACED if replaced else Standing.EXPIRED

    def faced(self, face: Face) -> "Entry":
        """Return the entry as it is now."""
        return replace(self, ended=face.ended, reason=face.reason, ended_at=face.ended_at)

    def changed_at(self, now: datetime) -> datetime:
        """Return when a reader last saw it change."""
        over = [self.ended_at] if self.ended_at else []
        if self.notice.expires <= now:
            over.append(self.notice.expires)
        return max([self.published_at, *over])


def shown(entries: Iterable[Entry], now: datetime) -> list[Entry]:
    """Return the entries that the feed carries, newest first. A drill is never among them."""
    live = (e for e in entries if e.mode is Mode.LIVE and e.in_force(now))
    return sorted(live, key=lambda e: (e.published_at, str(e.delivery_id)), reverse=True)


def latest(entries: Iterable[Entry]) -> dict[UUID, Entry]:
    """Return the newest revision of each warning: what its page is about."""
    found: dict[UUID, Entry] = {}
    for entry in entries:
        if entry.mode is Mode.LIVE and (
            entry.warning_id not in found or found[entry.warning_id].revision < entry.revision
        ):
            found[entry.warning_id] = entry
    return found
