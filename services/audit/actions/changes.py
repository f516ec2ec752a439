"""What changed in the registry before a warning was approved, who did it, what of it touched its places."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.delivery import PlanMade
from services.audit.model.changes import Change, Ground, change_of, confirmed
from services.audit.model.rows import Revision
from services.audit.store import changes, questions
from services.audit.store.moments import message_of, messages_of
from services.audit.store.questions import Record
from services.kit.db import Database
from services.kit.errors import NotFound

AT_ONCE = 50
MOST_LOOKED_AT = 2_000
"""So many records are looked through for one page; then it ends, and the next one goes on from there."""

Cursor = tuple[datetime, int]


@dataclass(frozen=True)
class Before:
    """What changed in the registry before a revision was approved."""

    revision: Revision
    revisions: Sequence[int]
    days: int
    first: datetime
    counts: Mapping[str, int]
    """How often each thing was said in these days, wherever it was."""
    ground: Ground
    changes: Sequence[Change]
    names: Mapping[str, str]
    next: Cursor | None


@dataclass(frozen=True)
class Wanted:
    """Which changes are wanted."""

    revision: int | None = None
    days: int = 7
    touching: bool = False
    """Only those that touched the warning's places, or of which that cannot be told."""
    kinds: tuple[str, ...] = ()
    before: Cursor | None = None
    limit: int = 100


async def before_warning(db: Database, warning_id: str, wanted: Wanted | None = None) -> Before:
    """Return what was recorded of the registry in the days before an approval, the newest first.

    Raises NotFound when the ledger has never heard of the warning, or of this revision.
    """
    wanted = wanted or Wanted()
    async with questions.snapshot(db) as connection:
        known = await changes.revisions(connection, warning_id)
        chosen = [r for r in known if wanted.revision in (None, r.revision)]
        if not chosen:
            raise NotFound("the ledger knows no such warning")
        revision = chosen[0]
        first = revision.approved_at - timedelta(days=wanted.days)
        ground = await _ground(connection, revision)
        found, rest = await _page(connection, first, revision.approved_at, ground, wanted)
        counts = await changes.counts(connection, first, revision.approved_at)
        names = await questions.names(connection, _things(found))
    numbers = [r.revision for r in known]
    return Before(revision, numbers, wanted.days, first, counts, ground, found, names, rest)


def _things(found: Sequence[Change]) -> set[str]:
    names = set()
    for change in found:
        name = (change.thing or "").rpartition(":")[2]
        names |= {name, f"{name}000"} if len(name) == 9 else {name}
    return names


async def _ground(connection: AsyncConnection, revision: Revision) -> Ground:
    """Return the towns, villages and gateways of a revision, out of its plan."""
    records = await changes.plan(connection, revision.warning_id)
    plans = [m for m in messages_of(records) if isinstance(m, PlanMade)]
    manifests = [plan.manifest for plan in plans if plan.revision == revision.revision]
    routes = await changes.routes(connection, revision.warning_id)
    return Ground.of(manifests, (), routes)


async def _page(
    connection: AsyncConnection, first: datetime, last: datetime, ground: Ground, wanted: Wanted
) -> tuple[list[Change], Cursor | None]:
    found: list[Change] = []
    before, looked_at, size = wanted.before, 0, max(AT_ONCE, wanted.limit + 1)
    while looked_at < MOST_LOOKED_AT:
        records = await changes.said(connection, first, last, before, size, wanted.kinds)
        looked_at += len(records)
        for record, change in _changes(records, ground):
            if len(found) == wanted.limit:
                return found, before
            before = (record["recorded_at"], record["position"])
            if change is not None and not (wanted.touching and change.touches is False):
                found.append(change)
        if len(records) < size:
            return found, None
    return found, before


def _changes(records: Sequence[Record], ground: Ground) -> list[tuple[Record, Change | None]]:
    """Return records with what they say of the registry; what cannot be read says nothing."""
    read = [change_of(message_of(r), r["position"], r["recorded_at"], ground) for r in records]
    whole = {change.position: change for change in confirmed([c for c in read if c is not None])}
    return [(record, whole.get(record["position"])) for record in records]
