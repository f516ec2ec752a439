"""What a preview looks like to whoever asked for it."""

import json
from collections.abc import Sequence
from typing import Any, Literal

import shapely
from pydantic import BaseModel

from contracts.plan import Manifest
from contracts.values import Channel, Mode, Place, PositionQuality
from services.kit.errors import Fault
from services.router.actions.preview import Question
from services.router.api.why import WhyView, why_view
from services.router.model.beyond import beyond
from services.router.model.explain import explain
from services.router.model.grouping import grouped
from services.router.model.manifest import Drawn, SealedReach, whole
from services.router.model.registry import Registry
from services.router.model.selection import Clipped

GRID = 1e-5
"""Degrees, about a metre: how exactly a clipped shape is drawn."""

GeoJson = dict[str, Any]


class TownView(BaseModel):
    """A town that is taken, whole or in part."""

    code: str
    name: str
    name_en: str
    population: int
    """Of the whole town."""
    villages: int
    """How many of them are taken."""
    of_villages: int
    whole: bool


class VillageView(BaseModel):
    """A village that is taken, and why: chosen by code, inside a shape, or within its margin."""

    code: str
    name: str
    town_code: str
    position_quality: PositionQuality
    by: Literal["code", "shape", "margin"]


class ClippedView(BaseModel):
    """A shape that crosses the district's edge: the field that holds it, what counts, what was cut off."""

    field: str
    kept: GeoJson
    cut: GeoJson


class ChannelView(BaseModel):
    """How many targets a channel has."""

    channel: Channel
    count: int
    sha256: str


class ShareView(BaseModel):
    """What one carrier is given of one wording."""

    route: str
    """The gateway's or account's id."""
    operator: str | None
    rendering: Literal["public", "duty", "person"]
    count: int
    batches: int


class TownBeyondView(BaseModel):
    """A town that is chosen in part and told as a whole."""

    code: str
    name: str
    villages: int
    population: int


class BeyondView(BaseModel):
    """What is reached beyond what was drawn, and what is not reached at all."""

    towns: list[TownBeyondView]
    channels: list[Channel]
    cells_km2: float
    villages_without_a_way: list[str]


class GroupView(BaseModel):
    """How many recipients of one operator are in a group; who is in several groups counts in each."""

    group: str
    """A group of the registry, or the role of those who are in none."""
    operator: str
    count: int


class SealedView(BaseModel):
    """Recipients on lists: each one once, whoever carries them."""

    count: int
    shares: list[ShareView]
    uncarried: int
    """Recipients for whom there is no gateway or account at all."""
    groups: list[GroupView]


class PreviewView(BaseModel):
    """Who would hear the warning."""

    mode: Mode
    registry_version: str
    manifest_sha256: str
    count: int
    """Targets of all channels together."""
    pinned: bool
    population: int
    """An estimate: a town taken in part counts by its share of villages."""
    margin_km: float
    towns: list[TownView]
    villages: list[VillageView]
    villages_count: int
    villages_at_generated_positions: list[str]
    clipped: list[ClippedView]
    beyond: BeyondView
    areas: list[Place]
    channels: list[ChannelView]
    sms: SealedView | None
    wechat: SealedView | None
    whole_district: bool
    """Every village of the registry is taken."""
    why: WhyView
    manifest: Manifest


def preview_view(drawn: Drawn, question: Question, *, pinned: bool, faults: Sequence[Fault]) -> PreviewView:
    """Return a preview as it is answered."""
    manifest, registry = drawn.manifest, drawn.decided.registry
    return PreviewView(
        mode=manifest.mode,
        registry_version=manifest.registry_version,
        manifest_sha256=manifest.sha256,
        count=manifest.count,
        pinned=pinned,
        population=drawn.population,
        margin_km=question.margin_km,
        towns=_towns(registry, manifest),
        villages=[_village(registry, drawn, code) for code in manifest.villages],
        villages_count=len(manifest.villages),
        villages_at_generated_positions=list(manifest.villages_at_generated_positions),
        clipped=[_clipped(c) for c in drawn.taken.clipped],
        beyond=_beyond(registry, manifest),
        areas=list(manifest.areas),
        channels=[ChannelView(channel=c.channel, count=c.count, sha256=c.sha256) for c in manifest.channels],
        sms=_sealed(registry, drawn, Channel.SMS),
        wechat=_sealed(registry, drawn, Channel.WECHAT),
        whole_district=len(manifest.villages) == len(registry.villages),
        why=why_view(drawn, explain(drawn, question.channels), faults),
        manifest=manifest,
    )


def _towns(registry: Registry, manifest: Manifest) -> list[TownView]:
    taken = frozenset(manifest.villages)
    return [
        TownView(
            code=town,
            name=registry.towns[town].name,
            name_en=registry.towns[town].name_en,
            population=registry.towns[town].population,
            villages=len(taken.intersection(registry.members[town])),
            of_villages=len(registry.members[town]),
            whole=whole(registry, town, taken),
        )
        for town in manifest.towns
    ]


def _village(registry: Registry, drawn: Drawn, code: str) -> VillageView:
    village = registry.villages[code]
    return VillageView(
        code=code,
        name=village.name,
        town_code=village.town_code,
        position_quality=village.position_quality,
        by=drawn.taken.how(code),
    )


def _beyond(registry: Registry, manifest: Manifest) -> BeyondView:
    found = beyond(registry, manifest.selection, manifest)
    return BeyondView(
        towns=[
            TownBeyondView(
                code=one.code,
                name=registry.towns[one.code].name,
                villages=one.villages,
                population=one.population,
            )
            for one in found.towns
        ],
        channels=list(found.channels),
        cells_km2=found.cells_km2,
        villages_without_a_way=list(found.wayless),
    )


def _clipped(clipped: Clipped) -> ClippedView:
    return ClippedView(field=clipped.field, kept=_geojson(clipped.kept), cut=_geojson(clipped.cut))


def _geojson(shape: Any) -> GeoJson:
    found: GeoJson = json.loads(shapely.to_geojson(shapely.set_precision(shape, GRID)))
    return found


def _sealed(registry: Registry, drawn: Drawn, channel: Channel) -> SealedView | None:
    reach: SealedReach | None = next((r for r in drawn.reach if r.channel is channel), None)
    if reach is None:
        return None
    operators = {g.gateway_id: g.operator for g in registry.gateways}
    shares = [
        ShareView(
            route=s.route,
            operator=operators.get(s.route),
            rendering=s.rendering,
            count=s.count,
            batches=s.batches,
        )
        for s in reach.shares
    ]
    groups = [GroupView(**vars(one)) for one in grouped(registry.crowd.people, reach.picked)]
    return SealedView(count=reach.count, shares=shares, uncarried=reach.uncarried, groups=groups)
