"""Who approved: what the facts of the issuer say of a revision, beside what was published of it.

Nothing here trusts a fact to be whole: a field of a strange type is no field.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from contracts.fact import Fact
from services.audit.model.entry import plain
from services.audit.model.rows import Revision

PREFIX = "warning."
_SHA256 = re.compile(r"[0-9a-f]{64}")
_MOST = 2**31 - 1

DRAFTED = ("drafted", "edited", "split", "update-begun", "lift-begun", "correction-begun")
SUBMITTED, APPROVED = "submitted", "approved"
VOIDS = ("edited", "returned", SUBMITTED)
"""What makes earlier approvals of a revision void."""

NOTE_SENT = "note-sent"
_PART = "as a part of "
REVIEWED = ("halt-reviewed", "emergency-reviewed")
PARTS = tuple(dict.fromkeys((*DRAFTED, *VOIDS, APPROVED, NOTE_SENT, *REVIEWED)))
"""What a story is made of; whatever else is done to a warning says nothing of its approval."""


@dataclass(frozen=True)
class Act:
    """One thing that somebody did to a warning."""

    position: int
    warning_id: str
    revision: int | None
    act: str
    person: str | None
    source: str | None
    at: datetime
    content_sha256: str | None
    manifest_sha256: str | None
    emergency: bool
    note: str

    @classmethod
    def of(cls, fact: Fact, position: int) -> "Act | None":
        """Return what a fact says that somebody did, None when it is about no warning."""
        if not fact.warning_id or not fact.kind.startswith(PREFIX):
            return None
        detail = fact.detail
        return cls(
            position=position,
            warning_id=plain(fact.warning_id, 36),
            revision=_number(detail.get("revision")),
            act=plain(fact.kind.removeprefix(PREFIX)),
            person=plain(fact.actor) if fact.actor else None,
            source=plain(fact.source) if fact.source else None,
            at=fact.at,
            content_sha256=_hash(detail.get("content_sha256")),
            manifest_sha256=_hash(detail.get("manifest_sha256")),
            emergency=isinstance(detail.get("emergency"), str) and bool(detail["emergency"]),
            note=plain(detail["note"], 300) if isinstance(detail.get("note"), str) else "",
        )


def _number(value: Any) -> int | None:
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 1 <= value <= _MOST else None


def _hash(value: Any) -> str | None:
    return value if isinstance(value, str) and _SHA256.fullmatch(value) else None


@dataclass(frozen=True)
class Story:
    """What the facts say of one revision, beside its publication."""

    revision: Revision
    drafters: Sequence[Act]
    submitted: Act | None
    approvals: Sequence[Act]
    """Those that count: after the last submission, before the publication."""
    void: Sequence[Act]
    """Approvals that something later made void."""
    reviews: Sequence[Act]
    sent: Sequence[Act]
    """The sending of a note."""
    disagreements: Sequence[str]
    """Stable codes; empty when facts and publication say the same."""

    @property
    def note(self) -> bool:
        """True for a town's note beside a warning, which nobody else approves, as the rules have it."""
        return any(act.act == NOTE_SENT for act in self.sent)

    @property
    def part_of(self) -> str | None:
        """The warning of which it was a part: earlier approvals of that one count for it too."""
        notes = (act.note for act in self.drafters if act.note.startswith(_PART))
        return next((note.removeprefix(_PART)[:36] for note in notes), None)

    @property
    def people(self) -> Sequence[str]:
        """Who approved, each once, in order."""
        return list(dict.fromkeys(act.person for act in self.approvals if act.person))

    @property
    def different(self) -> bool | None:
        """True when drafter and approvers were different people, None when the facts do not tell."""
        drafters = {act.person for act in self.drafters if act.person}
        if not drafters or not self.approvals or any(act.person is None for act in self.approvals):
            return None
        return not drafters & set(self.people) and len(self.people) == len(self.approvals)

    @property
    def emergency(self) -> bool:
        """True when the facts say that it went by the emergency flow."""
        return any(act.emergency for act in (*filter(None, [self.submitted]), *self.approvals))


def story(revision: Revision, acts: Iterable[Act]) -> Story:
    """Return what the facts say of a revision; facts that name none count for the first."""
    mine = sorted(
        (a for a in acts if (a.revision or 1) == revision.revision), key=lambda a: (a.at, a.position)
    )
    before = [act for act in mine if act.at <= revision.said_at]
    last = max((n for n, act in enumerate(before) if act.act in VOIDS), default=-1)
    approvals = [act for act in before[last + 1 :] if act.act == APPROVED]
    void = [act for act in mine if act.act == APPROVED and act not in approvals]
    submitted = next((act for act in reversed(before) if act.act == SUBMITTED), None)
    found = Story(
        revision=revision,
        drafters=[act for act in before if act.act in DRAFTED],
        submitted=submitted,
        approvals=approvals,
        void=void,
        reviews=[act for act in mine if act.act in REVIEWED],
        sent=[act for act in before if act.act == NOTE_SENT],
        disagreements=(),
    )
    return Story(**{**vars(found), "disagreements": _disagreements(found)})


def _disagreements(found: Story) -> list[str]:
    """Name everything in which the facts and the publication differ."""
    revision = found.revision
    wrong: dict[str, Any] = {
        "approval-missing": not found.approvals and not found.note,
        "approvers-count": found.approvals
        and found.part_of is None
        and len(found.approvals) != len(revision.approved_by),
        "content-differs": any(
            a.content_sha256 not in (None, revision.content_sha256) for a in found.approvals
        ),
        "manifest-differs": any(
            a.manifest_sha256 not in (None, revision.manifest_sha256) for a in found.approvals
        ),
        "hash-missing": any(None in (a.content_sha256, a.manifest_sha256) for a in found.approvals),
        "person-missing": any(act.person is None for act in found.approvals),
        "same-person": found.different is False,
        "approved-after": any(act.at > revision.said_at for act in found.void),
    }
    return [code for code, is_so in wrong.items() if is_so]
