"""What the registry publishes: content-addressed blocks, one or more for each village, town and the district.

A block travels sealed, because it holds phone numbers. Its address is the SHA-256 of the sealed bytes, so
anybody can check it without a key. The registry version is the SHA-256 over the sorted (key, address) list.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from contracts.canonical import list_hash
from contracts.message import PREFIX, Message
from contracts.values import (
    HazardCode,
    Instant,
    Level,
    Mode,
    Point,
    PositionQuality,
    Ring,
    Sha256,
    StationClass,
    TownCode,
    Value,
    VillageCode,
)

BLOCK_CONTEXT = b"yutian/registry-block"
"""What the seal of every block is bound to."""

Operator = Literal["cmcc", "cucc", "ctcc"]
"""China Mobile, China Unicom, China Telecom."""

StationKind = Literal["village", "key-unit", "sub-centre"]
"""The station of a village, of a key unit beside it, or a warning sub-centre (预警分中心)."""

RosterPlace = Literal["district", "town", "village", "station", "unit", "hazard-point", "department"]
"""What a roster can be of."""


class BlockChanged(Message):
    """A block has new content (or is gone). The stream keeps the last one of each key."""

    noun: ClassVar[str] = "registry"
    version: ClassVar[int] = 1
    verb: ClassVar[str] = "changed"
    keyed: ClassVar[bool] = True

    block: str = Field(pattern=r"^(district|\d{9}|\d{12})(-\d+)?$")
    """`district`, a town's or a village's code; `-n` for the further parts of a big one."""
    sha256: Sha256
    sealed: str
    """Base64 of the sealed, compressed JSON; empty when gone."""
    gone: bool = False
    at: Instant

    @property
    def key(self) -> str:
        """The block's name stands in the subject, so that the stream keeps the last one of each."""
        return self.block

    @property
    def subject(self) -> str:
        """Without mode and lane: live and drill read the same registry."""
        return f"{PREFIX}.{self.stem()}.{self.block}"

    @property
    def ordering_key(self) -> str:
        """Versions of one block stay in order."""
        return self.block


def registry_version(blocks: Mapping[str, str]) -> str:
    """Return the version of a registry: SHA-256 over its sorted `block sha256` lines."""
    return list_hash(f"{key} {blocks[key]}" for key in sorted(blocks))


class KeyHash(Value):
    """A key that a station or gateway may use: its id, and the SHA-256 of its secret (256 random bits)."""

    key_id: str
    mode: Mode
    sha256: Sha256
    bcrypt: str | None = Field(default=None, pattern=r"^\$2a\$04\$[./A-Za-z0-9]{53}$")
    """The same key, whole, as nats-server checks it; None for one that was issued before it did."""


class DeviceEntry(Value):
    """A device of a station, and whether it works."""

    code: str
    kind: Literal["terminal", "screen", "loudspeaker", "siren", "receiver", "phone"]
    link: Literal["mobile", "wired", "sms", "broadcast", "beidou"]
    state: Literal["working", "faulty", "maintenance", "retired"] = "working"


class ThresholdEntry(Value):
    """So much rain in so many minutes is too much for a hazard point."""

    window_min: int
    level: Literal["prepare", "move", "blue", "yellow", "orange", "red"]
    mm: float
    antecedent: Literal["dry", "normal", "wet"] = "normal"


class PointEntry(Value):
    """A hazard point: a flash-flood zone, a slope, a place that floods."""

    code: str
    name: str
    kind: Literal["flash-flood", "geological", "waterlogging"]
    group: str
    position: Point
    surveyed: bool = True
    """False for one that was invented to try with: no screen may send people away from it."""
    households: int = 0
    people: int = 0
    shelter: str = ""
    """Where its people go; empty when nobody has said."""
    route: str = ""
    """How they get there; empty when nobody has said."""
    thresholds: tuple[ThresholdEntry, ...] = ()


class UnitEntry(Value):
    """A school, hospital, enterprise or the like; a key unit has a station of its own."""

    code: str
    name: str
    kind: str
    sensitive: bool = False
    """One of the units that the law counts as sensitive to weather."""
    groups: tuple[str, ...] = ()
    position: Point | None = None


class StationEntry(Value):
    """A warning station as the other services know it."""

    code: str
    name: str
    station_class: StationClass
    keys: tuple[KeyHash, ...] = ()
    duty_name: str | None = None
    kind: StationKind = "village"
    department: str | None = None
    town: TownCode | None = None
    """Whose sub-centre this is: a department's or a town's."""
    groups: tuple[str, ...] = ()
    """The groups of the key unit that the station stands in."""
    maintained_until: str | None = None
    """The day (Beijing) until which it is out of service as planned."""
    unit: str | None = None
    """The key unit that it stands in."""
    links: tuple[str, ...] = ()
    devices: tuple[DeviceEntry, ...] = ()


class Wish(Value):
    """What a subscriber wants to be told; what he left open is everything."""

    towns: tuple[TownCode, ...] = ()
    """Warnings for these towns, wherever he lives; none named: for where he lives."""
    hazards: tuple[HazardCode, ...] = ()
    lowest: Level | None = None
    """The lowest colour: ORANGE leaves out yellow and blue."""
    quiet: str | None = Field(None, pattern=r"^([01]\d|2[0-3]):00-([01]\d|2[0-3]):00$")
    """Hours of Beijing time in which yellow and blue are not sent; red and orange always are."""


class RecipientEntry(Value):
    """A person on a list: the least that is needed to reach him."""

    recipient_id: str
    name: str
    role: str
    groups: tuple[str, ...] = ()
    phone: str | None = None
    operator: Operator | None = None
    openid: str | None = None
    station: str | None = None
    """The person-only station that this person answers for."""
    position: Point | None = None
    """Where this person is to be warned, when that is not where the village is."""
    cared_by: str | None = None
    """The recipient who looks after this one, and is reached where this one cannot be."""
    wish: Wish | None = None
    """A subscriber's own; who answers for something is told whatever concerns it."""


class RosterEntry(Value):
    """Who answers for a place: asked in this order, at these hours."""

    place_kind: RosterPlace
    place: str
    role: str
    order: int
    shift: str = "always"
    """`always`, or hours of Beijing time, with or without days: `1-5 08:00-18:00` (Monday is 1)."""
    recipient_id: str
    name: str
    phone: str | None = None
    operator: Operator | None = None
    drills: bool = False
    """Has agreed to be called in drills."""


class VillageBlock(Value):
    """A village: where it is, its stations, its people."""

    kind: Literal["village"] = "village"
    code: VillageCode
    name: str
    town_code: TownCode
    is_community: bool
    position: Point
    position_quality: PositionQuality
    cell: Ring
    """Our own approximation, computed from the village points."""
    stations: tuple[StationEntry, ...] = ()
    recipients: tuple[RecipientEntry, ...] = ()
    rosters: tuple[RosterEntry, ...] = ()
    """Of the village and of what lies in it: stations, units, hazard points."""
    points: tuple[PointEntry, ...] = ()
    units: tuple[UnitEntry, ...] = ()


class TownBlock(Value):
    """A town or street: its seat, its approximate outline, its population."""

    kind: Literal["town"] = "town"
    code: TownCode
    name: str
    name_en: str = ""
    is_street: bool
    seat: Point
    population: int = Field(ge=0)
    cell: Ring
    cell_quality: Literal["approximate", "surveyed"] = "approximate"
    rosters: tuple[RosterEntry, ...] = ()


class GatewayEntry(Value):
    """A telecom gateway that pulls SMS."""

    gateway_id: str
    name: str
    operator: Operator
    area_orders: bool = True
    keys: tuple[KeyHash, ...] = ()


class AccountEntry(Value):
    """An account of ours on a partner's platform; its secrets are settings of the channels, not registry."""

    account_id: str
    channel: str
    name: str


class DepartmentEntry(Value):
    """A department that receives warnings."""

    code: str
    name: str


class NeighbourEntry(Value):
    """A neighbour that receives our CAP. Never a target: it stands in no manifest and in no rate."""

    code: str
    name: str
    receives: Literal["feed", "file", "mail"] = "feed"


class DistrictBlock(Value):
    """What is not tied to a town: gateways, channel accounts, departments, neighbours, leaders."""

    kind: Literal["district"] = "district"
    code: str = "500110"
    name: str = "綦江区"
    gateways: tuple[GatewayEntry, ...] = ()
    accounts: tuple[AccountEntry, ...] = ()
    departments: tuple[DepartmentEntry, ...] = ()
    neighbours: tuple[NeighbourEntry, ...] = ()
    groups: Mapping[str, str] = Field(default_factory=dict)
    """The groups by which a warning can be aimed: code and name."""
    rosters: tuple[RosterEntry, ...] = ()
    """Of the district and of its departments: whom to call first."""
    modes: tuple[Mode, ...] = (Mode.LIVE, Mode.DRILL)
