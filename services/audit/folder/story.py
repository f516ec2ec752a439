"""The story of a warning, folded out of its records one by one: what was issued, said, planned, answered.

Bulk stays bulk: of reports only the account is kept, and what became of targets with public names.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from contracts.amendment import PlanAmended
from contracts.canonical import canonical_bytes, sha256_hex
from contracts.delivery import DeliveryRequested, PlanMade
from contracts.fact import Fact
from contracts.outcome import Column
from contracts.warning import WarningPublished
from services.audit.model.account import ChannelAccount, lines_of
from services.audit.model.acts import Act, act_of
from services.audit.model.books import Books
from services.audit.model.deliveries import Target
from services.audit.model.entry import Entry
from services.audit.model.fields import is_count
from services.audit.model.rows import Ending

WORDED = "delivery.worded"
"""The fact with which a channel says what it says."""


@dataclass(frozen=True)
class Issue:
    """One revision as it was published, and where that is recorded."""

    position: int
    message: WarningPublished


@dataclass(frozen=True)
class Wording:
    """What a channel said of a revision, in one of its wordings."""

    position: int
    revision: int
    channel: str
    rendering: str
    pieces: tuple[tuple[str, str], ...]

    @property
    def name(self) -> str:
        """The name of its file."""
        own = f"-{self.rendering}" if self.rendering else ""
        return f"texts/{self.revision}-{self.channel}{own}.txt"

    def text(self) -> str:
        """Return it for a reader: each part with its name above it."""
        return "".join(f"[{name}]\n{text}\n\n" for name, text in self.pieces)


@dataclass
class Story:
    """What has been heard of one warning."""

    warning_id: str
    records: int = 0
    first: int = 0
    last: int = 0
    last_at: datetime | None = None
    books: Books = field(default_factory=Books)
    issues: dict[int, Issue] = field(default_factory=dict)
    plans: dict[str, tuple[int, PlanMade | PlanAmended]] = field(default_factory=dict)
    """By the name of the file."""
    caps: dict[str, bytes] = field(default_factory=dict)
    """By the name of the file: those published, and any other that a channel was given."""
    wordings: dict[tuple[int, str, str], Wording] = field(default_factory=dict)
    asked: set[tuple[int, str]] = field(default_factory=set)
    """Revisions and channels of which somebody was asked to say something."""
    acts: list[Act] = field(default_factory=list)
    """What people did to it, and what the clocks did that run on silence."""

    def hear(self, position: int, recorded_at: datetime, entry: Entry) -> None:
        """Fold a record in, in the order of the ledger."""
        self.records, self.last, self.last_at = self.records + 1, position, recorded_at
        self.first = self.first or position
        message = entry.message
        if message is not None:
            self.books.hear(message, recorded_at)
        act = act_of(position, recorded_at, entry)
        if act is not None:
            self.acts.append(act)
        match message:
            case WarningPublished():
                self.issues.setdefault(message.revision, Issue(position, message))
                self.caps.setdefault(f"cap/{message.revision}.xml", message.cap_xml.encode())
            case PlanMade():
                self.plans.setdefault(f"plans/{message.revision}.json", (position, message))
            case PlanAmended():
                name = f"plans/{message.revision}-amendment-{message.number}.json"
                self.plans.setdefault(name, (position, message))
            case DeliveryRequested():
                self._hear_request(message)
            case Fact() if message.kind == WORDED:
                self._hear_words(position, message)

    def _hear_request(self, message: DeliveryRequested) -> None:
        self.asked.add((message.revision, message.channel.value))
        given = (message.cap_xml or "").encode()
        if given and given not in self.caps.values():
            self.caps[f"cap/{message.revision}-{message.channel}-{sha256_hex(given)[:8]}.xml"] = given

    def _hear_words(self, position: int, fact: Fact) -> None:
        told = fact.detail
        revision, channel, rendering = told.get("revision"), told.get("channel"), told.get("rendering") or ""
        pieces = told.get("pieces")
        if (
            not isinstance(revision, int)
            or not is_count(revision)
            or revision < 1
            or not isinstance(pieces, list)
            or not _words((channel, rendering))
        ):
            return
        said = tuple((str(p["name"]), str(p["text"])) for p in pieces if isinstance(p, dict) and _whole(p))
        wording = Wording(position, revision, str(channel), rendering, said)
        self.wordings.setdefault((revision, str(channel), rendering), wording)

    def revisions(self) -> list[int]:
        """Return the revisions of which anything is known, in their order."""
        known = (self.books.revisions, self.books.plans)
        return sorted({key[1] for shelf in known for key in shelf if key[0] == self.warning_id})

    def lines(self, revision: int) -> list[ChannelAccount]:
        """Return the account of a revision, channel by channel."""
        key = (self.warning_id, revision)
        sums: dict[str, tuple[dict[Column, int], int, int]] = {}
        for delivery in self.books.deliveries.values():
            if (delivery.warning_id, delivery.revision) == key:
                before, count, silent = sums.get(delivery.channel, (dict.fromkeys(Column, 0), 0, 0))
                counts = {column: before[column] + getattr(delivery, column.value) for column in Column}
                sums[delivery.channel] = (counts, count + 1, silent + (delivery.report == 0))
        return lines_of(self.books.plans.get(key), sums)

    def targets(self) -> list[Target]:
        """Return the targets with public names, in the order of revision, channel and name."""
        return [self.books.targets[key] for key in sorted(self.books.targets) if key[0] == self.warning_id]

    def endings(self) -> list[Ending]:
        """Return what ended revisions of this warning, earliest first."""
        mine = (e for e in self.books.endings.values() if e.warning_id == self.warning_id)
        return sorted(mine, key=lambda ending: (ending.at, ending.revision))

    def silent_channels(self) -> list[tuple[int, str]]:
        """Return revisions and channels that were asked to speak, and never told in which words."""
        told = {(revision, channel) for revision, channel, _ in self.wordings}
        return sorted(self.asked - told)


_NAME = re.compile(r"[a-z0-9-]{0,20}")


def _words(texts: Iterable[Any]) -> bool:
    """Tell whether these can stand in the name of a file."""
    return all(isinstance(text, str) and _NAME.fullmatch(text) for text in texts)


def _whole(piece: dict[str, Any]) -> bool:
    return {"name", "text"} <= piece.keys()


def plan_bytes(message: PlanMade | PlanAmended) -> bytes:
    """Return a plan as a file."""
    return canonical_bytes(message) + b"\n"


def approved_otherwise(story: Story) -> list[tuple[int, int]]:
    """Return revisions whose last approval names another content than the one published, with its record."""
    last = {act.revision: act for act in story.acts if act.kind == "warning.approved"}
    found = []
    for number, issue in sorted(story.issues.items()):
        act = last.get(number)
        if act is not None and act.detail.get("content_sha256") != issue.message.content_sha256:
            found.append((number, act.position))
    return found
