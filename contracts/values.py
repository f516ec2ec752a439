"""The words that messages share. One word for one thing, everywhere."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

YEARS = range(1970, 9000)
"""Of moments that can be kept: near the ends of the calendar, other zones have no name for them."""


def _as_utc(at: datetime) -> datetime:
    if at.year not in YEARS:
        raise ValueError(f"is not between {YEARS.start} and {YEARS.stop}")
    return at.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_as_utc)]
"""A moment, aware of its zone, kept in UTC."""

HazardCode = Annotated[str, StringConstraints(pattern=r"^1[1-4][A-Z]\d{2}$")]
"""National event type code (GB/T 35561), such as `11B03` for a rainstorm."""

TownCode = Annotated[str, StringConstraints(pattern=r"^\d{9}$")]
VillageCode = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
AreaCode = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
"""Twelve digits on the wire: a town is padded with zeros (GB/T 2260 and the statistical codes)."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Longitude = Annotated[float, Field(ge=-180, le=180)]
Latitude = Annotated[float, Field(ge=-90, le=90)]
Point = tuple[Longitude, Latitude]
"""(longitude, latitude), WGS 84, as in GeoJSON; CAP turns them round."""

Ring = tuple[Point, ...]
"""A closed ring: at least four points, first equals last."""


class Value(BaseModel):
    """The frozen base of everything that messages hold."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Mode(StrEnum):
    """Live warnings and drills never share a subject, a key or a screen."""

    LIVE = "live"
    DRILL = "drill"


class Lane(StrEnum):
    """The urgent lane never waits behind the routine one, at any hop."""

    URGENT = "urgent"
    ROUTINE = "routine"


class Level(StrEnum):
    """The four colours, worst first."""

    RED = "RED"
    ORANGE = "ORANGE"
    YELLOW = "YELLOW"
    BLUE = "BLUE"

    @property
    def rank(self) -> int:
        """1 for red (level I) to 4 for blue (level IV)."""
        return list(Level).index(self) + 1

    @property
    def lane(self) -> Lane:
        """Red and orange are urgent."""
        return Lane.URGENT if self.rank <= Level.ORANGE.rank else Lane.ROUTINE


class Channel(StrEnum):
    """A way of reaching people; `area` is the location-based SMS that operators address themselves.

    `voice` is a telephone call: nobody is called by a plan, only when a warning asks for an answer.
    `web` are the browsers of citizens, `media` the newsrooms that read a warning out, `upper` is the 12379
    platform above us, which takes files.
    """

    STATION = "station"
    SMS = "sms"
    AREA = "area"
    BROADCAST = "broadcast"
    CABLE = "cable"
    WECHAT = "wechat"
    APP = "app"
    FEED = "feed"
    WEIBO = "weibo"
    UPPER = "upper"
    VOICE = "voice"
    WEB = "web"
    MEDIA = "media"


class Action(StrEnum):
    """What a channel is asked to do: say it, say it instead of the last, or take it back."""

    START = "START"
    REPLACE = "REPLACE"
    STOP = "STOP"


class Withdrawal(StrEnum):
    """Why nothing more of a revision goes out."""

    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"
    UPDATED = "updated"
    HALTED = "halted"
    EXPIRED = "expired"


class StationClass(StrEnum):
    """What a village station has: a networked terminal, a web screen, or only a person with a phone."""

    TERMINAL = "terminal"
    SCREEN = "screen"
    PERSON = "person"


class PositionQuality(StrEnum):
    """How far a position may be trusted; generated ones are taken by polygons with a margin."""

    SURVEYED = "surveyed"
    GENERATED = "generated"


class Circle(Value):
    """A circle on the ground; the radius is in kilometres, as in CAP."""

    centre: Point
    radius_km: Annotated[float, Field(gt=0, le=200)]


class AreaSelection(Value):
    """What a forecaster chose: whole towns and villages by code, parts of the district by shape.

    Never a prefix: `500110` would warn Wansheng too.
    """

    towns: tuple[TownCode, ...] = ()
    villages: tuple[VillageCode, ...] = ()
    polygons: tuple[Ring, ...] = ()
    circles: tuple[Circle, ...] = ()
    groups: tuple[str, ...] = ()
    """Only people in one of these groups, by ways that know who they are; none: everybody."""

    @property
    def empty(self) -> bool:
        """True when nothing at all was chosen."""
        return not (self.towns or self.villages or self.polygons or self.circles)


class Place(Value):
    """A town or village by its twelve-digit code and its name."""

    code: AreaCode
    name: str
    name_en: str = ""
    outline: Ring | None = None
    """An approximate cell, for CAP receivers that draw a map."""
