"""What a village tells back to its town: how far the warning got there, and what it needs."""

from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from contracts.message import LanedMessage
from contracts.values import Instant, Value

HELP = 200
"""How long it may say which help it needs."""

PLACE = 100
"""How long it may say where the road is cut."""

Households = Annotated[int, Field(ge=0, le=100_000)]


class Back(Value):
    """What a village tells; who needs no help leaves it empty."""

    by: str = Field(min_length=1, max_length=60)
    """Who tells it."""
    relayed: bool
    """Whether the loudspeaker said it."""
    reached: Households | None = None
    """How many households know of it; None: nobody has counted."""
    missed: Households | None = None
    """How many could not be reached."""
    help: str = Field("", max_length=HELP)
    road_cut: bool = False
    road_where: str = Field("", max_length=PLACE)

    @property
    def red(self) -> bool:
        """True when somebody above must act."""
        return bool(self.help) or self.road_cut


class StationTold(LanedMessage):
    """A village has told back; its latest word on a warning counts, of whichever revision.

    Of two that were told at one moment the red one counts, then that of the higher revision and number.
    """

    noun: ClassVar[str] = "station"
    version: ClassVar[int] = 1
    verb: ClassVar[str] = "told"

    station: str
    village: str
    """The code of the village in which the station stands; empty while the registry has not named it."""
    warning_id: UUID
    revision: int = Field(ge=1)
    number: int = Field(ge=1)
    """Grows whenever the village says something else of this revision, whatever arrives first."""
    at: Instant
    """When it was told; a clock that is ahead counts as now."""
    back: Back

    @property
    def ordering_key(self) -> str:
        """What one station tells stays in order."""
        return self.station
