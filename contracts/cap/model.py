"""The frozen model of a CAP 1.2 message. It holds what a message says, also where that breaks a rule.

An absent element is an empty text or tuple. Dates stay text, because a reference repeats them byte for byte.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from contracts.values import Ring, Value

Number = Annotated[float, Field(allow_inf_nan=False)]
LatLon = tuple[Number, Number]
"""(latitude, longitude): the order of CAP, the reverse of `contracts.values.Point`."""

Polygon = tuple[LatLon, ...]


class CapRefused(ValueError):
    """What was given cannot be read as CAP, or must not be written as CAP."""

    def __init__(self, why: str, mend: str) -> None:
        """Keep why it is refused and how to mend it; neither repeats what was submitted."""
        super().__init__(f"{why}: {mend}")
        self.why = why
        self.mend = mend


class Status(StrEnum):
    """How a message is to be handled."""

    ACTUAL = "Actual"
    EXERCISE = "Exercise"
    SYSTEM = "System"
    TEST = "Test"
    DRAFT = "Draft"


class MsgType(StrEnum):
    """What a message does to those before it."""

    ALERT = "Alert"
    UPDATE = "Update"
    CANCEL = "Cancel"
    ACK = "Ack"
    ERROR = "Error"


class Scope(StrEnum):
    """Who may see a message."""

    PUBLIC = "Public"
    RESTRICTED = "Restricted"
    PRIVATE = "Private"


class Category(StrEnum):
    """The kind of event."""

    GEO = "Geo"
    MET = "Met"
    SAFETY = "Safety"
    SECURITY = "Security"
    RESCUE = "Rescue"
    FIRE = "Fire"
    HEALTH = "Health"
    ENV = "Env"
    TRANSPORT = "Transport"
    INFRA = "Infra"
    CBRNE = "CBRNE"
    OTHER = "Other"


class ResponseType(StrEnum):
    """What the audience should do."""

    SHELTER = "Shelter"
    EVACUATE = "Evacuate"
    PREPARE = "Prepare"
    EXECUTE = "Execute"
    AVOID = "Avoid"
    MONITOR = "Monitor"
    ASSESS = "Assess"
    ALL_CLEAR = "AllClear"
    NONE = "None"


class Urgency(StrEnum):
    """How soon to act."""

    IMMEDIATE = "Immediate"
    EXPECTED = "Expected"
    FUTURE = "Future"
    PAST = "Past"
    UNKNOWN = "Unknown"


class Severity(StrEnum):
    """How bad it is."""

    EXTREME = "Extreme"
    SEVERE = "Severe"
    MODERATE = "Moderate"
    MINOR = "Minor"
    UNKNOWN = "Unknown"


class Certainty(StrEnum):
    """How sure the sender is."""

    OBSERVED = "Observed"
    LIKELY = "Likely"
    POSSIBLE = "Possible"
    UNLIKELY = "Unlikely"
    UNKNOWN = "Unknown"


class NamedValue(Value):
    """A `valueName` and its `value`: an event code, a parameter, a geocode."""

    name: str = ""
    value: str = ""


class CapCircle(Value):
    """A circle on the ground, the radius in kilometres."""

    centre: LatLon
    radius_km: Number


class CapArea(Value):
    """Where."""

    desc: str = ""
    polygons: tuple[Polygon, ...] = ()
    circles: tuple[CapCircle, ...] = ()
    geocodes: tuple[NamedValue, ...] = ()
    altitude: Number | None = None
    """Feet above mean sea level."""
    ceiling: Number | None = None


class CapResource(Value):
    """A file that belongs to the message."""

    desc: str = ""
    mime_type: str = ""
    size: int | None = None
    uri: str = ""
    deref_uri: str = ""
    """The file itself, as base64."""
    digest: str = ""


class CapInfo(Value):
    """The content of a message in one language. Words are text: a message may use wrong ones."""

    language: str = ""
    categories: tuple[str, ...] = ()
    event: str = ""
    response_types: tuple[str, ...] = ()
    urgency: str = ""
    severity: str = ""
    certainty: str = ""
    audience: str = ""
    event_codes: tuple[NamedValue, ...] = ()
    effective: str = ""
    onset: str = ""
    expires: str = ""
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    web: str = ""
    contact: str = ""
    parameters: tuple[NamedValue, ...] = ()
    resources: tuple[CapResource, ...] = ()
    areas: tuple[CapArea, ...] = ()


class CapAlert(Value):
    """A whole message. Status and type are always known ones: nothing may be guessed there."""

    identifier: str = ""
    sender: str = ""
    sent: str = ""
    status: Status
    msg_type: MsgType
    source: str = ""
    scope: str = ""
    restriction: str = ""
    addresses: str = ""
    codes: tuple[str, ...] = ()
    note: str = ""
    references: str = ""
    incidents: str = ""
    infos: tuple[CapInfo, ...] = ()


def turned(points: Polygon | Ring) -> tuple[tuple[float, float], ...]:
    """Return the points with their coordinates exchanged: CAP's order from GeoJSON's, or the reverse."""
    return tuple((second, first) for first, second in points)
