"""Faces: what reports want to know of a revision and of its plan beyond the books."""

from dataclasses import dataclass, field
from datetime import datetime

from contracts.delivery import PlanMade
from contracts.fact import Fact
from contracts.message import Message
from contracts.registry import BlockChanged
from contracts.warning import WarningPublished
from services.audit.model.entry import plain
from services.audit.model.observed import OBSERVED, Observation, observations

KINDS = (
    *("warning.issued", "warning.updated", "warning.cancelled"),
    *("plan.made", "registry.changed"),
    *OBSERVED,
)
"""Kinds of records out of which the tables of the reports are folded."""

LIFT = "cancelled"
VILLAGE = 12
"""Digits of a village's code."""


@dataclass(frozen=True)
class Face:
    """One revision as it was published. The first record of it counts."""

    position: int
    warning_id: str
    revision: int
    mode: str
    verb: str
    identifier: str
    hazard: str
    hazard_name: str
    level: str
    product: str
    headline: str
    sender_name: str
    approved_by: list[str]
    approved_at: datetime
    said_at: datetime
    """By the publisher's clock, never later than it was recorded: by it a warning belongs to its month."""
    onset: datetime | None
    """As it was forecast."""
    expires_at: datetime
    adds_to: str | None
    """Of a town's note, the warning beside which it stands."""
    emergency: bool
    towns: list[str]

    @property
    def counts(self) -> bool:
        """True for what is counted as warning people: not a lift, not a note beside a warning."""
        return self.verb != LIFT and self.adds_to is None


@dataclass(frozen=True)
class Aim:
    """Where the plan of a revision was aimed."""

    position: int
    warning_id: str
    revision: int
    made_at: datetime
    towns: list[str]
    villages: list[str]


@dataclass(frozen=True)
class Change:
    """A village's block was changed, or is gone; what it holds is known by its address."""

    position: int
    at: datetime
    block: str
    village: str
    gone: bool
    sha256: str


@dataclass
class Folded:
    """Rows for the tables of the reports."""

    faces: list[Face] = field(default_factory=list)
    aims: list[Aim] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)

    def take(self, position: int, message: Message, recorded_at: datetime) -> None:
        """Fold one record in; whatever its clock, it was said when it was recorded at the latest."""
        match message:
            case WarningPublished():
                self.faces.append(_face(position, message, recorded_at))
            case PlanMade():
                self.aims.append(_aim(position, message))
            case BlockChanged():
                self.changes += _changes(position, message)
            case Fact():
                self.observations += observations(position, message, recorded_at)


def _face(position: int, message: WarningPublished, recorded_at: datetime) -> Face:
    notice = message.notice
    return Face(
        position=position,
        warning_id=str(message.warning_id),
        revision=message.revision,
        mode=message.mode.value,
        verb=message.verb,
        identifier=plain(notice.identifier),
        hazard=notice.hazard,
        hazard_name=plain(notice.hazard_name),
        level=notice.level.value,
        product=plain(notice.product, 40),
        headline=plain(notice.text.headline, 300),
        sender_name=plain(notice.sender_name),
        approved_by=[plain(name) for name in notice.approved_by],
        approved_at=message.approved_at,
        said_at=min(message.at, recorded_at),
        onset=notice.onset,
        expires_at=notice.expires,
        adds_to=str(notice.adds_to.warning_id) if notice.adds_to else None,
        emergency=notice.emergency,
        towns=sorted({f"{place.code[:9]}000" for place in notice.areas}),
    )


def _changes(position: int, said: BlockChanged) -> list[Change]:
    village = said.block.partition("-")[0]
    if len(village) != VILLAGE:
        return []
    return [
        Change(position, said.at, plain(said.block, 30), village, said.gone or not said.sealed, said.sha256)
    ]


def _aim(position: int, message: PlanMade) -> Aim:
    manifest = message.manifest
    return Aim(
        position=position,
        warning_id=str(message.warning_id),
        revision=message.revision,
        made_at=message.at,
        towns=[f"{town}000" for town in manifest.towns],
        villages=list(manifest.villages),
    )
