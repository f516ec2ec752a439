"""Open the rosters of places for as long as it takes to call somebody."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

import orjson

from contracts.registry import BLOCK_CONTEXT
from contracts.roster import RosterEntry
from services.kit.clock import BEIJING
from services.kit.crypto import CryptoProvider
from services.router.model.duty import Rosters, reachable
from services.router.model.people import DRILL_GROUP, PUBLIC_ROLES
from services.router.model.registry import DISTRICT_KEY, TOWN_DIGITS, base_of
from services.router.store import blocks
from services.router.store.blocks import Reader

_FIRST = ("responsible", "deputy", "on-duty")
"""In this order people are called where only a list of recipients says who answers for a place."""


async def open_rosters(
    reader: Reader, crypto: CryptoProvider, places: Collection[str], at: datetime, *, drill: bool
) -> Rosters:
    """Return who can be called now in these villages and towns, and in the district."""
    wanted = {*places, DISTRICT_KEY}
    listing = await blocks.listing(reader)
    keys = {key: sha256 for key, sha256 in listing.items() if base_of(key) in wanted}
    sealed = await blocks.sealed(reader, keys.values())
    return await asyncio.to_thread(_rosters, keys, sealed, crypto, at.astimezone(BEIJING), drill)


def _rosters(
    keys: Mapping[str, str], sealed: Mapping[str, bytes], crypto: CryptoProvider, at: datetime, drill: bool
) -> Rosters:
    found: defaultdict[str, list[RosterEntry]] = defaultdict(list)
    for key in sorted(keys):
        if keys[key] in sealed:
            found[base_of(key)] += _entries(orjson.loads(crypto.unseal(sealed[keys[key]], BLOCK_CONTEXT)))
    able = {place: reachable(entries, at, drill=drill) for place, entries in found.items()}
    return Rosters(
        villages={p: e for p, e in able.items() if p != DISTRICT_KEY and len(p) != TOWN_DIGITS},
        towns={p: e for p, e in able.items() if len(p) == TOWN_DIGITS},
        district=able.get(DISTRICT_KEY, ()),
    )


def _entries(block: Mapping[str, object]) -> list[RosterEntry]:
    """Return the roster of a block; a village without one is answered for by recipients with a role."""
    roster = block.get("roster") or ()
    if isinstance(roster, list) and roster:
        return [RosterEntry.model_validate(entry) for entry in roster]
    recipients = block.get("recipients")
    return list(_answering(recipients)) if isinstance(recipients, list) else []


def _answering(recipients: Iterable[Mapping[str, object]]) -> Iterable[RosterEntry]:
    for entry in recipients:
        role = str(entry.get("role") or "")
        if role in PUBLIC_ROLES or not entry.get("phone"):
            continue
        groups = entry.get("groups")
        yield RosterEntry.model_validate(
            {
                "person_id": entry["recipient_id"],
                "name": entry["name"],
                "role": role,
                "order": _FIRST.index(role) + 1 if role in _FIRST else len(_FIRST) + 1,
                "phone": entry["phone"],
                "operator": entry.get("operator"),
                "drills": isinstance(groups, list) and DRILL_GROUP in groups,
            }
        )
