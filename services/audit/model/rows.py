"""What the books hold of warnings, one value for each row: revisions, what ended them, plans."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from contracts.delivery import PlanMade
from contracts.warning import WarningPublished
from services.audit.model.entry import plain

RevisionKey = tuple[str, int]
EndingKey = tuple[str, int, str]
"""Warning, highest revision that ended, reason."""


@dataclass(frozen=True)
class Revision:
    """A revision of a warning, as it was published."""

    warning_id: str
    revision: int
    mode: str
    verb: str
    identifier: str
    hazard: str
    hazard_name: str
    level: str
    headline: str
    sender_name: str
    approved_by: list[str]
    approved_at: datetime
    said_at: datetime
    expires_at: datetime
    content_sha256: str
    manifest_sha256: str
    heard_at: datetime
    conflict: bool = False
    """True when the same revision was said again with another content or manifest."""

    @property
    def key(self) -> RevisionKey:
        """Warning and revision."""
        return self.warning_id, self.revision

    @classmethod
    def of(cls, message: WarningPublished, heard_at: datetime) -> "Revision":
        """Return the revision that a message publishes."""
        notice = message.notice
        return cls(
            warning_id=str(message.warning_id),
            revision=message.revision,
            mode=message.mode,
            verb=message.verb,
            identifier=plain(notice.identifier),
            hazard=notice.hazard,
            hazard_name=plain(notice.hazard_name),
            level=notice.level,
            headline=plain(notice.text.headline, 300),
            sender_name=plain(notice.sender_name),
            approved_by=[plain(name) for name in notice.approved_by],
            approved_at=message.approved_at,
            said_at=message.at,
            expires_at=notice.expires,
            content_sha256=message.content_sha256,
            manifest_sha256=message.manifest_sha256,
            heard_at=heard_at,
        )

    def again(self, other: "Revision") -> "Revision":
        """Take the same revision in once more; the first word stands, another one is noted."""
        same = (self.content_sha256, self.manifest_sha256) == (other.content_sha256, other.manifest_sha256)
        return self if same else replace(self, conflict=True)


@dataclass(frozen=True)
class Ending:
    """Nothing of a warning up to this revision goes out any more."""

    warning_id: str
    revision: int
    reason: str
    at: datetime

    @property
    def key(self) -> EndingKey:
        """Warning, revision and reason."""
        return self.warning_id, self.revision, self.reason


@dataclass(frozen=True)
class Line:
    """One channel of a plan: what the manifest counts, and what the deliveries add up to."""

    count: int
    sha256: str
    planned: int
    deliveries: int


@dataclass(frozen=True)
class Plan:
    """The plan of a revision."""

    warning_id: str
    revision: int
    mode: str
    manifest_sha256: str
    count: int
    lines: Mapping[str, Line]
    made_at: datetime
    heard_at: datetime
    conflict: bool = False
    """True when another plan was made for the same revision."""

    @property
    def key(self) -> RevisionKey:
        """Warning and revision."""
        return self.warning_id, self.revision

    @classmethod
    def of(cls, message: PlanMade, heard_at: datetime) -> "Plan":
        """Return the plan that a message holds."""
        planned: dict[str, list[int]] = {}
        for delivery in message.deliveries:
            planned.setdefault(delivery.channel, []).append(delivery.size)
        entries = {entry.channel.value: entry for entry in message.manifest.channels}
        lines = {}
        for channel in sorted({*entries, *planned}):
            entry, sizes = entries.get(channel), planned.get(channel, [])
            count, sha256 = (entry.count, entry.sha256) if entry else (0, "")
            lines[str(channel)] = Line(count, sha256, sum(sizes), len(sizes))
        return cls(
            warning_id=str(message.warning_id),
            revision=message.revision,
            mode=message.mode,
            manifest_sha256=message.manifest.sha256,
            count=message.manifest.count,
            lines=lines,
            made_at=message.at,
            heard_at=heard_at,
        )

    def again(self, other: "Plan") -> "Plan":
        """Take a plan of the same revision in once more; the first word stands, another one is noted."""
        amended = self.count > other.count
        same = self.manifest_sha256 == other.manifest_sha256 and (amended or self.lines == other.lines)
        return self if same else replace(self, conflict=True)
