"""What one broadcast platform and we agreed on: numbers, dialect, kinds of message, play states."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum, StrEnum
from typing import Literal

from services.channels.push.broadcast import ids
from services.kit.errors import Reject


class MessageType(IntEnum):
    """What the platform does with a message."""

    BROADCAST = 1
    CANCEL = 2
    PLATFORM_DRILL = 3
    FRONT_END_DRILL = 4
    TERMINAL_DRILL = 5


DRILLS = frozenset({MessageType.PLATFORM_DRILL, MessageType.FRONT_END_DRILL, MessageType.TERMINAL_DRILL})


class PlayState(StrEnum):
    """How far a message has come on the other side."""

    NOT_PROCESSED = "not-processed"
    WAITING = "waiting"
    PLAYING = "playing"
    PLAYED = "played"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def final(self) -> bool:
        """True when no other state follows."""
        return self in {PlayState.PLAYED, PlayState.FAILED, PlayState.CANCELLED}


_PLAY_STATES = {str(code): state for code, state in enumerate(PlayState)}
_OLD_PLAY_STATES = {"0": PlayState.FAILED, "1": PlayState.PLAYING, "2": PlayState.PLAYED}


@dataclass(frozen=True)
class Dialect:
    """How one family of platforms writes what all of them mean."""

    ebd_version: str
    signature_form: Literal["flat", "certificate"] = "flat"
    """`flat`: CertSN and one algorithm name. `certificate`: SignatureCert, SignatureTime, two names."""
    signature_encoding: Literal["raw", "der"] = "raw"
    play_states: Mapping[str, PlayState] = field(default_factory=lambda: _PLAY_STATES)
    coverage: str = "CoverageRate"
    """The element that says how much of the areas was covered."""

    def code_of(self, state: PlayState) -> str:
        """Return the BrdStateCode of a state; a dialect without a word for it says the nearest."""
        codes = {found: code for code, found in self.play_states.items()}
        nearest = {PlayState.CANCELLED: PlayState.FAILED}.get(state, PlayState.PLAYING)
        return codes.get(state) or codes[nearest]


DIALECTS = {
    "2018": Dialect(ebd_version="1"),
    "2023": Dialect(ebd_version="1.0"),
    "regional": Dialect(
        ebd_version="1",
        signature_form="certificate",
        play_states=_OLD_PLAY_STATES,
        coverage="CoveragePercent",
    ),
}
"""GD/J 082-2018, GY/T 385-2023, and an old regional build; `dataclasses.replace` makes a site's own."""


@dataclass(frozen=True)
class Owner:
    """Who runs our side, as the platform may ask (OMDRequest)."""

    name: str = "綦江区突发事件预警信息发布平台"
    address: str = "重庆市綦江区"
    contact: str = ""
    phone: str = ""
    longitude: str = "106.651"
    latitude: str = "29.028"


@dataclass(frozen=True)
class Site:
    """One platform: who we are to it, who it is, and what may be played there."""

    ebrid: str
    """Our resource number."""
    platform: str
    """The platform's resource number."""
    certificate: str
    """The serial number of the certificate that our signatures name."""
    dialect: Dialect = DIALECTS["2018"]
    certificate_issuer: str = ""
    """Only for signatures in the `certificate` form."""
    sender_code: str | None = None
    """A short code where the site gave us one; else our resource number."""
    speaker: str = "綦江区气象台"
    """Who speaks: the first words that people hear."""
    drill: MessageType = MessageType.PLATFORM_DRILL
    """How far an exercise goes: the platform alone, the front ends, or every loudspeaker."""
    play_window: timedelta = timedelta(hours=3)
    """How long a message is repeated, never beyond its expiry."""
    url: str = ""
    """Where the platform may post packets to us; empty: nowhere."""
    owner: Owner = Owner()

    def __post_init__(self) -> None:
        ids.check_ebrid(self.ebrid)
        ids.check_ebrid(self.platform)
        if self.drill not in DRILLS:
            raise Reject("an exercise is sent as message type 3, 4 or 5, never as a real broadcast")
