"""A village is given another code: the old one ends, the new one begins, and everything in it goes along."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from sqlalchemy import or_, select

from services.kit.crypto import CryptoProvider
from services.kit.db import Database, Transaction
from services.kit.errors import Invalid, NotFound, Refused
from services.registry import publishing, store
from services.registry.actions.merge import AT_ONCE, Merge
from services.registry.model import Turn, Village

GO_ALONG = ("households", "units", "stations", "hazard-points", "recipients")
"""Kinds whose rows lie in a village. Stations keep their code, their keys and their place in the sequence."""


async def recode(
    db: Database, crypto: CryptoProvider, old: str, new: str, *, by: str, name: str = ""
) -> dict[str, int]:
    """Give a village another code; return how many rows of each kind went along."""
    async with db.transaction() as tx:
        before = await _old(tx, old)
        village = await _new(tx, before, new, name)
        await _begin(tx, before, village, by)
        moved = {kind: await _move(tx, kind, old, new, by) for kind in GO_ALONG}
        moved["rosters"] = await _turns(tx, old, new, by)
        tx.record("registry.recoded", actor=by, about=old, to=new, moved=moved)
    await publishing.publish(db, crypto)
    return moved


async def _old(tx: Transaction, code: str) -> dict[str, Any]:
    found = (await store.known(tx, store.VILLAGES, [code])).get(code)
    if found is None or (found["valid_to"] and found["valid_to"] <= store.today(tx.now)):
        raise NotFound("there is no such village now")
    return found


async def _new(tx: Transaction, before: Mapping[str, Any], code: str, name: str) -> Village:
    """Return the village as it will be; refuse a code that is none, is taken, or lies in no town."""
    fields = {field: before[field] for field in Village.model_fields if field in before}
    days = {"valid_from": store.today(tx.now), "valid_to": None, "successor": None}
    named = {"code": code, "town_code": code[:9], "name": name or before["name"]}
    try:
        village = Village.model_validate({**fields, **days, **named})
    except ValidationError as error:
        why = error.errors(include_input=False, include_url=False, include_context=False)[0]["msg"]
        raise Invalid(
            "code", why.removeprefix("Value error, "), "write the new code of twelve digits"
        ) from None
    if await store.known(tx, store.VILLAGES, [code]):
        raise Refused("this code is taken", mend="each code is given once; choose the new one")
    town = (await store.known(tx, store.TOWNS, [village.town_code])).get(village.town_code)
    if town is None or (town["valid_to"] and town["valid_to"] <= store.today(tx.now)):
        raise Invalid("code", "lies in no town of the registry", "add the town first, or mend the code")
    return village


async def _begin(tx: Transaction, before: Mapping[str, Any], village: Village, by: str) -> None:
    """Let the new village begin and the old one end, with the ground that it had."""
    over = {"code": before["code"], "successor": village.code, "valid_to": store.today(tx.now)}
    merge = Merge("villages", by, frozenset(over))
    await merge.take(tx, [over])
    await merge.finish(tx)
    fresh = Merge("villages", by)
    await fresh.take(tx, [village.model_dump(mode="json")])
    if before["cell_quality"] == "surveyed":
        mine = store.VILLAGES.c.code == village.code
        drawn = {name: before[name] for name in ("cell", "cell_quality")}
        await tx.execute(store.VILLAGES.update().where(mine).values(drawn))
    await fresh.finish(tx)


async def _move(tx: Transaction, kind: str, old: str, new: str, by: str) -> int:
    """Bring everything of a kind that is not over into the new village."""
    table = store.BY_KIND[kind]
    key = store.key_of(table)
    standing = or_(table.c.valid_to.is_(None), table.c.valid_to > store.today(tx.now))
    statement = select(key).where(table.c.village_code == old, standing).limit(AT_ONCE)
    merge = Merge(kind, by, frozenset({"village_code"}))
    while names := (await tx.execute(statement)).scalars().all():
        await merge.take(tx, [{key.name: name, "village_code": new} for name in names])
    await merge.finish(tx)
    return merge.changed


async def _turns(tx: Transaction, old: str, new: str, by: str) -> int:
    """Let the village's own turns begin anew under its code, and say the others where their place is now."""
    table = store.ROSTERS
    rows = await store.valid_rows(tx, table, store.today(tx.now), table.c.block == old)
    own = [row for row in rows if row["place"] == old]
    merge = Merge("rosters", by)
    await merge.end(tx, own)
    fields = ("place_kind", "role", "order", "shift", "person")
    turns = [Turn(**{name: row[name] for name in fields}, place=new) for row in own]
    await merge.take(tx, [turn.model_dump(mode="json") for turn in turns])
    await merge.finish(tx)
    others = Merge("rosters", by, frozenset({"block"}))
    named = [{name: row[name] for name in ("code", "place_kind", "place")} for row in rows if row not in own]
    await others.take(tx, named)
    await others.finish(tx)
    return len(own)
