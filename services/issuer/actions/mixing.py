"""Mixing: some towns of a warning in another colour, as a warning of their own that goes out with it."""

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from contracts.values import AreaSelection, Level
from services.issuer import store
from services.issuer.actions import making
from services.issuer.actions.permission import permit
from services.issuer.actions.press import Press
from services.issuer.actions.telling import changed, tell
from services.issuer.catalogue import Verb
from services.issuer.model import OPEN, Approval, Bound, Content, Kind, Person, State, WeatherWarning, Wish
from services.issuer.reach import Reach
from services.kit.db import Database, Transaction
from services.kit.errors import Invalid, Refused
from services.kit.ids import uuid7

MOST_PARTS = 3
"""There are four colours."""


async def split(
    db: Database,
    press: Press,
    reach: Reach,
    warning_id: UUID,
    by: Person,
    *,
    version: int,
    towns: Collection[str],
    level: Level,
) -> WeatherWarning:
    """Take towns out of a draft into a part of another colour; return the part."""
    async with db.read() as connection:
        lead = await store.warnings.get(connection, warning_id)
        if lead.version != version:
            raise changed(lead, await store.events.since(connection, lead, version))
    permit(press.catalogue, Verb.EDIT, by, lead)
    _may_be_split(lead, towns, level)
    now, mode = db.clock.now(), lead.content.mode
    stays, goes = _divided(lead.content.selection, towns)
    left, taken = [await reach.preview(mode, part, pin=False) for part in (stays, goes)]
    rest = making.edited(press.catalogue, lead.content, Wish(selection=stays), left, now)
    own = {"kind": Kind.ALERT, "lead": warning_id, "supersedes": (), "made": True}
    own |= {"bound": (), "follows": ()}
    part_of = lead.content.model_copy(update=own)
    content = making.edited(press.catalogue, part_of, Wish(selection=goes, level=level), taken, now)
    part = making.begun(uuid7(), 1, content, by, now)
    bound = Bound(warning_id=part.warning_id, level=level, content_sha256=content.sha256)
    rest = rest.model_copy(update={"bound": (*lead.content.bound, bound)})
    new = lead.edited(rest, by.username, now)
    async with db.transaction() as tx:
        await store.changes.save(tx, new, version)
        await store.changes.insert(tx, part)
        await tell(tx, new, by, "split", f"{level}: {', '.join(taken.names)}")
        await tell(tx, part, by, "drafted", f"as a part of {warning_id}")
    return part


def _divided(whole: AreaSelection, towns: Collection[str]) -> tuple[AreaSelection, AreaSelection]:
    """Return what stays of a selection without these towns, and the towns; both for the same groups."""
    stays = tuple(town for town in whole.towns if town not in towns)
    return whole.model_copy(update={"towns": stays}), AreaSelection(towns=tuple(towns), groups=whole.groups)


def _may_be_split(lead: WeatherWarning, towns: Collection[str], level: Level) -> None:
    content = lead.content
    if content.lead is not None or content.kind is Kind.CANCEL:
        raise Refused("a part or a lift is not split", mend="split the warning itself")
    if level in {content.level, *(part.level for part in content.bound)}:
        raise Invalid("level", "is the colour of the warning or of another part", "choose another one")
    if len(content.bound) == MOST_PARTS:
        raise Invalid("towns", "would make a fifth colour", f"make at most {MOST_PARTS} parts")
    if strange := set(towns) - set(content.selection.towns):
        raise Invalid("towns", f"{len(strange)} are not among the towns of the warning", "name its own towns")
    if not towns:
        raise Invalid("towns", "are not named", "choose the towns of the other colour")
    if set(towns) == set(content.selection.towns):
        raise Invalid("towns", "leave no town for the warning", "change the colour of the warning instead")


async def parts_of(connection: AsyncConnection, lead: WeatherWarning) -> list[WeatherWarning]:
    """Return the parts of a warning, as they lie in the database."""
    return [
        await store.warnings.get(connection, part.warning_id, part.revision) for part in lead.content.bound
    ]


async def open_parts(connection: AsyncConnection, lead: WeatherWarning) -> list[WeatherWarning]:
    """Return the parts that may still go out with it: one that was lifted meanwhile no longer does."""
    return [part for part in await parts_of(connection, lead) if part.state in OPEN]


def tied(lead: Content, parts: Collection[WeatherWarning]) -> Content:
    """Return the lead's content, bound to exactly what its parts say to whom."""
    bound = tuple(
        Bound(
            warning_id=part.warning_id,
            revision=part.revision,
            level=part.content.level,
            content_sha256=part.content_sha256,
            manifest_sha256=part.manifest.sha256 if part.manifest else "",
        )
        for part in parts
    )
    return lead.model_copy(update={"bound": bound})


def approved_with(lead: WeatherWarning, part: WeatherWarning) -> WeatherWarning:
    """Return a part with the approvals of its lead; raise Refused when it is not what they were given to."""
    if part.state is not State.REVIEW:
        raise Refused("a part was given up meanwhile", mend="return it and submit it again without that one")
    known = {one.warning_id: (one.content_sha256, one.manifest_sha256) for one in lead.content.bound}
    hashes = (part.content_sha256, part.manifest.sha256 if part.manifest else "")
    if known[part.warning_id] != hashes:
        raise Refused("a part is not what was submitted with it", mend="return it and submit it again")
    given = tuple(
        Approval(one.by, one.name, one.at, *hashes, one.statement, one.beside) for one in lead.approvals
    )
    return replace(part, approvals=given)


async def keep_together(
    tx: Transaction, parts: Collection[tuple[WeatherWarning, int]], by: Person, act: str, why: str = ""
) -> None:
    """Write what was done to the parts of a warning together with it."""
    for part, seen in parts:
        await store.changes.save(tx, part, seen)
        await tell(tx, part, by, act, why)


async def give_up(tx: Transaction, lead: WeatherWarning, by: Person, why: str) -> None:
    """Reject the parts of a warning that ends before it went out."""
    parts = await open_parts(tx.connection, lead)
    await keep_together(
        tx, [(part.rejected(why, tx.now), part.version) for part in parts], by, "rejected", why
    )


def apart(together: Collection[WeatherWarning]) -> None:
    """Raise Invalid when two parts would warn the same village in two colours; lifts may overlap."""
    if any(one.content.kind is Kind.CANCEL for one in together):
        return
    seen: set[str] = set()
    for one in together:
        villages = set(one.manifest.villages) if one.manifest else set()
        if seen & villages:
            raise Invalid("selection", "warns a village in two colours", "give each village to one part")
        seen |= villages
