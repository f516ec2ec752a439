"""Lists and rows: what the registry holds, looked for, read, and put on a map."""

from base64 import b64decode
from datetime import timedelta
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from contracts.registry import registry_version
from services.kit.clock import beijing
from services.kit.errors import Forbidden, Invalid, NotFound
from services.kit.identity import Principal
from services.registry import intake, publishing, store
from services.registry.api.given import (
    After,
    Given,
    Keeper,
    Limit,
    Listing,
    MapReader,
    Parts,
    Reader,
    listing,
    shown,
    within,
)
from services.registry.duty import on_duty
from services.registry.model.people import MOBILE
from services.registry.store import search, stale
from services.registry.store.search import Wanted

router = APIRouter(prefix="/api/v1/registry", tags=["registry"])
kinds_router = APIRouter(prefix="/api/v1/registry", tags=["registry"])
"""Comes last: a kind can be called anything."""

Words = Annotated[str, Query(max_length=60, description="Part of a name or code, or a whole phone number")]
Under = Annotated[str, Query(max_length=12, pattern=r"^\d*$", description="Code of a town or village")]
Day = Annotated[
    str, Query(pattern=r"^(\d{4}-\d{2}-\d{2}|all)?$", description="Valid on this day; `all`: ever")
]
Days = Annotated[int | None, Query(ge=1, le=3650, description="Only what nobody checked for so many days")]

STALE_DAYS = 180


class Version(BaseModel):
    """Which registry this is: SHA-256 over its blocks, and how much is in it."""

    version: str
    blocks: int
    waiting: int
    """Blocks that have changed and have not been said yet."""
    counts: dict[str, int]


@router.get("/version", summary="Version and size of the registry")
async def version(given: Given, _: Reader) -> Version:
    """Return the content-addressed version: equal versions mean equal registries."""
    blocks = await store.addresses(given.db)
    waiting, counts = await publishing.due(given.db), await store.counts(given.db)
    return Version(version=registry_version(blocks), blocks=len(blocks), waiting=waiting, counts=counts)


@router.get("/duty", summary="Who is on duty at the stations; phones are masked")
async def duty(given: Given, _: Reader, after: After = "", limit: Limit = 500) -> Listing:
    """Return by station code who would be called, with a phone of which only the ends are shown."""
    rows = await store.page(given.db, store.STATIONS, after, limit + 1)
    people = await on_duty(given.db, given.crypto, rows[:limit])
    more = len(rows) > limit
    return Listing(data=[*people], has_more=more, next=rows[limit - 1]["code"] if more else None)


@router.get(
    "/stale", summary="What wants looking after: unchecked lists, places with nobody, silent stations"
)
async def stale_rows(
    given: Given, someone: Keeper, days: Annotated[int, Query(ge=1, le=3650)] = STALE_DAYS
) -> list[dict[str, Any]]:
    """Return what is wrong, how often, and with which rows first."""
    return await stale.counted(given.db, timedelta(days=days), someone.town)


class Age(BaseModel):
    """How many rows of a list a town has, and when the one was checked that nobody checked longest."""

    rows: int
    oldest: str | None


class TownAges(BaseModel):
    """How old the lists of a town are."""

    town: str
    rosters: Age | None = None
    recipients: Age | None = None


@router.get("/stale/ages", summary="How old the lists of each town are")
async def ages(given: Given, someone: Keeper) -> list[TownAges]:
    """Return by town how long ago the oldest turn and the oldest person were checked."""
    found = await stale.ages(given.db, someone.town)
    return [TownAges(**{name: _age(value) for name, value in row.items()}) for row in found]


def _age(value: Any) -> Any:
    if isinstance(value, str):
        return value
    rows, oldest = value
    return Age(rows=rows, oldest=beijing(oldest) if oldest else None)


@router.get("/tree/{code}", summary="A place and what lies in it: city, district, town, village, household")
async def tree(given: Given, someone: Reader, code: str, day: Day = "") -> dict[str, Any]:
    """Return a place of the tree and its children, as they are or were on a day."""
    return await branch(given, someone, code, day)


async def branch(given: Parts, someone: Principal, code: str, day: str) -> dict[str, Any]:
    """Return a place and its children; people only to who keeps lists of people."""
    on = "" if day == "all" else day or store.today(given.db.clock.now())
    kind, below = _level(code)
    found = await search.listed(given.db, kind, Wanted(equal=(("code", code),), day=on), "", 1)
    if not found:
        raise NotFound("there is no such place on that day")
    children: dict[str, list[dict[str, Any]]] = {}
    for child, column in below:
        try:
            within(someone, child, code)
        except Forbidden:
            continue
        wanted = Wanted(equal=((column, code),) if column else (), day=on)
        rows = await search.listed(given.db, child, wanted, "", 1000)
        children[child] = [shown(given, row) for row in rows]
    return {"kind": kind, "place": shown(given, found[0]), "children": children}


def _level(code: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the kind of a place by its code, and the kinds below it with the column that names it."""
    match len(code) if code.isdigit() else 0:
        case 6 if code.endswith("0000"):
            return "regions", (("regions", "parent"),)
        case 6:
            return "regions", (("towns", ""),)
        case 9:
            return "towns", (("villages", "town_code"),)
        case 12:
            kinds = ("households", "stations", "units", "hazard-points", "recipients")
            return "villages", tuple((kind, "village_code") for kind in kinds)
    return "households", (("recipients", "household"),)


@router.get("/map.geojson", summary="Town and village cells for the map")
async def map_of(given: Given, _: MapReader, kind: Literal["towns", "villages"] = "villages") -> Response:
    """Return the cells as GeoJSON, WGS 84; each says whether it is approximate."""
    wanted = Wanted(day=store.today(given.db.clock.now()))
    rows = await search.listed(given.db, kind, wanted, "", 10_000)
    features = [
        {
            "type": "Feature",
            "properties": {
                "code": row["code"],
                "name": row["name"],
                "quality": row["cell_quality"],
                "point": [row["lon"], row["lat"]],
            },
            "geometry": {"type": "Polygon", "coordinates": [orjson.loads(row["cell"])]},
        }
        for row in rows
        if row["cell"] != "[]"
    ]
    body = orjson.dumps({"type": "FeatureCollection", "features": features})
    return Response(body, media_type="application/geo+json", headers={"cache-control": "private, max-age=60"})


class Asked(BaseModel):
    """What a list can be asked for."""

    q: Words = ""
    town: Under = ""
    village: Under = ""
    role: Annotated[str, Query(max_length=30)] = ""
    group: Annotated[str, Query(max_length=30)] = ""
    presence: Annotated[str, Query(max_length=8)] = ""
    department: Annotated[str, Query(max_length=31)] = ""
    day: Day = ""
    unchecked_days: Days = None


@kinds_router.get("/{kind}", summary="The rows of a kind, by key; numbers of people are masked")
async def rows_of_kind(
    given: Given,
    someone: Reader,
    kind: str,
    asked: Annotated[Asked, Query()],
    after: After = "",
    limit: Limit = 500,
) -> Listing:
    """Return places, stations, units, people, rosters or whatever the registry holds, filtered."""
    wanted = wanted_of(given, someone, kind, asked)
    rows = await search.listed(given.db, kind, wanted, after, limit + 1)
    return listing(given, intake.row_of(kind).key, rows, limit)


def wanted_of(given: Parts, someone: Principal, kind: str, asked: Asked) -> Wanted:
    """Return what is looked for, bound to what the one who asks may see."""
    table = store.BY_KIND[kind] if intake.row_of(kind) else None
    under = within(someone, kind, asked.village or asked.town)
    if under and (table is None or not {"village_code", "town_code", "block", "code"} & set(table.c.keys())):
        raise Invalid("town", f"{kind} do not lie in towns", "leave it out")
    equal = tuple((name, value) for name in ("presence", "department") if (value := getattr(asked, name)))
    now = given.db.clock.now()
    old = now - timedelta(days=asked.unchecked_days) if asked.unchecked_days else None
    words = asked.q.strip()
    phone = given.crypto.keyed_hash(words).hex() if MOBILE.match(words) and someone.has("operator") else None
    day = "" if asked.day == "all" else asked.day or store.today(now)
    return Wanted(words, phone, under, asked.role, asked.group, day, old, equal)


@kinds_router.get("/{kind}/{key}", summary="One row")
async def row(given: Given, someone: Reader, kind: str, key: str) -> dict[str, Any]:
    """Return a row as it is; a person's number is masked."""
    return await one(given, someone, kind, key)


async def one(given: Parts, someone: Principal, kind: str, key: str) -> dict[str, Any]:
    """Return a row, if the one who asks may see it."""
    intake.row_of(kind)
    under = within(someone, kind, "")
    wanted = Wanted(under=under, equal=((store.key_of(store.BY_KIND[kind]).name, key),))
    found = await search.listed(given.db, kind, wanted, "", 1)
    if not found:
        raise NotFound("there is no such row")
    return shown(given, found[0])


@kinds_router.get("/{kind}/{key}/history", summary="What a row was before, and who changed it")
async def history(given: Given, someone: Reader, kind: str, key: str) -> list[dict[str, Any]]:
    """Return the versions before this one, the newest first."""
    await one(given, someone, kind, key)
    return await before(given, kind, key)


async def before(given: Parts, kind: str, key: str) -> list[dict[str, Any]]:
    """Return earlier versions of a row as people may see them."""
    async with given.db.read() as connection:
        found = await search.past(connection, kind, key)
    return [{**entry, "row": _past_row(given, entry["row"])} for entry in found]


def _past_row(given: Parts, kept: bytes) -> dict[str, Any]:
    row = orjson.loads(kept)
    if row.get("phone_sealed"):
        row["phone_sealed"] = b64decode(row["phone_sealed"])
    return shown(given, row)
