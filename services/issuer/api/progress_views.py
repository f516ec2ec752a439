"""What the issuer answers about progress."""

from uuid import UUID

from pydantic import BaseModel

from contracts.outcome import Column, TargetState
from contracts.values import Channel
from services.issuer.api.views import Moment
from services.issuer.model.progress import ChannelProgress, Latency, Photograph
from services.issuer.store.progress import Target


class LatencyView(BaseModel):
    """Seconds from the approval until targets had it."""

    p50_s: float
    p95_s: float
    max_s: float
    first_s: float


class Account(BaseModel):
    """targeted = confirmed + delivered + failed + withdrawn + expired + open, always."""

    targeted: int
    received: int
    """Delivered or confirmed."""
    confirmed: int
    delivered: int
    failed: int
    withdrawn: int
    expired: int
    open: int


class ChannelView(Account):
    """One channel's account."""

    channel: Channel
    deliveries: int
    unheard: int
    """Deliveries that nobody has said a word about."""
    first_report_s: float | None
    """Seconds from the approval until somebody first had a delivery."""
    latency: LatencyView | None


class ProgressView(BaseModel):
    """How far a revision has come."""

    warning_id: UUID
    revision: int
    approved_at: Moment
    planned_at: Moment | None
    manifest_count: int
    adds_up: bool
    """True when the plan is known and its targets are the manifest's."""
    total: Account
    channels: list[ChannelView]


class TargetView(BaseModel):
    """How far one named target has come."""

    target: str
    state: TargetState
    at: Moment
    by: str | None
    received_at: Moment | None
    confirmed_at: Moment | None


class TargetsView(BaseModel):
    """A page of targets to which something happened."""

    data: list[TargetView]
    has_more: bool
    next: str | None


def progress_view(photo: Photograph) -> ProgressView:
    """Return the progress of a revision as it is answered."""
    total = photo.columns
    received = total[Column.DELIVERED] + total[Column.CONFIRMED]
    return ProgressView(
        warning_id=photo.warning_id,
        revision=photo.revision,
        approved_at=photo.approved_at,
        planned_at=photo.planned_at,
        manifest_count=photo.manifest_count,
        adds_up=photo.planned_at is not None and photo.targeted == photo.manifest_count,
        total=Account(targeted=photo.targeted, received=received, **_named(total)),
        channels=[_channel(channel) for channel in photo.channels],
    )


def _named(columns: dict[Column, int]) -> dict[str, int]:
    return {column.value: count for column, count in columns.items()}


def _channel(line: ChannelProgress) -> ChannelView:
    took = line.latency
    return ChannelView(
        channel=line.channel,
        targeted=line.targeted,
        received=line.received,
        **_named(dict(line.columns)),
        deliveries=line.deliveries,
        unheard=line.unheard,
        first_report_s=line.first_report_s,
        latency=_latency(took) if took else None,
    )


def target_view(found: Target) -> TargetView:
    """Return a target as it is answered."""
    return TargetView(**vars(found))


def _latency(took: Latency) -> LatencyView:
    return LatencyView(p50_s=took.p50, p95_s=took.p95, max_s=took.longest, first_s=took.first)
