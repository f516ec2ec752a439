"""A station's year: what it was told, when it was there, what became of its keys and devices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.values import Channel
from services.audit.model.account import Formulas, Rate, confirmation, reception
from services.audit.model.deliveries import Target
from services.audit.model.presence import Equipment, Online, Presence, online, spells
from services.audit.model.registered import in_service
from services.audit.model.rows import Revision
from services.audit.store import books, questions, reports, stations
from services.audit.store.questions import Record
from services.kit.db import Database
from services.kit.errors import NotFound

STATION = Channel.STATION.value


@dataclass(frozen=True)
class StationYear:
    """Everything one station was told in a year, and when it was there."""

    code: str
    name: str | None
    told: Sequence[tuple[Target, Revision]]
    reception: Rate
    confirmation: Rate
    online: Online
    presence: Sequence[Presence]
    """A page of its comings and goings, the newest first."""
    more_presence: bool
    keys: Sequence[Record]
    """What was said of its keys and codes, the newest first."""
    equipment: Sequence[Equipment]
    """What the registry said of it, each time it was new, the newest first."""


@dataclass(frozen=True)
class Part:
    """Which page of comings and goings."""

    before: tuple[datetime, int] | None = None
    limit: int = 200


async def station(
    db: Database,
    code: str,
    mode: str,
    first: datetime,
    last: datetime,
    formulas: Formulas,
    part: Part | None = None,
) -> StationYear:
    """Return a station's year; raise NotFound when the ledger has never heard of it."""
    part, year = part or Part(), (mode, first, last)
    async with questions.snapshot(db) as connection:
        told = await books.rows(connection, questions.told(code, STATION, *year), Target)
        chosen = questions.revisions_told(code, STATION, *year)
        revisions = {r.key: r for r in await books.rows(connection, chosen, Revision)}
        page = await stations.presences(connection, code, *year, part.before, part.limit + 1)
        presences = await stations.whole(connection, code, *year)
        said = await stations.equipment(connection, code, last)
        keys = await stations.keys(connection, code, first, last)
        held = await reports.holdings_of(connection, code)
        name = (await questions.names(connection, [code])).get(code)
        if name is None and not await stations.known(connection, code):
            raise NotFound("the ledger knows no such station")
    pairs = [(target, revisions[target.key[:2]]) for target in told]
    pairs.sort(key=lambda pair: pair[1].said_at, reverse=True)
    until = min(last, db.clock.now())
    service = in_service(held, until).get(code)
    return StationYear(
        code=code,
        name=name,
        told=pairs,
        reception=reception(pairs, formulas),
        confirmation=confirmation(pairs, formulas),
        online=online(presences, spells(said), first, until, formulas.online_states, service),
        presence=page[: part.limit],
        more_presence=len(page) > part.limit,
        keys=keys,
        equipment=said,
    )
