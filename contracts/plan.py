"""The manifest: who must hear a revision, frozen before it is approved."""

from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from contracts.canonical import content_hash, list_hash, sha256_hex
from contracts.values import (
    AreaSelection,
    Channel,
    HazardCode,
    Instant,
    Lane,
    Level,
    Mode,
    Place,
    Sha256,
    TownCode,
    Value,
    VillageCode,
)

Count = Annotated[int, Field(ge=0)]


class ChannelTargets(Value):
    """The targets of one channel. Named ones are listed; sealed ones are counted and hashed by block."""

    channel: Channel
    targets: tuple[str, ...] = ()
    """Sorted: station codes, area codes; for sealed recipients `<village>/<block sha256>/<count>`."""
    count: Count
    sha256: Sha256

    @classmethod
    def named(cls, channel: Channel, targets: tuple[str, ...]) -> Self:
        """Return the entry of a channel whose targets have public names."""
        ordered = tuple(sorted(set(targets)))
        return cls(channel=channel, targets=ordered, count=len(ordered), sha256=list_hash(ordered))

    @classmethod
    def sealed(cls, channel: Channel, blocks: tuple[str, ...], picks: bytes) -> Self:
        """Return the entry of a channel whose recipients are rows of sealed blocks.

        `picks` has one bit for each recipient of these blocks, in their order: set for whom is reached. The
        addresses of the blocks and the hash of the bits name everybody without a name.
        """
        ordered = tuple(sorted(blocks))
        count = sum(int(block.rpartition("/")[2]) for block in ordered)
        return cls(
            channel=channel, targets=ordered, count=count, sha256=list_hash((*ordered, sha256_hex(picks)))
        )


class Routing(Value):
    """What the routing rules said when the target list was drawn; who is reached is in the list itself."""

    rules: str
    """The version that their file names."""
    rules_sha256: Sha256
    at: Instant
    """The moment for which hours were read."""
    level: Level | None = None
    hazard: HazardCode | None = None
    margin_km: float = 0.0
    """How near a shape had to pass to a generated position to take the village."""
    ways: tuple[Channel, ...] = ()
    """Those that were asked for, sorted; with all this the list can be drawn once more."""
    lane: Lane | None = None
    """Urgent, where a rule says so of a colour that is not."""
    asked_again_s: int | None = None
    """After how many seconds a delivery that nobody took is asked for again."""
    strictly: bool = False
    """Only the people of the villages: nobody elsewhere who subscribed to their town."""


class Manifest(Value):
    """The frozen target list of one revision. Its hash is what the approvers sign."""

    mode: Mode
    registry_version: Sha256
    selection: AreaSelection
    towns: tuple[TownCode, ...]
    villages: tuple[VillageCode, ...]
    villages_at_generated_positions: tuple[VillageCode, ...] = ()
    """Taken by a shape, with a margin, at a position that nobody surveyed."""
    areas: tuple[Place, ...]
    channels: tuple[ChannelTargets, ...]
    count: Count
    sha256: Sha256
    routing: Routing | None = None

    @classmethod
    def pinned(
        cls,
        *,
        mode: Mode,
        registry_version: str,
        selection: AreaSelection,
        towns: tuple[str, ...],
        villages: tuple[str, ...],
        generated: tuple[str, ...],
        areas: tuple[Place, ...],
        channels: tuple[ChannelTargets, ...],
        routing: Routing | None = None,
    ) -> Self:
        """Return the manifest with its count and its hash."""
        body: dict[str, Any] = {
            "mode": mode,
            "registry_version": registry_version,
            "villages": sorted(villages),
            "villages_at_generated_positions": sorted(generated),
            "channels": {c.channel: [c.count, c.sha256] for c in channels},
        }
        if routing is not None and (routing.lane or routing.asked_again_s):
            body["routing"] = [routing.lane, routing.asked_again_s]
        return cls(
            mode=mode,
            registry_version=registry_version,
            selection=selection,
            towns=tuple(sorted(towns)),
            villages=tuple(sorted(villages)),
            villages_at_generated_positions=tuple(sorted(generated)),
            areas=areas,
            channels=tuple(sorted(channels, key=lambda c: c.channel)),
            count=sum(c.count for c in channels),
            sha256=content_hash(body),
            routing=routing,
        )

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.count != sum(c.count for c in self.channels):
            raise ValueError("the manifest's count is not the sum of its channels")
        return self

    def targets(self, channel: Channel) -> ChannelTargets | None:
        """Return the entry of one channel, None when nobody is reached by it."""
        return next((c for c in self.channels if c.channel is channel), None)
