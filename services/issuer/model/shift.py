"""A shift: what one person leaves to the next, frozen and signed by both."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from contracts.canonical import content_hash
from contracts.outcome import Column
from contracts.values import HazardCode, Instant, Level, Mode, Value
from services.issuer.model.content import Kind
from services.issuer.model.reviews import Cause
from services.issuer.model.warning import Person, State
from services.kit.errors import Forbidden, Refused


class InForce(Value):
    """A revision in force or halted, and how far it has come."""

    warning_id: UUID
    revision: int
    state: State
    kind: Kind
    mode: Mode
    hazard: HazardCode
    level: Level
    headline: str
    towns: tuple[str, ...]
    approved_at: Instant
    expires: Instant
    emergency: bool = False
    spooled_since: Instant | None = None
    """Since when it waits for the bus; nobody has it before."""
    planned: bool
    targeted: int
    columns: dict[Column, int]
    stations: dict[Column, int]
    silent: tuple[str, ...] = ()
    """The village stations that have not received it although it was time."""

    @property
    def received(self) -> int:
        """How many targets have it."""
        return self.columns[Column.DELIVERED] + self.columns[Column.CONFIRMED]

    @property
    def stations_received(self) -> int:
        """How many village stations have it."""
        return self.stations[Column.DELIVERED] + self.stations[Column.CONFIRMED]


class Waits(Value):
    """A revision that waits for approval."""

    warning_id: UUID
    revision: int
    kind: Kind
    mode: Mode
    hazard: HazardCode
    level: Level
    headline: str
    submitted_at: Instant
    emergency: bool = False
    needs: tuple[str, ...]


class Looks(Value):
    """A review that is due."""

    warning_id: UUID
    revision: int
    cause: Cause
    due: Instant
    headline: str
    level: Level
    mode: Mode


class Shift(Value):
    """How things stand at a moment."""

    at: Instant
    in_force: tuple[InForce, ...]
    waiting: tuple[Waits, ...]
    reviews: tuple[Looks, ...]

    def ending(self, within: timedelta) -> tuple[InForce, ...]:
        """Return what runs out soon."""
        soon = self.at + within
        return tuple(o for o in self.in_force if o.state is State.ISSUED and o.expires <= soon)


@dataclass(frozen=True)
class Handover:
    """A change of shift: signed by the one who goes, then by the one who comes."""

    handover_id: UUID
    goes: str
    goes_name: str
    goes_at: datetime
    note: str
    state: Shift
    sha256: str
    comes: str | None = None
    comes_name: str | None = None
    comes_at: datetime | None = None
    remark: str = ""

    @classmethod
    def begun(cls, handover_id: UUID, by: Person, note: str, state: Shift) -> "Handover":
        """Return what somebody leaves, bound by one hash over state, note and name."""
        body = {"state": state.model_dump(mode="json"), "note": note, "goes": by.username}
        return cls(handover_id, by.username, by.name, state.at, note, state, content_hash(body))

    def taken(self, by: Person, sha256: str, remark: str, at: datetime) -> "Handover":
        """Take it over: another person, who has read exactly this."""
        if self.comes is not None:
            raise Refused("somebody has taken it over already", mend="read who did")
        if by.username == self.goes:
            raise Forbidden("whoever goes cannot be the one who comes")
        if sha256 != self.sha256:
            raise Refused("this is not the handover that you saw", mend="read it again")
        return replace(self, comes=by.username, comes_name=by.name, comes_at=at, remark=remark)
