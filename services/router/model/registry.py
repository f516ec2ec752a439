"""The registry as one value: every town, village and recipient of one version, ready to be asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import cos, radians
from typing import Any

import numpy as np
import shapely

from contracts.registry import (
    AccountEntry,
    DistrictBlock,
    GatewayEntry,
    TownBlock,
    VillageBlock,
    registry_version,
)
from contracts.values import Channel, Place, PositionQuality
from contracts.wansheng import WANSHENG
from services.router.model.crowd import SEALED, Crowd
from services.router.model.packing import OpenedVillage
from services.router.model.people import OPERATORS, Mask, People
from services.router.model.sphere import KM_PER_DEGREE

DISTRICT_KEY = "district"
TOWN_DIGITS = 9

Opened = OpenedVillage | TownBlock | DistrictBlock


def is_village(key: str) -> bool:
    """Tell whether a key is that of a village's block, or of a further part of one."""
    return not key.startswith(DISTRICT_KEY) and len(base_of(key)) > TOWN_DIGITS


def open_block(key: str, plain: bytes) -> VillageBlock | TownBlock | DistrictBlock:
    """Return what an unsealed block says; raise pydantic's ValidationError when it is not a block."""
    if key.startswith(DISTRICT_KEY):
        return DistrictBlock.model_validate_json(plain)
    return (VillageBlock if is_village(key) else TownBlock).model_validate_json(plain)


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
    crowd: Crowd
    gateways: tuple[GatewayEntry, ...] = ()
    accounts: tuple[AccountEntry, ...] = ()
    code: str = DistrictBlock.model_fields["code"].default
    """Of the district."""
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
        code = cls.code
        for key in sorted(blocks):
            match opened[blocks[key]]:
                case DistrictBlock() as district:
                    gateways += district.gateways
                    accounts += district.accounts
                    code = district.code
                case TownBlock() as town if town.code not in WANSHENG:
                    towns[town.code] = town
                case OpenedVillage(village=village) as found if village.town_code not in WANSHENG:
                    villages[village.code] = _joined(villages.get(village.code), village)
                    people[key] = found.people
        carriers = tuple(sorted(gateways, key=lambda g: g.gateway_id))
        ours = tuple(sorted(accounts, key=lambda a: a.account_id))
        return cls(
            blocks=dict(blocks),
            version=registry_version(blocks),
            towns=towns,
            villages=villages,
            crowd=Crowd.of(people, {channel: routes(channel, carriers, ours) for channel in SEALED}),
            gateways=carriers,
            accounts=ours,
            code=code,
            members=_gathered({code: v.town_code for code, v in villages.items()}),
            parts=_gathered({key: base_of(key) for key in people}),
        )

    def has_account(self, channel: Channel) -> bool:
        """Tell whether somebody carries this channel for the district."""
        return any(account.channel == channel for account in self.accounts)

    @property
    def whole(self) -> bool:
        """False while villages have come whose town has not, or the district's own block, said last."""
        known = bool(self.towns) and self.members.keys() <= self.towns.keys()
        return known and any(base_of(key) == DISTRICT_KEY for key in self.blocks)

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """All villages, sorted; `places`, `degrees` and `generated` are in this order."""
        return tuple(sorted(self.villages))

    @cached_property
    def scale(self) -> tuple[float, float]:
        """What turns degrees into kilometres: a flat map is right to 0.1 % over one district."""
        latitudes = [v.position[1] for v in self.villages.values()]
        middle = sum(latitudes) / len(latitudes) if latitudes else 0.0
        return KM_PER_DEGREE * cos(radians(middle)), KM_PER_DEGREE

    @cached_property
    def degrees(self) -> tuple[Any, Any]:
        """The longitudes and latitudes of all villages."""
        positions = np.array([self.villages[code].position for code in self.codes]).reshape(-1, 2)
        return positions[:, 0], positions[:, 1]

    @cached_property
    def places(self) -> Any:
        """The positions of all villages on the flat map, as shapely points."""
        return self.flat(shapely.points(*self.degrees))

    @cached_property
    def named(self) -> Mapping[str, Place]:
        """Every town and village as a warning names it, with its outline."""
        towns = {
            code: Place(code=wire_code(code), name=town.name, name_en=town.name_en, outline=town.cell)
            for code, town in self.towns.items()
        }
        villages = {
            code: Place(
                code=code, name=v.name, name_en=in_english(v.name, self.towns[v.town_code]), outline=v.cell
            )
            for code, v in self.villages.items()
            if v.town_code in self.towns
        }
        return towns | villages

    @cached_property
    def generated(self) -> Mask:
        """Which villages stand at a position that nobody surveyed."""
        quality = (self.villages[code].position_quality for code in self.codes)
        return np.array([one is PositionQuality.GENERATED for one in quality], bool)

    @cached_property
    def cells(self) -> Mapping[str, Any]:
        """The cell of each village, as a shapely polygon."""
        return {code: shapely.Polygon(village.cell) for code, village in self.villages.items()}

    @cached_property
    def ground(self) -> Any:
        """The whole district: the cells of its villages together."""
        ground = shapely.union_all(list(self.cells.values()))
        shapely.prepare(ground)
        return ground

    @cached_property
    def peopled(self) -> frozenset[str]:
        """The villages in which somebody is on a list and has an address."""
        counts = np.add(*(self.crowd.reachable[channel] for channel in SEALED))
        return frozenset(base_of(key) for key, n in zip(self.crowd.keys, counts, strict=True) if n)

    def routes(self, channel: Channel) -> tuple[tuple[str, ...], ...]:
        """Return who carries a sealed channel, by the number of the recipient's operator."""
        return routes(channel, self.gateways, self.accounts)

    def flat(self, shape: Any) -> Any:
        """Return a shape on the flat map, in kilometres."""
        return shapely.transform(shape, lambda corners: corners * self.scale)


def routes(
    channel: Channel, gateways: Sequence[GatewayEntry], accounts: Sequence[AccountEntry]
) -> tuple[tuple[str, ...], ...]:
    """Return who carries a sealed channel, by the number of the recipient's operator; empty: nobody.

    Where an operator has no gateway of its own, another one is tried rather than nobody.
    """
    if channel is Channel.WECHAT:
        account = tuple(a.account_id for a in accounts if a.channel == channel)[:1]
        return tuple(account for _ in OPERATORS)
    own = {o: tuple(g.gateway_id for g in gateways if g.operator == o) for o in OPERATORS}
    first = tuple(g.gateway_id for g in gateways)[:1]
    return tuple(own[operator] or first for operator in OPERATORS)


def in_english(village: str, town: TownBlock) -> str:
    """Return a village as English names it: by its own name, in a town that has an English one."""
    return f"{village}, {town.name_en}" if town.name_en else ""


def wire_code(town: str) -> str:
    """Return a town's code as it travels: twelve digits, padded with zeros."""
    return f"{town}000"


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
