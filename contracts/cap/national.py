"""The national profile (GB/T 35965 as 12379 systems write it): the same model, written a second time."""

from typing import Any

from lxml import etree

from contracts.cap.dates import BEIJING, moment_of, references_of
from contracts.cap.model import CapAlert, CapInfo, CapRefused, MsgType
from contracts.cap.write import DECLARATION, polygon_text

LANGUAGE = "zh-CN"
METHOD = "SMS"
OPEN_TO_ALL = "None"
WORDS = {"I": "特别严重", "II": "严重", "III": "较重", "IV": "一般"}
COLOURS = {"RED": "Red", "ORANGE": "Orange", "YELLOW": "Yellow", "BLUE": "Blue"}
_COMMA, _IN_A_NAME = ",", "，"


def national(alert: CapAlert, short: str) -> bytes:
    """Return a warning of ours as the national system reads it; refuse a message that is none of ours.

    `short` is the text of an SMS. The field for telephone numbers is never written.
    """
    info = _chinese(alert)
    root = etree.Element("alert")
    _say(root, "identifier", alert.identifier)
    _say(root, "sender", info.sender_name)
    _say(root, "senderCode", alert.sender)
    _say(root, "sendTime", extended(alert.sent))
    for element, text in (("status", alert.status), ("msgType", alert.msg_type), ("scope", alert.scope)):
        _say(root, element, text)
    method = etree.SubElement(etree.SubElement(root, "code"), "method")
    _say(method, "methodName", METHOD)
    _say(method, "message", short)
    _say(root, "secClassification", OPEN_TO_ALL)
    _say(root, "note", alert.note)
    _say(root, "references", _first(alert))
    _info(etree.SubElement(root, "info"), info, alert)
    return DECLARATION + etree.tostring(root, encoding="UTF-8")


def file_name(alert: CapAlert) -> str:
    """Return the name under which the upper platform takes the file."""
    info = _chinese(alert)
    colour, event = _parameter(info, "color"), info.event_codes[0].value
    return f"{alert.identifier}_{event}_{colour}_{alert.msg_type}.xml"


def extended(text: str) -> str:
    """Return a date of CAP as `YYYY-MM-DD hh:mm:ss+08:00`, with a space, in Beijing time; empty for none."""
    at = moment_of(text)
    return at.astimezone(BEIJING).isoformat(sep=" ") if at else ""


def _chinese(alert: CapAlert) -> CapInfo:
    found = next((info for info in alert.infos if info.language == LANGUAGE), None)
    if found is None or not found.event_codes or _parameter(found, "color") not in COLOURS:
        raise CapRefused(
            "it has no Chinese info block with event code and colour", "give it one of our own messages"
        )
    return found


def _info(element: Any, info: CapInfo, alert: CapAlert) -> None:
    texts = {
        "language": info.language,
        "eventType": info.event_codes[0].value,
        "urgency": info.urgency,
        "severity": COLOURS[_parameter(info, "color")],
        "certainty": info.certainty,
        "effective": extended(info.effective or alert.sent),
        "onset": extended(info.onset),
        "expires": extended(info.expires),
        "senderName": info.sender_name,
        "headline": _headline(info),
        "description": info.description,
        "instruction": info.instruction,
        "web": info.web,
    }
    for name, text in texts.items():
        _say(element, name, text)
    _area(etree.SubElement(element, "area"), info)


def _headline(info: CapInfo) -> str:
    """Return the headline with what the national system puts behind it: `[II级/严重]`."""
    roman = _parameter(info, "level")
    return f"{info.headline}[{roman}级/{WORDS[roman]}]" if roman in WORDS else info.headline


def _area(element: Any, info: CapInfo) -> None:
    """Write all areas as one: names and codes as two lists of the same order."""
    codes = [area.geocodes[0].value if area.geocodes else "" for area in info.areas]
    names = [area.desc.replace(_COMMA, _IN_A_NAME) for area in info.areas]
    _say(element, "areaDesc", _COMMA.join(names))
    for area in info.areas:
        for polygon in area.polygons:
            _say(element, "polygon", polygon_text(polygon))
    _say(element, "geocode", _COMMA.join(codes))


def _first(alert: CapAlert) -> str:
    """Return the identifier of the first message of the warning: all that is written of references."""
    before = references_of(alert.references)
    return before[0].identifier if before and alert.msg_type is not MsgType.ALERT else ""


def _parameter(info: CapInfo, name: str) -> str:
    return next((one.value for one in info.parameters if one.name == name), "")


def _say(parent: Any, element: str, text: str) -> None:
    etree.SubElement(parent, element).text = str(text)
