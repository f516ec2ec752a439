"""What the API answers."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, PlainSerializer

from contracts.outcome import Column
from services.audit.actions.ask import RevisionAccount, WarningAccount
from services.audit.model.account import ChannelAccount, Reach
from services.audit.model.deliveries import Target
from services.audit.model.differences import Difference
from services.kit.clock import beijing

Time = Annotated[datetime, PlainSerializer(beijing, return_type=str, when_used="json")]
"""RFC 3339, Beijing time."""


class Line(BaseModel):
    """One line of an account: targeted = confirmed + delivered + failed + withdrawn + expired + open."""

    channel: str = Field(description="Empty in the line of sums")
    targeted: int = Field(description="As the manifest counts")
    received: int = Field(description="Confirmed or delivered")
    confirmed: int
    delivered: int
    failed: int
    withdrawn: int
    expired: int
    open: int
    deliveries: int
    silent: int = Field(description="Deliveries on which nobody has reported yet")
    adds_up: bool

    @classmethod
    def of(cls, line: ChannelAccount) -> "Line":
        """Return the view of a line."""
        return cls(
            channel=line.channel,
            targeted=line.targeted,
            received=line.received,
            deliveries=line.deliveries,
            silent=line.silent,
            adds_up=line.adds_up,
            **{column.value: line.columns[column] for column in Column},
        )


class StationReach(BaseModel):
    """How many stations had it, and after how many seconds from the approval (nearest rank)."""

    targeted: int
    received: int
    p50_s: float | None
    p95_s: float | None
    max_s: float | None
    early: int = Field(description="Received before the approval, by a wrong clock: in no percentile")

    @classmethod
    def of(cls, reach: Reach) -> "StationReach":
        """Return the view of a reach."""
        return cls(**vars(reach))


class PlaceLine(BaseModel):
    """A station that is silent, and how far it came."""

    code: str
    name: str | None
    state: str
    column: str
    received_at: Time | None

    @classmethod
    def of(cls, target: Target, names: dict[str, str]) -> "PlaceLine":
        """Return the view of a station."""
        return cls(
            code=target.target,
            name=names.get(target.target),
            state=target.state,
            column=target.column,
            received_at=target.received_at,
        )


class RevisionView(BaseModel):
    """One revision of a warning, and what became of everyone it was meant for."""

    revision: int
    verb: str = Field(description="issued, updated or cancelled")
    state: str = Field(description="in-force, cancelled, updated, superseded, halted or expired")
    identifier: str
    level: str
    headline: str
    approved_by: list[str]
    approved_at: Time
    said_at: Time
    expires_at: Time
    ended_at: Time | None
    manifest_sha256: str
    manifest_count: int | None = Field(description="None while no plan is known")
    channels: list[Line]
    total: Line
    adds_up: bool
    stations: StationReach
    unreached: list[PlaceLine] = Field(description="Stations of the manifest that never had it")
    unconfirmed: list[PlaceLine] = Field(description="Stations that had it, and where nobody has answered")

    @classmethod
    def of(cls, account: RevisionAccount, names: dict[str, str]) -> "RevisionView":
        """Return the view of a revision."""
        revision = account.revision
        planned = [target for target in account.targets if target.planned]
        unreached = [t for t in planned if t.column not in (Column.DELIVERED, Column.CONFIRMED)]
        unconfirmed = [t for t in planned if t.column is Column.DELIVERED]
        return cls(
            revision=revision.revision,
            verb=revision.verb,
            state=account.state,
            identifier=revision.identifier,
            level=revision.level,
            headline=revision.headline,
            approved_by=revision.approved_by,
            approved_at=revision.approved_at,
            said_at=revision.said_at,
            expires_at=revision.expires_at,
            ended_at=account.ending.at if account.ending else None,
            manifest_sha256=revision.manifest_sha256,
            manifest_count=account.plan.count if account.plan else None,
            channels=[Line.of(line) for line in account.lines],
            total=Line.of(account.total),
            adds_up=account.adds_up,
            stations=StationReach.of(account.stations),
            unreached=[PlaceLine.of(target, names) for target in unreached],
            unconfirmed=[PlaceLine.of(target, names) for target in unconfirmed],
        )


class WarningLine(BaseModel):
    """A warning in a list, with the sums of its newest revision."""

    warning_id: str
    mode: str
    revision: int
    state: str
    hazard: str
    hazard_name: str
    level: str
    headline: str
    sender_name: str
    approved_at: Time
    expires_at: Time
    total: Line
    adds_up: bool = Field(description="True when every revision adds up to its approved manifest")

    @classmethod
    def head(cls, account: WarningAccount) -> dict[str, Any]:
        """Return the fields that a list and a warning by itself share."""
        newest = account.newest
        revision = newest.revision
        shared = ("mode", "revision", "hazard", "hazard_name", "level", "headline", "sender_name")
        return {
            "warning_id": account.warning_id,
            "state": newest.state,
            "approved_at": revision.approved_at,
            "expires_at": revision.expires_at,
            "total": Line.of(newest.total),
            "adds_up": account.adds_up,
            **{name: getattr(revision, name) for name in shared},
        }


class WarningView(WarningLine):
    """A warning with the account of every revision, newest first."""

    revisions: list[RevisionView]

    @classmethod
    def of(cls, account: WarningAccount) -> "WarningView":
        """Return the view of a warning."""
        names = dict(account.names)
        revisions = [RevisionView.of(revision, names) for revision in account.revisions]
        return cls(**cls.head(account), revisions=revisions)


class WarningPage(BaseModel):
    """A page of warnings, newest first; `next` is the cursor of the page after it."""

    data: list[WarningLine]
    has_more: bool
    next: str | None


class DifferenceView(BaseModel):
    """One thing that does not add up."""

    what: str
    why: str
    warning_id: str | None
    revision: int | None
    channel: str | None
    about: str | None
    expected: int | str | None
    found: int | str | None
    since: Time | None

    @classmethod
    def of(cls, difference: Difference) -> "DifferenceView":
        """Return the view of a difference."""
        return cls(**vars(difference))
