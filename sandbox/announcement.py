"""A message that a broadcast platform takes, and what it must be like."""

import re
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from sandbox import ebd

CANCEL, DRILLS = 2, (3, 4, 5)
_BASIC = ["MsgType", "SenderName", "SenderCode", "SendTime", "EventType", "Severity", "StartTime", "EndTime"]
_CONTENT = ["LanguageCode", "MsgTitle", "MsgDesc", "AreaCode"]


@dataclass
class Announcement:
    """A message that the platform took."""

    ebm_id: str
    message_type: int
    event_type: str
    severity: int
    title: str
    text: str
    areas: tuple[str, ...]
    start: datetime
    end: datetime
    related: str | None
    received_at: datetime
    media: tuple[str, ...] = ()
    """Names of the recordings that are played beside the text."""
    ended_at: datetime | None = None
    """When it was cancelled or replaced."""

    @property
    def drill(self) -> bool:
        """True when it is an exercise."""
        return self.message_type in DRILLS


def announcement(body: etree._Element, region: str, now: datetime) -> Announcement:
    """Return the message of a packet; raise PacketError where it is not as the format wants it."""
    basic, content = (_section(body, name) for name in ("MsgBasicInfo", "MsgContent"))
    for section, names in ((basic, _BASIC), (content, _CONTENT)):
        if [str(child.tag) for child in section][: len(names)] != names:
            raise ebd.PacketError(ebd.CONTENT_MISSING, f"{section.tag} is incomplete or out of order")
    ebd.text(body, "EBMVersion")
    message_type, severity = ebd.text(basic, "MsgType"), ebd.text(basic, "Severity")
    message = Announcement(
        ebm_id=ebd.text(body, "EBMID"),
        message_type=int(message_type) if re.fullmatch("[1-5]", message_type) else 0,
        event_type=ebd.text(basic, "EventType"),
        severity=int(severity) if re.fullmatch("[0-4]", severity) else -1,
        title=ebd.text(content, "MsgTitle"),
        text=ebd.text(content, "MsgDesc"),
        areas=tuple(ebd.text(content, "AreaCode").split(",")),
        start=ebd.moment(ebd.text(basic, "StartTime")),
        end=ebd.moment(ebd.text(basic, "EndTime")),
        related=body.findtext("RelatedInfo/EBMID"),
        received_at=now,
    )
    ebd.moment(ebd.text(basic, "SendTime"))
    _check(message, region, ebd.text(content, "LanguageCode"))
    return message


def _check(message: Announcement, region: str, language: str) -> None:
    sound = (
        (re.fullmatch(r"\d{35}", message.ebm_id), "EBMID is not 35 digits"),
        (message.message_type, "MsgType is not 1 to 5"),
        (message.severity >= 0, "Severity is not 0 to 4"),
        (re.fullmatch(r"1[1-4][A-Z]\d{2}", message.event_type), "EventType is unknown"),
        (language == "zho", "LanguageCode is not zho"),
        (all(re.fullmatch(rf"{region}\d{{6}}", area) for area in message.areas), "AreaCode is not ours"),
        (message.end > message.start, "EndTime is not after StartTime"),
        (message.end > message.received_at, "EndTime has passed"),
        (message.message_type != CANCEL or message.related, "a cancel without RelatedInfo"),
    )
    for holds, why in sound:
        if not holds:
            raise ebd.PacketError(ebd.OTHER, why)


def _section(body: etree._Element, name: str) -> etree._Element:
    section = body.find(name)
    if section is None:
        raise ebd.PacketError(ebd.CONTENT_MISSING, f"{name} is missing")
    return section
