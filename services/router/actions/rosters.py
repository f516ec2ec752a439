"""Open the rosters of places for as long as it takes to call somebody."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from contracts.registry import BLOCK_CONTEXT
from services.kit.clock import BEIJING
from services.kit.crypto import CryptoProvider
from services.router.model.duty import Rosters, once, reachable
from services.router.model.people import DRILL_GROUP, PUBLIC_ROLES
from services.router.model.registry import DISTRICT_KEY, TOWN_DIGITS, base_of
from services.router.model.roster import ALWAYS, Person
from services.router.store import blocks
from services.router.store.blocks import Reader

_FIRST = ("responsible", "deputy", "duty")
"""In this order people are called where only a list of recipients says who answers for a place."""

_OWN = frozenset({"district", "town", "village", "hazard-point"})
"""Stations, units and departments are called by their own lists, not for the place in which they stand."""

_LAST = 100
"""Those who watch one hazard point come after those who answer for the whole place."""


async def open_rosters(
    reader: Reader, crypto: CryptoProvider, places: Collection[str], at: datetime
) -> Rosters:
    """Return who can be called now in these villages and towns, and in the district."""
    wanted = {*places, DISTRICT_KEY}
    listing = await blocks.listing(reader)
    keys = {key: sha256 for key, sha256 in listing.items() if base_of(key) in wanted}
    sealed = await blocks.sealed(reader, keys.values())
    return await asyncio.to_thread(_rosters, keys, sealed, crypto, at.astimezone(BEIJING))


def _rosters(
    keys: Mapping[str, str], sealed: Mapping[str, bytes], crypto: CryptoProvider, at: datetime
) -> Rosters:
    opened: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for key in sorted(keys):
        if keys[key] in sealed:
            opened[base_of(key)].append(orjson.loads(crypto.unseal(sealed[keys[key]], BLOCK_CONTEXT)))
    able = {place: reachable(_people(parts), at) for place, parts in opened.items()}
    stations = _within([part for parts in opened.values() for part in parts], "stations")
    return Rosters(
        villages={p: e for p, e in able.items() if p != DISTRICT_KEY and len(p) != TOWN_DIGITS},
        towns={p: e for p, e in able.items() if len(p) == TOWN_DIGITS},
        district=able.get(DISTRICT_KEY, ()),
        stations=_of_stations(stations, [part for parts in opened.values() for part in parts], at),
        apart=frozenset(s["code"] for s in stations if s.get("kind", "village") != "village"),
    )


def _within(parts: Iterable[Mapping[str, Any]], name: str) -> list[Any]:
    return [one for part in parts for one in part.get(name) or ()]


def _people(parts: Sequence[Mapping[str, Any]]) -> list[Person]:
    """Return the roster of a place; a village without one is answered for by recipients with a role."""
    recipients = _within(parts, "recipients")
    drills = _drills(recipients)
    turns = [turn for turn in _within(parts, "rosters") if turn["place_kind"] in _OWN]
    return [_of_turn(turn, drills) for turn in turns] or list(_answering(recipients, drills))


def _drills(recipients: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(one["recipient_id"] for one in recipients if DRILL_GROUP in (one.get("groups") or ()))


def _of_stations(
    stations: Iterable[Mapping[str, Any]], parts: Sequence[Mapping[str, Any]], at: datetime
) -> dict[str, list[Person]]:
    """Return who answers for each station by itself: its own turns, then its unit's or department's."""
    drills = _drills(_within(parts, "recipients"))
    turns: defaultdict[tuple[str, str], list[Person]] = defaultdict(list)
    for turn in _within(parts, "rosters"):
        turns[turn["place_kind"], turn["place"]].append(_of_turn(turn, drills))
    found = {}
    for one in stations:
        of = (("station", one["code"]), ("unit", one.get("unit")), ("department", one.get("department")))
        found[one["code"]] = once([reachable(turns.get((kind, name or ""), ()), at) for kind, name in of])
    return found


def _of_turn(turn: Mapping[str, Any], drills: Collection[str]) -> Person:
    after = 0 if turn["place_kind"] != "hazard-point" else _LAST
    return Person(
        person_id=turn["recipient_id"],
        name=turn["name"],
        role=turn["role"],
        order=turn["order"] + after,
        phone=turn.get("phone"),
        operator=turn.get("operator"),
        drills=turn.get("drills") or turn["recipient_id"] in drills,
        shift=turn.get("shift") or ALWAYS,
    )


def _answering(recipients: Iterable[Mapping[str, Any]], drills: Collection[str]) -> Iterable[Person]:
    for one in recipients:
        if one["role"] not in PUBLIC_ROLES:
            order = _FIRST.index(one["role"]) + 1 if one["role"] in _FIRST else len(_FIRST) + 1
            yield Person(
                person_id=one["recipient_id"],
                name=one["name"],
                role=one["role"],
                order=order,
                phone=one.get("phone"),
                operator=one.get("operator"),
                drills=one["recipient_id"] in drills,
            )
