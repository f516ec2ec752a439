"""A CAP message out: exact order, strict dates, nothing empty."""

from decimal import Decimal
from typing import Any

from lxml import etree

from contracts.cap.layout import LAYOUT, NAMESPACE, Kind, Slot
from contracts.cap.model import CapAlert, CapCircle, CapRefused, Polygon
from contracts.cap.rules.schema import schema_findings
from contracts.values import Value

DECLARATION = b'<?xml version="1.0" encoding="UTF-8"?>\n'


def write(alert: CapAlert) -> bytes:
    """Return the message as an unsigned CAP 1.2 document; refuse what the schema would refuse."""
    for finding in schema_findings(alert):
        raise CapRefused(f"{finding.path}: {finding.what}", finding.mend)
    unprefixed: Any = {None: NAMESPACE}
    root = etree.Element(_named("alert"), nsmap=unprefixed)
    _fill(root, alert)
    return DECLARATION + etree.tostring(root, encoding="UTF-8")


def _fill(element: Any, part: Value) -> None:
    for slot in LAYOUT[type(part)]:
        for value in _values(part, slot):
            child = etree.SubElement(element, _named(slot.element))
            if slot.part:
                _fill(child, value)
            else:
                child.text = _text(value, slot.kind)


def _values(part: Value, slot: Slot) -> tuple[Any, ...]:
    value = getattr(part, slot.field)
    if slot.many:
        return tuple(item for item in value if item != "")
    return () if value is None or (value == "" and not slot.required) else (value,)


def _text(value: Any, kind: Kind) -> str:
    match kind:
        case Kind.POLYGON:
            return polygon_text(value)
        case Kind.CIRCLE:
            return _circle(value)
        case Kind.DECIMAL:
            return _decimal(value)
        case _:
            return str(value)


def polygon_text(points: Polygon) -> str:
    """Return the points as `lat,lon lat,lon`."""
    return " ".join(f"{_decimal(latitude)},{_decimal(longitude)}" for latitude, longitude in points)


def _circle(circle: CapCircle) -> str:
    return f"{polygon_text((circle.centre,))} {_decimal(circle.radius_km)}"


def _decimal(value: float) -> str:
    """Return the shortest decimal that reads back as the same number, never with an exponent."""
    return format(Decimal(repr(value)), "f")


def _named(element: str) -> str:
    return f"{{{NAMESPACE}}}{element}"
