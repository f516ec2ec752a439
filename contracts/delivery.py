"""What router and channels say to each other about reaching targets."""

from hashlib import sha256
from typing import ClassVar, Self
from uuid import UUID, uuid5

from pydantic import Field, model_validator

from contracts.message import LanedMessage
from contracts.outcome import Outcome, TargetState
from contracts.plan import Manifest
from contracts.values import Action, Channel, Instant, Sha256, Value, Withdrawal
from contracts.warning import Notice

MOST_TARGETS = 1000
"""One message carries at most this many targets of one channel and one rendering."""

_DELIVERIES = UUID("6f1d7a52-8c1e-5d0b-9a53-0e8d5f3a9b10")


def delivery_id_of(warning_id: UUID, revision: int, channel: Channel, part: str) -> UUID:
    """Return the id of a delivery: the same plan names the same deliveries, after a crash or on a replica."""
    return uuid5(_DELIVERIES, f"{warning_id}/{revision}/{channel}/{part}")


_CALL = 8
"""The version of UUID that the ids of calls have; those of planned deliveries have another."""


def call_id_of(warning_id: UUID, revision: int, channel: Channel, part: str) -> UUID:
    """Return the id of a call: a delivery beside the plan, because somebody has not answered.

    It is told from a planned delivery by itself, so that nobody counts it against the manifest.
    """
    digest = sha256(f"call/{warning_id}/{revision}/{channel}/{part}".encode()).digest()
    number = int.from_bytes(digest[:16])
    number = number & ~(0xF << 76) | _CALL << 76
    return UUID(int=number & ~(0b11 << 62) | 0b10 << 62)


def is_call(delivery_id: UUID) -> bool:
    """Tell whether a delivery was asked for beside the plan."""
    return delivery_id.version == _CALL


class SealedBatch(Value):
    """Up to 1,000 recipients of one rendering, sealed; the body is never parsed on its way.

    The plain body is a UTF-8 JSON array with one entry for each recipient, in the order of the hashes:
    `["13800000000"]`, or `["13800000000", "<link token>"]` for the rendering `person`, or `["<openid>"]`.
    The seal is bound to mode, warning and batch (`SealedBatch.context`).
    """

    size: int = Field(ge=1, le=MOST_TARGETS)
    rendering: str
    """Which wording: `public`, `duty` (a responsible person), `person` (with a link to confirm)."""
    route: str
    """Who carries it: a gateway's or an account's id."""
    hashes: str
    """Base64 of the sorted keyed hashes, 8 bytes a recipient: the order of the body."""
    sealed: str
    """Base64 of the sealed body."""
    sha256: Sha256
    """Of the sealed bytes."""
    hash_key: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$",
        exclude_if=lambda key: key is None,
    )
    """Id of the key of the hashes; not there in what was said before a key was ever changed."""

    @staticmethod
    def context(mode: str, delivery_id: UUID) -> bytes:
        """Return what the seal is bound to; a delivery id names warning, revision and batch."""
        return f"yutian/batch/{mode}/{delivery_id}".encode()


class DeliveryMessage(LanedMessage):
    """The head of everything said about deliveries."""

    noun: ClassVar[str] = "delivery"
    version: ClassVar[int] = 1
    keyed: ClassVar[bool] = True

    warning_id: UUID
    revision: int = Field(ge=1)
    channel: Channel
    at: Instant

    @property
    def key(self) -> str:
        """The channel stands in the subject, so that each has its own consumers."""
        return self.channel

    @property
    def ordering_key(self) -> str:
        """Messages of one warning on one channel stay in order."""
        return f"{self.warning_id}/{self.channel}"


class DeliveryRequested(DeliveryMessage):
    """Say this to these targets, by this channel, until it expires."""

    verb: ClassVar[str] = "requested"

    delivery_id: UUID
    action: Action
    notice: Notice
    targets: tuple[str, ...] = Field(default=(), max_length=MOST_TARGETS)
    """Named targets, sorted: station codes, twelve-digit area codes. Empty when there is a batch."""
    batch: SealedBatch | None = None
    cap_xml: str | None = None
    """For channels that forward CAP."""
    references: tuple[UUID, ...] = ()
    """Deliveries of earlier revisions that this one replaces or stops."""
    manifest_sha256: Sha256

    @model_validator(mode="after")
    def _one_kind_of_targets(self) -> Self:
        if bool(self.targets) == (self.batch is not None):
            raise ValueError("a delivery has named targets or a sealed batch, not both and not neither")
        if list(self.targets) != sorted(set(self.targets)):
            raise ValueError("targets are sorted and distinct")
        return self

    @property
    def size(self) -> int:
        """How many targets this delivery accounts for."""
        return self.batch.size if self.batch else len(self.targets)


class DeliveryWithdrawn(DeliveryMessage):
    """Nothing more of this revision, or any before it, goes out by this channel."""

    verb: ClassVar[str] = "withdrawn"

    reason: Withdrawal


class DeliveryReported(DeliveryMessage):
    """A photograph of one delivery: how many targets are in each state, and what is new.

    `report` grows with each photograph of the same delivery; the highest one is the truth about counts,
    whatever arrives first. Outcomes are facts about single targets and are folded one by one.
    """

    verb: ClassVar[str] = "reported"

    delivery_id: UUID
    report: int = Field(ge=1)
    tally: dict[TargetState, int]
    outcomes: tuple[Outcome, ...] = Field(default=(), max_length=MOST_TARGETS)
    detail: str | None = None
    attempts: int | None = Field(default=None, ge=1, exclude_if=lambda count: count is None)
    """How often it was handed out so far, where a partner fetches it."""
    leased_at: Instant | None = Field(default=None, exclude_if=lambda at: at is None)
    """When it was handed out last."""

    @property
    def size(self) -> int:
        """How many targets the delivery accounts for."""
        return sum(self.tally.values())


class PlannedDelivery(Value):
    """One delivery of a plan, before anybody took it."""

    delivery_id: UUID
    channel: Channel
    size: int = Field(ge=1)


class PlanMade(LanedMessage):
    """The plan of a revision: its pinned manifest, and the deliveries that add up to it."""

    noun: ClassVar[str] = "plan"
    version: ClassVar[int] = 1
    verb: ClassVar[str] = "made"

    warning_id: UUID
    revision: int = Field(ge=1)
    at: Instant
    manifest: Manifest
    deliveries: tuple[PlannedDelivery, ...]

    @property
    def ordering_key(self) -> str:
        """Plans of one warning stay in order."""
        return str(self.warning_id)


class StationSeen(LanedMessage):
    """A station's presence changed: online, suspect or offline."""

    noun: ClassVar[str] = "station"
    version: ClassVar[int] = 1
    verb: ClassVar[str] = "seen"

    station: str
    presence: str = Field(pattern="^(online|suspect|offline)$")
    at: Instant
    last_sequence: int = 0
    clock_offset_ms: int | None = None

    @property
    def ordering_key(self) -> str:
        """The presence of one station stays in order."""
        return self.station
