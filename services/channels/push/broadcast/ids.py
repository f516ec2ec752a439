"""The numbers of the emergency broadcast family: resources (23 digits), messages (35), packets (41)."""

import re
from datetime import date, datetime

from services.kit.clock import BEIJING
from services.kit.errors import Reject

_EBRID = re.compile(r"[1-6]\d{22}")
_EBMID = re.compile(r"[1-6]\d{34}")
_EBDID = re.compile(r"(?:10|01)[1-6]\d{38}")
_BUSINESS, _HEARTBEAT = "10", "01"
MOST_PACKETS = 10**16 - 1
"""The serial of a packet has 16 digits."""
MOST_MESSAGES_A_DAY = 9999
"""The serial of a message has 4 digits and begins anew each day."""


def check_ebrid(text: str) -> str:
    """Return the resource number; raise Reject when it is not one."""
    if not (text.isascii() and _EBRID.fullmatch(text)):
        raise Reject("a resource number (EBRID) is 23 digits and begins with a level from 1 to 6")
    return text


def is_message_id(text: str) -> bool:
    """Return whether the text has the form of an EBMID."""
    return text.isascii() and _EBMID.fullmatch(text) is not None


def is_packet_id(text: str) -> bool:
    """Return whether the text has the form of an EBDID."""
    return text.isascii() and _EBDID.fullmatch(text) is not None


def packet_id(ebrid: str, serial: int) -> str:
    """Return the EBDID of a business packet: the same delivery keeps its serial, so that it keeps its id."""
    if not 1 <= serial <= MOST_PACKETS:
        raise Reject("the serial of a packet has 16 digits and begins at 1")
    return f"{_BUSINESS}{check_ebrid(ebrid)}{serial:016d}"


def heartbeat_id(ebrid: str) -> str:
    """Return the EBDID of a heartbeat; its serial is all zero, so it is not unique."""
    return f"{_HEARTBEAT}{check_ebrid(ebrid)}{0:016d}"


def message_id(ebrid: str, day: date, serial: int) -> str:
    """Return the EBMID of the day's message with this serial."""
    if not 1 <= serial <= MOST_MESSAGES_A_DAY:
        raise Reject("the serial of a message has 4 digits and begins at 1 each day")
    return f"{check_ebrid(ebrid)}{day:%Y%m%d}{serial:04d}"


def day_of(at: datetime) -> date:
    """Return the Beijing day that a message of this moment is counted in."""
    return at.astimezone(BEIJING).date()


def local(at: datetime) -> str:
    """Return a moment as this family writes it: Beijing time, no zone, whole seconds."""
    return at.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")


def moment(text: str) -> datetime:
    """Read a moment as this family writes it; raise ValueError when it is not one."""
    return datetime.strptime(text.strip(), "%Y-%m-%d %H:%M:%S").replace(tzinfo=BEIJING)
