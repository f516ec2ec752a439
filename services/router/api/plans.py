"""GET /api/v1/plans/{warning_id}: what was planned, and how far it has come. GET /api/v1/registry-copy."""

from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from contracts.plan import Manifest
from contracts.values import Action, Channel, Lane, Mode, Withdrawal
from services.kit.clock import beijing
from services.kit.identity import principal
from services.router.actions.show import Revision, copy_of_registry, plans_of
from services.router.api.parts import RouterParts
from services.router.api.views import ChannelView
from services.router.store.plans import Delivery

router = APIRouter(
    prefix="/api/v1", tags=["plans"], default_response_class=JSONResponse, dependencies=[Depends(principal)]
)


class ManifestView(BaseModel):
    """A manifest without its lists."""

    sha256: str
    registry_version: str
    count: int
    towns: int
    villages: int
    villages_at_generated_positions: int
    channels: list[ChannelView]


class AccountView(BaseModel):
    """One channel: targets = confirmed + delivered + failed + withdrawn + expired + open."""

    channel: Channel
    deliveries: int
    targets: int
    confirmed: int
    delivered: int
    failed: int
    withdrawn: int
    expired: int
    open: int


class UntakenView(BaseModel):
    """A delivery that nobody has taken yet."""

    delivery_id: str
    channel: Channel
    route: str | None
    size: int
    since: str
    tries: int
    next_at: str | None
    """When it is asked for again; none once the warning has expired."""


class RevisionView(BaseModel):
    """The plan of one revision."""

    revision: int
    action: Action
    lane: Lane
    made_at: str
    expires_at: str
    manifest: ManifestView
    channels: list[AccountView]
    untaken: list[UntakenView]


class EndView(BaseModel):
    """The highest revision that is over, and why."""

    revision: int
    reason: Withdrawal
    at: str


class PlansView(BaseModel):
    """All plans of a warning."""

    warning_id: UUID
    mode: Mode
    ended: EndView | None
    revisions: list[RevisionView]


class CopyView(BaseModel):
    """The router's own copy of the registry."""

    registry_version: str
    blocks: int
    towns: int
    villages: int
    stations: int
    recipients: int
    gateways: int
    changed_at: str | None


@router.get("/plans/{warning_id}", summary="The plans of a warning, and how far they have come")
async def get_plans(warning_id: UUID, parts: RouterParts) -> PlansView:
    """Return every revision's manifest, its account by channel, and what nobody has taken."""
    found = await plans_of(parts.db, warning_id)
    stone = found.stone
    return PlansView(
        warning_id=warning_id,
        mode=found.mode,
        ended=EndView(revision=stone.revision, reason=stone.reason, at=beijing(stone.at)) if stone else None,
        revisions=[_revision(revision) for revision in found.revisions],
    )


@router.get("/registry-copy", summary="The copy of the registry that plans are made of")
async def get_registry_copy(parts: RouterParts) -> CopyView:
    """Return the version and how much there is of it; 503 until it is whole."""
    await parts.filled()
    registry, copied = await copy_of_registry(parts.db, parts.library)
    return CopyView(
        registry_version=registry.version,
        blocks=copied.blocks,
        towns=len(registry.towns),
        villages=len(registry.villages),
        stations=copied.stations,
        recipients=copied.recipients,
        gateways=len(registry.gateways),
        changed_at=beijing(copied.changed_at) if copied.changed_at else None,
    )


def _revision(planned: Revision) -> RevisionView:
    made = planned.made
    return RevisionView(
        revision=made.revision,
        action=planned.action,
        lane=made.lane,
        made_at=beijing(made.at),
        expires_at=beijing(planned.expires_at),
        manifest=_manifest(made.manifest),
        channels=[
            AccountView(
                channel=account.channel,
                deliveries=account.deliveries,
                targets=account.targets,
                **{column.value: count for column, count in account.columns.items()},
            )
            for account in planned.accounts
        ],
        untaken=[_untaken(delivery) for delivery in planned.untaken],
    )


def _manifest(manifest: Manifest) -> ManifestView:
    return ManifestView(
        sha256=manifest.sha256,
        registry_version=manifest.registry_version,
        count=manifest.count,
        towns=len(manifest.towns),
        villages=len(manifest.villages),
        villages_at_generated_positions=len(manifest.villages_at_generated_positions),
        channels=[ChannelView(channel=c.channel, count=c.count, sha256=c.sha256) for c in manifest.channels],
    )


def _untaken(delivery: Delivery) -> UntakenView:
    return UntakenView(
        delivery_id=delivery.delivery_id,
        channel=delivery.channel,
        route=delivery.route,
        size=delivery.size,
        since=beijing(delivery.requested_at),
        tries=delivery.tries,
        next_at=beijing(delivery.next_at) if delivery.next_at else None,
    )
