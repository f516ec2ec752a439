"""Show: what was planned, how far it has come, and how much of the registry is here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.delivery import PlanMade, is_call
from contracts.values import Action, Mode
from services.kit.db import Database
from services.kit.errors import NotFound
from services.router.actions.library import Library
from services.router.model.account import ChannelAccount, accounts
from services.router.model.registry import Registry
from services.router.store import blocks, ends, plans
from services.router.store.blocks import Copy
from services.router.store.ends import Stone
from services.router.store.plans import Delivery, Planned


@dataclass(frozen=True)
class Revision:
    """The plan of a revision, its account by channel, and what nobody has taken."""

    made: PlanMade
    action: Action
    expires_at: datetime
    accounts: Sequence[ChannelAccount]
    untaken: Sequence[Delivery]


@dataclass(frozen=True)
class Plans:
    """All plans of a warning, and what of it is over."""

    mode: Mode
    stone: Stone | None
    revisions: Sequence[Revision]


async def plans_of(db: Database, warning_id: UUID) -> Plans:
    """Return all plans of a warning; raise NotFound when there is none."""
    async with db.read() as connection:
        planned = await plans.of_warning(connection, warning_id)
        if not planned:
            raise NotFound("no plan was made for this warning")
        stone = await ends.stone(connection, planned[0].mode, warning_id)
        deliveries = await plans.deliveries_of(connection, warning_id)
    return Plans(planned[0].mode, stone, [_revision(one, deliveries) for one in planned])


def _revision(planned: Planned, deliveries: Sequence[Delivery]) -> Revision:
    mine = [d for d in deliveries if d.revision == planned.made.revision and not is_call(UUID(d.delivery_id))]
    return Revision(
        made=planned.made,
        action=planned.action,
        expires_at=planned.expires_at,
        accounts=accounts((d.channel, d.size, d.tally) for d in mine),
        untaken=[d for d in mine if d.taken_at is None],
    )


async def copy_of_registry(db: Database, library: Library) -> tuple[Registry, Copy]:
    """Return the newest registry, and how much of it there is; raise Retry while it is being copied."""
    async with db.read() as connection:
        return await library.newest(connection), await blocks.counted(connection)
