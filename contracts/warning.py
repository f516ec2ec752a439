"""What the issuer says of a warning. Everything a channel needs is in the message."""

from typing import ClassVar
from uuid import UUID

from pydantic import Field

from contracts.message import LanedMessage
from contracts.values import AreaSelection, HazardCode, Instant, Level, Place, Sha256, Value, Withdrawal


class WarningText(Value):
    """The words of a warning in one language, without the wrapping that each channel adds."""

    language: str = "zh-CN"
    headline: str
    description: str
    instruction: str
    short: str
    """One paragraph for SMS, crawl and loudspeaker: who, what, where, when, what to do."""


class AddsTo(Value):
    """What a town's note is added to: it stands beside that warning, and never in its place."""

    warning_id: UUID
    revision: int = Field(ge=1)
    """The revision in force when the note was written."""
    identifier: str
    """That revision's CAP identifier."""


class Notice(Value):
    """The face of one revision of a warning: what every channel may need to say it."""

    identifier: str
    """CAP identifier: `50011041600000_YYYYMMDDhhmmss_N`."""
    references: str = ""
    """CAP references, byte for byte: `sender,identifier,sent ...`."""
    hazard: HazardCode
    hazard_name: str
    hazard_name_en: str
    level: Level
    product: str = "signal"
    sender_code: str
    sender_name: str
    sender_name_en: str = ""
    sent: Instant
    effective: Instant
    onset: Instant | None = None
    expires: Instant
    text: WarningText
    text_en: WarningText | None = None
    areas: tuple[Place, ...]
    approved_by: tuple[str, ...] = ()
    """Display names of those who approved, in order; forced display modes need one."""
    emergency: bool = False
    """True when fewer people than usual agreed to it, because there was no time."""
    adds_to: AddsTo | None = None
    """None for every warning; of a town's note, the warning beside which it stands."""


class WarningMessage(LanedMessage):
    """The head of everything said of a warning; revision orders it, whatever arrives first."""

    noun: ClassVar[str] = "warning"
    version: ClassVar[int] = 1

    warning_id: UUID
    revision: int = Field(ge=1)
    at: Instant

    @property
    def ordering_key(self) -> str:
        """All revisions of one warning are relayed in order."""
        return str(self.warning_id)


class Predecessor(Value):
    """A revision of a warning that another one replaces."""

    warning_id: UUID
    revision: int = Field(ge=1)


class WarningPublished(WarningMessage):
    """A revision that is to be spread: content, CAP bytes and the pinned manifest's name."""

    notice: Notice
    selection: AreaSelection
    cap_xml: str
    """The signed CAP 1.2 document, to be forwarded unchanged."""
    content_sha256: Sha256
    manifest_sha256: Sha256
    registry_version: Sha256
    approved_at: Instant
    supersedes: tuple[Predecessor, ...] = ()
    """Other warnings that this one mutes."""


class WarningIssued(WarningPublished):
    """A warning is in force."""

    verb: ClassVar[str] = "issued"


class WarningUpdated(WarningPublished):
    """A new revision replaces every earlier one, at once."""

    verb: ClassVar[str] = "updated"


class WarningCancelled(WarningPublished):
    """The warning is lifted (解除): earlier revisions stop, and those who were told are told."""

    verb: ClassVar[str] = "cancelled"


class WarningHalted(WarningMessage):
    """Stop (停发): nothing more of any earlier revision goes out, and what is on air is stopped."""

    verb: ClassVar[str] = "halted"
    by: str
    reason: str


class WarningExpired(WarningMessage):
    """The warning ran out. That is not an all-clear."""

    verb: ClassVar[str] = "expired"


ENDS: dict[type[WarningMessage], Withdrawal] = {
    WarningUpdated: Withdrawal.UPDATED,
    WarningCancelled: Withdrawal.CANCELLED,
    WarningHalted: Withdrawal.HALTED,
    WarningExpired: Withdrawal.EXPIRED,
}
"""What each message means for the revisions before it. Halted and expired also end their own revision."""


def withdrawn_up_to(message: WarningMessage) -> int:
    """Return the highest revision that this message ends, 0 when it ends none."""
    if isinstance(message, WarningHalted | WarningExpired):
        return message.revision
    return message.revision - 1
