"""GET /api/v1/plans/{warning_id}/changes: who came since the plan. POST .../amendments: are they told?"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from contracts.printable import Line
from contracts.values import Channel, Sha256
from services.kit.clock import beijing
from services.kit.idempotency import idempotent_route
from services.kit.identity import Principal, needs, principal
from services.router.actions.amend import Decision, amend, drift
from services.router.api.parts import RouterParts
from services.router.model.change import Change
from services.router.model.crowd import SEALED
from services.router.store.amendments import Amendment

router = APIRouter(
    prefix="/api/v1",
    tags=["plans"],
    route_class=idempotent_route("router"),
    default_response_class=JSONResponse,
)


class ChangeView(BaseModel):
    """One channel: how many came and went since the manifest; by name where they have public ones."""

    channel: Channel
    added: int
    removed: int
    added_names: list[str]
    removed_names: list[str]


class AmendmentView(BaseModel):
    """What somebody decided: those who came are reached, or they are not."""

    number: int
    taken: bool
    decided_by: str
    decided_at: str
    registry_version: str
    added: dict[str, int]
    reason: str


class ChangesView(BaseModel):
    """What the registry has changed since the newest plan of a warning, and what was decided of it."""

    warning_id: UUID
    revision: int
    pinned_version: str
    registry_version: str
    changes: list[ChangeView]
    amendments: list[AmendmentView]


class AmendmentBody(BaseModel):
    """A decision on the changes as they were looked at."""

    model_config = ConfigDict(extra="forbid")

    registry_version: Sha256
    take: bool = Field(description="True: those who came are reached; false: they are not")
    reason: Line = Field("", max_length=500, description="Why; needed when they are not")


@router.get(
    "/plans/{warning_id}/changes",
    summary="What the registry has changed since a plan",
    dependencies=[Depends(principal)],
)
async def get_changes(warning_id: UUID, parts: RouterParts) -> ChangesView:
    """Return who came and who went; whoever went and was told stays told."""
    await parts.filled()
    found = await drift(parts.db, parts.library, warning_id)
    return ChangesView(
        warning_id=warning_id,
        revision=found.made.revision,
        pinned_version=found.made.manifest.registry_version,
        registry_version=found.registry.version,
        changes=[_change(change) for change in found.changes],
        amendments=[_amendment(one) for one in found.decided],
    )


@router.post("/plans/{warning_id}/amendments", summary="Decide whether those who came are reached too")
async def post_amendment(
    warning_id: UUID,
    body: AmendmentBody,
    parts: RouterParts,
    by: Annotated[Principal, Depends(needs("checker", "signer"))],
) -> AmendmentView:
    """Number the decision; when it is yes, deliveries to those who came go out at once."""
    await parts.filled()
    decision = Decision(body.registry_version, body.take, by.username, body.reason.strip())
    return _amendment(await amend(parts.db, parts.library, parts.library.crypto, warning_id, decision))


def _change(change: Change) -> ChangeView:
    public = change.channel not in SEALED
    return ChangeView(
        channel=change.channel,
        added=len(change.added),
        removed=len(change.removed),
        added_names=list(change.added) if public else [],
        removed_names=list(change.removed) if public else [],
    )


def _amendment(one: Amendment) -> AmendmentView:
    return AmendmentView(
        number=one.number,
        taken=one.taken,
        decided_by=one.decided_by,
        decided_at=beijing(one.decided_at),
        registry_version=one.registry_version,
        added={channel: len(names) for channel, names in one.added.items()},
        reason=one.reason,
    )
