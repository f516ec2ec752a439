"""The registry as one value: every town, village and recipient of one version, ready to be asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import cos, radians
from typing import Any

import shapely

from contracts.registry import (
    AccountEntry,
    DistrictBlock,
    GatewayEntry,
    TownBlock,
    VillageBlock,
    registry_version,
)
from contracts.values import Channel
from services.router.model.people import OPERATORS, KeyedHash, People

DISTRICT_KEY = "district"
TOWN_DIGITS = 9
KM_PER_DEGREE = 111.195
"""Of latitude, on a sphere of 6,371 km."""

WANSHENG = frozenset(
    f"500110{unit}" for unit in ("004", "005", "100", "101", "102", "103", "104", "105", "106", "107")
)
"""Towns with the district's number that the Wansheng zone runs. None of them is ever a target here."""


@dataclass(frozen=True)
class OpenedVillage:
    """A village's block, or a further part of one: the place, and its recipients packed."""

    village: VillageBlock
    people: People


Opened = OpenedVillage | TownBlock | DistrictBlock


def open_block(key: str, plain: bytes, keyed_hash: KeyedHash) -> Opened:
    """Return what an unsealed block says; raise pydantic's ValidationError when it is not a block."""
    if key.startswith(DISTRICT_KEY):
        return DistrictBlock.model_validate_json(plain)
    if len(base_of(key)) == TOWN_DIGITS:
        return TownBlock.model_validate_json(plain)
    village = VillageBlock.model_validate_json(plain)
    people = People.of(village.recipients, keyed_hash)
    return OpenedVillage(village.model_copy(update={"recipients": ()}), people)


def base_of(key: str) -> str:
    """Return the code in a block's key, without the number of a further part."""
    return key.partition("-")[0]


@dataclass(frozen=True)
class Registry:
    """One version of the registry. Towns of Wansheng are left out, whatever the blocks say."""

    blocks: Mapping[str, str]
    version: str
    towns: Mapping[str, TownBlock]
    villages: Mapping[str, VillageBlock]
    people: Mapping[str, People]
    gateways: tuple[GatewayEntry, ...] = ()
    accounts: tuple[AccountEntry, ...] = ()
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The villages of each town, sorted."""
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The keys of each village's blocks, sorted."""

    @classmethod
    def of(cls, blocks: Mapping[str, str], opened: Mapping[str, Opened]) -> "Registry":
        """Return the registry of these keys and addresses; `opened` holds the blocks by address."""
        towns: dict[str, TownBlock] = {}
        villages: dict[str, VillageBlock] = {}
        people: dict[str, People] = {}
        gateways: list[GatewayEntry] = []
        accounts: list[AccountEntry] = []
        for key in sorted(blocks):
            match opened[blocks[key]]:
                case DistrictBlock() as district:
                    gateways += district.gateways
                    accounts += district.accounts
                case TownBlock() as town if town.code not in WANSHENG:
                    towns[town.code] = town
                case OpenedVillage(village=village) as found if village.town_code not in WANSHENG:
                    villages[village.code] = _joined(villages.get(village.code), village)
                    people[key] = found.people
        return cls(
            blocks=dict(blocks),
            version=registry_version(blocks),
            towns=towns,
            villages=villages,
            people=people,
            gateways=tuple(sorted(gateways, key=lambda g: g.gateway_id)),
            accounts=tuple(sorted(accounts, key=lambda a: a.account_id)),
            members=_gathered({code: v.town_code for code, v in villages.items()}),
            parts=_gathered({key: base_of(key) for key in people}),
        )

    @property
    def whole(self) -> bool:
        """False while villages have come whose town has not, or the district's own block, said last."""
        known = bool(self.towns) and self.members.keys() <= self.towns.keys()
        return known and any(base_of(key) == DISTRICT_KEY for key in self.blocks)

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """All villages, sorted; `places` has their positions in this order."""
        return tuple(sorted(self.villages))

    @cached_property
    def scale(self) -> tuple[float, float]:
        """What turns degrees into kilometres: a flat map is right to 0.1 % over one district."""
        latitudes = [v.position[1] for v in self.villages.values()]
        middle = sum(latitudes) / len(latitudes) if latitudes else 0.0
        return KM_PER_DEGREE * cos(radians(middle)), KM_PER_DEGREE

    @cached_property
    def places(self) -> Any:
        """The positions of all villages on the flat map, as shapely points."""
        return self.flat(shapely.points([self.villages[code].position for code in self.codes]))

    @cached_property
    def ground(self) -> Any:
        """The whole district: the cells of its villages together."""
        return shapely.union_all([shapely.Polygon(v.cell) for v in self.villages.values()])

    def flat(self, shape: Any) -> Any:
        """Return a shape on the flat map, in kilometres."""
        return shapely.transform(shape, lambda corners: corners * self.scale)

    def routes(self, channel: Channel) -> tuple[tuple[str, ...], ...]:
        """Return who carries a sealed channel, by the number of the recipient's operator; empty: nobody.

        Where an operator has no gateway of its own, another one is tried rather than nobody.
        """
        if channel is Channel.WECHAT:
            account = tuple(a.account_id for a in self.accounts if a.channel == channel)[:1]
            return tuple(account for _ in OPERATORS)
        own = {o: tuple(g.gateway_id for g in self.gateways if g.operator == o) for o in OPERATORS}
        first = tuple(g.gateway_id for g in self.gateways)[:1]
        return tuple(own[operator] or first for operator in OPERATORS)


def _joined(first: VillageBlock | None, part: VillageBlock) -> VillageBlock:
    """Return a village with the stations of a further part added."""
    if first is None:
        return part
    return first.model_copy(update={"stations": first.stations + part.stations})


def _gathered(owner_of: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    gathered: dict[str, list[str]] = {}
    for name in sorted(owner_of):
        gathered.setdefault(owner_of[name], []).append(name)
    return {owner: tuple(names) for owner, names in gathered.items()}


def stations_of(registry: Registry, villages: Sequence[str]) -> tuple[str, ...]:
    """Return the codes of all stations of these villages, sorted."""
    return tuple(sorted({s.code for code in villages for s in registry.villages[code].stations}))
