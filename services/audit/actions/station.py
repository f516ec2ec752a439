"""A station's year: what it was told, when it was there, what became of its keys and devices."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.values import Channel
from services.audit.model.account import Formulas, Rate, confirmation, reception
from services.audit.model.presence import Equipment, Online, Presence, online, spells
from services.audit.model.rows import Revision, Target
from services.audit.store import books, questions, stations
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
class Wanted:
    """Which year, and which page of comings and goings."""

    mode: str
    first: datetime
    last: datetime
    before: tuple[datetime, int] | None = None
    limit: int = 200


async def station(db: Database, code: str, wanted: Wanted, formulas: Formulas) -> StationYear:
    """Return a station's year; raise NotFound when the ledger has never heard of it."""
    mode, first, last = wanted.mode, wanted.first, wanted.last
    year = (mode, first, last)
    async with questions.snapshot(db) as connection:
        told = await books.rows(connection, questions.told(code, STATION, *year), Target)
        chosen = questions.revisions_told(code, STATION, *year)
        revisions = {r.key: r for r in await books.rows(connection, chosen, Revision)}
        page = await stations.presences(connection, code, *year, wanted.before, wanted.limit + 1)
        presences = await stations.whole(connection, code, *year)
        said = await stations.equipment(connection, code, last)
        keys = await stations.keys(connection, code, first, last)
        name = (await questions.names(connection, [code])).get(code)
        if name is None and not await stations.known(connection, code):
            raise NotFound("the ledger knows no such station")
    pairs = [(target, revisions[target.key[:2]]) for target in told]
    pairs.sort(key=lambda pair: pair[1].said_at, reverse=True)
    until = min(last, db.clock.now())
    return StationYear(
        code=code,
        name=name,
        told=pairs,
        reception=reception(pairs, formulas),
        confirmation=confirmation(pairs, formulas),
        online=online(presences, spells(said), first, until, formulas.online_states),
        presence=page[: wanted.limit],
        more_presence=len(page) > wanted.limit,
        keys=keys,
        equipment=said,
    )
