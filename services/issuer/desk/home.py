"""The desk's first page: what waits for me, what is in force, what is silent, what is being written."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from contracts.outcome import Column
from contracts.values import Channel
from services.issuer import store
from services.issuer.actions.announcing import due
from services.issuer.actions.ringing import waits_for
from services.issuer.actions.shift import SPOOLED_AFTER
from services.issuer.actions.shift import waiting as pending
from services.issuer.api import IssuerParts, Parts, SignedIn
from services.issuer.desk.page import page
from services.issuer.desk.possible import needed
from services.issuer.desk.suspended import ASKED
from services.issuer.model import Person, State, WeatherWarning
from services.issuer.model.progress import Photograph
from services.issuer.model.suspension import Answer, departments_of
from services.issuer.store.warnings import Summary

router = APIRouter(include_in_schema=False)

MOST = 200
UNPLANNED_AFTER = timedelta(seconds=5)

SPOOLED = "is approved and not out yet: the message bus does not take it"
UNPLANNED = "is not out yet: the router has not planned it"
UNTAKEN = "deliveries that nobody has taken"
SILENT = "stations have not received it"
FAILED = "targets failed"
ENDING = "runs out soon"
STOPPED = "was halted and must be looked at"
TROUBLES = (SPOOLED, UNPLANNED, UNTAKEN, SILENT, FAILED, ENDING, STOPPED)
"""What may be wrong with a warning in force, in words that catalogues have."""


@dataclass(frozen=True)
class Trouble:
    """Something that somebody should look at."""

    warning: WeatherWarning
    what: str
    count: int = 0


@dataclass(frozen=True)
class Standing:
    """A revision in force or halted, and how far it has come."""

    warning: WeatherWarning
    photo: Photograph


@dataclass(frozen=True)
class Waiting:
    """A revision in review."""

    warning: WeatherWarning
    mine: bool
    needs: frozenset[str]


@router.get("/")
async def show_home(request: Request, parts: IssuerParts, by: SignedIn) -> HTMLResponse:
    """Show the desk."""
    async with parts.db.read() as connection:
        spooled = await store.spool.waiting(connection, parts.db.clock.now() - SPOOLED_AFTER)
        reviews = await store.reviews.listed(connection, MOST, due=True)
        proposed = await store.suspensions.listed(connection, [Answer.OPEN], limit=MOST)
    standing = [
        Standing(one, await parts.watch.photograph(one.warning_id, one.revision))
        for one in await _whole(parts, [State.ISSUED, State.HALTED])
        if one.stands
    ]
    waiting = [
        Waiting(one, waits_for(parts.catalogue, one, by), needed(parts.catalogue, one) or frozenset())
        for one in await pending(parts.db)
    ]
    return page(
        "home.html",
        request=request,
        parts=parts,
        standing=sorted(standing, key=lambda s: (s.warning.content.level.rank, s.warning.content.expires)),
        mine=[one for one in waiting if one.mine],
        waiting=[one for one in waiting if not one.mine],
        drafts=_mine_first(await _summaries(parts, [State.DRAFT]), by),
        troubles=[trouble for one in standing for trouble in _troubles(parts, one, spooled)],
        reviews=reviews,
        proposed=proposed,
        departments=departments_of(by),
        asked=ASKED,
        at_desk=bool(by.roles & parts.catalogue.authority.desk_roles),
    )


async def _summaries(parts: Parts, states: list[State]) -> list[Summary]:
    async with parts.db.read() as connection:
        return await store.warnings.page(connection, states, None, None, MOST)


async def _whole(parts: Parts, states: list[State]) -> list[WeatherWarning]:
    found = await _summaries(parts, states)
    async with parts.db.read() as connection:
        return [await store.warnings.get(connection, one.warning_id, one.revision) for one in found]


def _mine_first(drafts: list[Summary], by: Person) -> list[Summary]:
    return sorted(drafts, key=lambda one: by.username not in one.authors)


def _troubles(parts: Parts, one: Standing, spooled: Collection[UUID]) -> list[Trouble]:
    """Return what is wrong with a warning in force."""
    now, warning, photo = parts.db.clock.now(), one.warning, one.photo
    age = now - photo.approved_at
    stations = next((c for c in photo.channels if c.channel is Channel.STATION), None)
    promises = parts.catalogue.promises
    late = stations is not None and age > timedelta(minutes=promises.silent_min)
    counts = {
        SPOOLED: warning.warning_id in spooled,
        UNPLANNED: photo.planned_at is None and age > UNPLANNED_AFTER,
        UNTAKEN: sum(c.unheard for c in photo.channels) * (age > UNPLANNED_AFTER),
        SILENT: stations.columns[Column.OPEN] if late and stations else 0,
        FAILED: photo.columns[Column.FAILED],
        ENDING: due(warning, promises, now) is not None,
        STOPPED: warning.state is State.HALTED,
    }
    return [Trouble(warning, what, 0 if count is True else count) for what, count in counts.items() if count]
