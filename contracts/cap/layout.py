"""The elements of CAP 1.2 in their order, as one table that writes, reads and checks."""

from dataclasses import dataclass
from enum import Enum, StrEnum

from contracts.cap.model import (
    CapAlert,
    CapArea,
    CapInfo,
    CapResource,
    Category,
    Certainty,
    MsgType,
    NamedValue,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
)
from contracts.values import Value

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
VERSIONS = {
    NAMESPACE: "1.2",
    "urn:oasis:names:tc:emergency:cap:1.1": "1.1",
    "http://www.incident.com/cap/1.0": "1.0",
}
"""The namespaces that are read; only the first is written."""

SIGNATURE_NAMESPACE = "http://www.w3.org/2000/09/xmldsig#"


class Kind(Enum):
    """How the content of an element is read and written."""

    TEXT = "text"
    DATE = "date"
    LANGUAGE = "language"
    POLYGON = "polygon"
    CIRCLE = "circle"
    DECIMAL = "decimal"
    INTEGER = "integer"


@dataclass(frozen=True)
class Slot:
    """One element: the field that holds it, and what it may hold."""

    element: str
    field: str
    kind: Kind = Kind.TEXT
    many: bool = False
    required: bool = False
    part: type[Value] | None = None
    words: type[StrEnum] | None = None


LAYOUT: dict[type[Value], tuple[Slot, ...]] = {
    CapAlert: (
        Slot("identifier", "identifier", required=True),
        Slot("sender", "sender", required=True),
        Slot("sent", "sent", Kind.DATE, required=True),
        Slot("status", "status", required=True, words=Status),
        Slot("msgType", "msg_type", required=True, words=MsgType),
        Slot("source", "source"),
        Slot("scope", "scope", required=True, words=Scope),
        Slot("restriction", "restriction"),
        Slot("addresses", "addresses"),
        Slot("code", "codes", many=True),
        Slot("note", "note"),
        Slot("references", "references"),
        Slot("incidents", "incidents"),
        Slot("info", "infos", many=True, part=CapInfo),
    ),
    CapInfo: (
        Slot("language", "language", Kind.LANGUAGE),
        Slot("category", "categories", many=True, required=True, words=Category),
        Slot("event", "event", required=True),
        Slot("responseType", "response_types", many=True, words=ResponseType),
        Slot("urgency", "urgency", required=True, words=Urgency),
        Slot("severity", "severity", required=True, words=Severity),
        Slot("certainty", "certainty", required=True, words=Certainty),
        Slot("audience", "audience"),
        Slot("eventCode", "event_codes", many=True, part=NamedValue),
        Slot("effective", "effective", Kind.DATE),
        Slot("onset", "onset", Kind.DATE),
        Slot("expires", "expires", Kind.DATE),
        Slot("senderName", "sender_name"),
        Slot("headline", "headline"),
        Slot("description", "description"),
        Slot("instruction", "instruction"),
        Slot("web", "web"),
        Slot("contact", "contact"),
        Slot("parameter", "parameters", many=True, part=NamedValue),
        Slot("resource", "resources", many=True, part=CapResource),
        Slot("area", "areas", many=True, part=CapArea),
    ),
    CapResource: (
        Slot("resourceDesc", "desc", required=True),
        Slot("mimeType", "mime_type", required=True),
        Slot("size", "size", Kind.INTEGER),
        Slot("uri", "uri"),
        Slot("derefUri", "deref_uri"),
        Slot("digest", "digest"),
    ),
    CapArea: (
        Slot("areaDesc", "desc", required=True),
        Slot("polygon", "polygons", Kind.POLYGON, many=True),
        Slot("circle", "circles", Kind.CIRCLE, many=True),
        Slot("geocode", "geocodes", many=True, part=NamedValue),
        Slot("altitude", "altitude", Kind.DECIMAL),
        Slot("ceiling", "ceiling", Kind.DECIMAL),
    ),
    NamedValue: (
        Slot("valueName", "name", required=True),
        Slot("value", "value", required=True),
    ),
}
