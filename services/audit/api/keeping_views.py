"""What the API answers of keeping: classes, previews, proposals, holds, tombstones."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from services.audit.actions.keeping import MOST_SHOWN, Due, Overview, Preview
from services.audit.api.views import Time
from services.audit.model.agreements import PERIOD, Hold
from services.kit.clock import from_microseconds
from services.kit.proposals import Proposal


class ClassView(BaseModel):
    """How long a class of records is kept."""

    name: str
    keep_days: int | None = Field(description="None: for ever")
    latest: Time | None = Field(description="Records of before this moment may be deleted")
    due: int = Field(description="Records that may be deleted, counted up to 10,000")

    @classmethod
    def of(cls, due: Due) -> "ClassView":
        """Return the view of a class."""
        return cls(name=due.name, keep_days=due.keep_days, latest=due.latest, due=due.records)


class PreviewView(BaseModel):
    """What a deletion would take away."""

    name: str
    before: Time
    records: int
    warnings: dict[str, int] = Field(description="Records of each warning, the largest fifty")
    warning_count: int
    held: int = Field(description="Records that a hold stops")
    stopped_by: dict[str, int] = Field(description="For each hold, how many")

    @classmethod
    def of(cls, found: Preview) -> "PreviewView":
        """Return the view of a preview."""
        largest = sorted(found.warnings.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_SHOWN]
        return cls(
            name=found.name,
            before=found.before,
            records=found.records,
            warnings=dict(largest),
            warning_count=len(found.warnings),
            held=found.held,
            stopped_by=found.stopped_by,
        )


class ProposalView(BaseModel):
    """What one auditor proposed, and what became of it."""

    proposal_id: str
    kind: str = Field(description="`deletion` or `hold-lift`")
    about: str = Field(description="The class, or the hold")
    wanted: dict[str, Any]
    proposed_by: str
    proposed_at: Time
    expires_at: Time
    state: str
    decided_by: str | None
    decided_at: Time | None

    @classmethod
    def of(cls, made: Proposal, now: datetime) -> "ProposalView":
        """Return the view of a proposal."""
        return cls(**{**vars(made), "state": made.at(now), "wanted": dict(made.wanted)})


class HoldView(BaseModel):
    """A legal hold."""

    hold_id: str
    scope: str
    over: str
    begin: Time | None
    end: Time | None
    reason: str
    placed_by: str
    placed_at: Time
    stands: bool
    lifted_by: str | None = Field(description="The agreement of two by which it was lifted")

    @classmethod
    def of(cls, hold: Hold) -> "HoldView":
        """Return the view of a hold."""
        period = hold.scope == PERIOD
        return cls(
            hold_id=hold.hold_id,
            scope=hold.scope,
            over=hold.about,
            begin=from_microseconds(hold.from_us) if period else None,
            end=from_microseconds(hold.until_us) if period else None,
            reason=hold.reason,
            placed_by=hold.placed_by,
            placed_at=hold.placed_at,
            stands=hold.lifted_by is None,
            lifted_by=hold.lifted_by,
        )


class TombstoneView(BaseModel):
    """Records that were deleted together: their leaves, chain and proofs stay."""

    agreement_id: str
    number: int
    name: str
    positions: str
    count: int
    sha256: str = Field(description="Over the leaf hashes, in order")
    warning_id: str | None
    rules: int
    proposed_by: str
    confirmed_by: str
    deleted_at: Time

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "TombstoneView":
        """Return the view of a tombstone."""
        return cls(name=row["class"], **{name: row[name] for name in cls.model_fields if name != "name"})


class KeepingView(BaseModel):
    """Everything about keeping at a glance."""

    rules_version: int
    classes: list[ClassView]
    waiting: list[ProposalView]
    latest: list[ProposalView]
    holds: list[HoldView]
    tombstones: list[TombstoneView] = Field(description="The newest fifty")
    deleted: dict[str, int] = Field(description="Records that were deleted, by agreement")

    @classmethod
    def of(cls, found: Overview, now: datetime) -> "KeepingView":
        """Return the view of it all."""
        return cls(
            rules_version=found.version,
            classes=[ClassView.of(one) for one in found.classes],
            waiting=[ProposalView.of(one, now) for one in found.waiting],
            latest=[ProposalView.of(one, now) for one in found.latest],
            holds=[HoldView.of(one) for one in found.holds],
            tombstones=[TombstoneView.of(row) for row in found.tombstones],
            deleted={name: count for name, (_, count) in found.deleted.items()},
        )
