"""What the registry publishes: content-addressed blocks, one or more for each village, town and the district.

A block travels sealed, because it holds phone numbers. Its address is the SHA-256 of the sealed bytes, so
anybody can check it without a key. The registry version is the SHA-256 over the sorted (key, address) list.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydantic import Field

from contracts.canonical import list_hash
from contracts.message import PREFIX, Message
from contracts.roster import RosterEntry
from contracts.values import (
    Instant,
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


class StationEntry(Value):
    """A warning station as the other services know it."""

    code: str
    name: str
    station_class: StationClass
    keys: tuple[KeyHash, ...] = ()
    duty_name: str | None = None


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
    roster: tuple[RosterEntry, ...] = ()


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
    roster: tuple[RosterEntry, ...] = ()


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


class DistrictBlock(Value):
    """What is not tied to a town: gateways and channel accounts."""

    kind: Literal["district"] = "district"
    code: str = "500110"
    name: str = "綦江区"
    gateways: tuple[GatewayEntry, ...] = ()
    accounts: tuple[AccountEntry, ...] = ()
    modes: tuple[Mode, ...] = (Mode.LIVE, Mode.DRILL)
    roster: tuple[RosterEntry, ...] = ()
