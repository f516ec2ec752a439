"""A CAP message in, as real senders write it: tolerant of their habits, closed to attacks."""

import re
from collections import Counter
from typing import Any

from lxml import etree

from contracts.cap.findings import CapReading, Finding, found
from contracts.cap.layout import LAYOUT, SIGNATURE_NAMESPACE, VERSIONS, Kind, Slot
from contracts.cap.model import CapAlert, CapCircle, CapRefused, MsgType, NamedValue, Polygon, Status
from contracts.values import Value

MOST_BYTES = 4 * 1024 * 1024
MOST_ELEMENTS = 50_000
MOST_POINTS = 100_000
MOST_ODDITIES = 200

_SPACE = " \t\r\n"
_DECIMAL = re.compile(r"[-+]?(\d{1,308}(\.\d{0,340})?|\.\d{1,340})", re.ASCII)
_INTEGER = re.compile(r"[-+]?\d{1,15}", re.ASCII)
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SLOTS = {
    part: {slot.element: (place, slot) for place, slot in enumerate(slots)} for part, slots in LAYOUT.items()
}


def read(document: bytes) -> CapReading:
    """Return the message in a document and what was odd about it; refuse what is no CAP message at all."""
    reader = _Reader()
    root = _parsed(document, reader)
    reader.namespace = _namespace_of(root)
    if VERSIONS[reader.namespace] != "1.2":
        reader.odd("version-old", "alert", f"it is CAP {VERSIONS[reader.namespace]}")
    fields = reader.fields(root, CapAlert, "alert")
    _require_word(fields, "status", "alert/status", Status)
    _require_word(fields, "msg_type", "alert/msgType", MsgType)
    return CapReading(
        alert=CapAlert(**fields),
        version=VERSIONS[reader.namespace],
        signed=reader.signed,
        oddities=tuple(reader.oddities),
    )


class _Reader:
    """Walks one document, collecting what is odd and counting what must not grow without bound."""

    def __init__(self) -> None:
        self.namespace = ""
        self.signed = False
        self.points = 0
        self.oddities: list[Finding] = []

    def odd(self, rule: str, path: str, what: str) -> None:
        """Note something odd; after very many, only that there are more."""
        if len(self.oddities) < MOST_ODDITIES:
            self.oddities.append(found(rule, path, what))
        elif len(self.oddities) == MOST_ODDITIES:
            self.oddities.append(found("more-oddities", "alert", "there is more than is listed here"))

    def fields(self, element: Any, part: type[Value], path: str) -> dict[str, Any]:
        """Return the fields of a part of the model, from the element that holds it."""
        slots = _SLOTS[part]
        fields: dict[str, Any] = {}
        seen: Counter[str] = Counter()
        furthest = 0
        for child in element:
            name = self._name(child, slots, path)
            if name is None:
                continue
            place, slot = slots[name]
            seen[name] += 1
            here = f"{path}/{name}[{seen[name]}]" if slot.many else f"{path}/{name}"
            if place < furthest:
                self.odd("element-order", here, "it comes too late")
            furthest = max(furthest, place)
            self._keep(fields, slot, child, here)
        return fields

    def _name(self, child: Any, known: dict[str, tuple[int, Slot]], path: str) -> str | None:
        """Return the name of an element that belongs here, None for any other."""
        name = etree.QName(child)
        if name.namespace == SIGNATURE_NAMESPACE and path == "alert":
            self.signed = True
            if child.getnext() is not None and child.getnext().tag != child.tag:
                self.odd("signature-place", path, "the signature is not the last child")
            return None
        if name.namespace != self.namespace or name.localname not in known:
            self.odd(
                "element-unknown", path, f"it holds <{name.localname[:40]}>, which CAP does not know here"
            )
            return None
        return str(name.localname)

    def _keep(self, fields: dict[str, Any], slot: Slot, child: Any, path: str) -> None:
        if not slot.many and slot.field in fields:
            self.odd("element-repeated", path, "it is there more than once")
            return
        value = self._value(slot, child, path)
        if value is None:
            return
        if slot.many:
            fields.setdefault(slot.field, []).append(value)
        else:
            fields[slot.field] = value

    def _value(self, slot: Slot, child: Any, path: str) -> Any:
        """Return what an element holds, None when that cannot be kept."""
        if slot.part is NamedValue and not len(child):
            return self._old_named_value(child, path)
        if slot.part:
            return slot.part(**self.fields(child, slot.part, path))
        text = self._text(child, path)
        if not text and not (slot.required and not slot.many):
            self.odd("element-empty", path, "it is empty")
            return None
        match slot.kind:
            case Kind.POLYGON:
                return self._polygon(text, path)
            case Kind.CIRCLE:
                return self._circle(text, path)
            case Kind.DECIMAL | Kind.INTEGER:
                return self._number(text, slot.kind, path)
        return self._word(text, slot, path)

    def _text(self, child: Any, path: str) -> str:
        if len(child):
            self.odd("element-inside", path, "it holds elements where text belongs")
        return "".join(child.itertext()).strip(_SPACE)

    def _word(self, text: str, slot: Slot, path: str) -> str:
        """Read CAP 1.0's dead word as CAP 1.2 tells receivers to."""
        if slot.element == "certainty" and text == "Very Likely":
            self.odd("certainty-very-likely", path, "Very Likely is no longer a word of CAP")
            return "Likely"
        return text

    def _old_named_value(self, child: Any, path: str) -> NamedValue | None:
        """Read CAP 1.0's `name=value`."""
        name, _, value = self._text(child, path).partition("=")
        if not name:
            self.odd("element-empty", path, "it is empty")
            return None
        self.odd("named-value-old", path, "it is written as name=value")
        return NamedValue(name=name, value=value)

    def _polygon(self, text: str, path: str) -> Polygon | None:
        pairs = text.split()
        self.points += len(pairs)
        if self.points > MOST_POINTS:
            raise CapRefused(f"the polygons have more than {MOST_POINTS} points", "simplify the polygons")
        points = [_pair(pair) for pair in pairs]
        if None in points:
            self.odd("polygon-unreadable", path, "it is not a list of coordinate pairs")
            return None
        return tuple(point for point in points if point)

    def _circle(self, text: str, path: str) -> CapCircle | None:
        centre, _, radius = text.partition(" ")
        point = _pair(centre)
        if point is None or not _DECIMAL.fullmatch(radius.strip(_SPACE)):
            self.odd("circle-unreadable", path, "it is not a centre and a radius")
            return None
        return CapCircle(centre=point, radius_km=float(radius))

    def _number(self, text: str, kind: Kind, path: str) -> float | int | None:
        if kind is Kind.INTEGER and _INTEGER.fullmatch(text):
            return int(text)
        if kind is Kind.DECIMAL and _DECIMAL.fullmatch(text):
            return float(text)
        self.odd("number-unreadable", path, "it is not a number")
        return None


def _parsed(document: bytes, reader: _Reader) -> Any:
    """Return the root element; nothing outside the document is ever opened."""
    if len(document) > MOST_BYTES:
        raise CapRefused(f"the document has more than {MOST_BYTES} bytes", "send a smaller one")
    if document.startswith(_BYTE_ORDER_MARK):
        reader.odd("byte-order-mark", "alert", "a byte-order mark comes first")
        document = document.removeprefix(_BYTE_ORDER_MARK)
    if document[:1].isspace():
        reader.odd("space-before-start", "alert", "there is white space before the document")
    try:
        root = etree.fromstring(document.lstrip(), _parser())
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        raise CapRefused(f"it is not well-formed XML (line {line})", "send the file as it was made") from None
    info = root.getroottree().docinfo
    if info.doctype or info.internalDTD is not None:
        raise CapRefused("it has a document type declaration", "take the DOCTYPE and its entities out")
    if sum(1 for _ in root.iter()) > MOST_ELEMENTS:
        raise CapRefused(f"it has more than {MOST_ELEMENTS} elements", "send a smaller one")
    if (info.encoding or "UTF-8").upper() not in {"UTF-8", "US-ASCII", "ASCII"}:
        reader.odd("encoding", "alert", "it is not written in UTF-8")
    return root


def _parser() -> Any:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )


def _namespace_of(root: Any) -> str:
    name = etree.QName(root)
    if name.localname != "alert" or name.namespace not in VERSIONS:
        raise CapRefused("it is not a CAP alert", "send one CAP message, not a feed or an envelope")
    return str(name.namespace)


def _require_word(fields: dict[str, Any], field: str, path: str, words: type[Status] | type[MsgType]) -> None:
    if fields.get(field, "") not in list(words):
        raise CapRefused(f"{path} is missing or unknown", f"use one of {', '.join(words)}")


def _pair(text: str) -> tuple[float, float] | None:
    latitude, comma, longitude = text.partition(",")
    if not comma or not _DECIMAL.fullmatch(latitude) or not _DECIMAL.fullmatch(longitude):
        return None
    return float(latitude), float(longitude)
