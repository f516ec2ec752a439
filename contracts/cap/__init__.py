"""CAP 1.2, the contract with the world: messages in and out, and every rule that they can break."""

from contracts.cap.compose import compose
from contracts.cap.dates import Reference, cap_time, moment_of, reference, references_of
from contracts.cap.findings import RULES, CapReading, Finding, Grade
from contracts.cap.layout import NAMESPACE, SIGNATURE_NAMESPACE
from contracts.cap.model import (
    CapAlert,
    CapArea,
    CapCircle,
    CapInfo,
    CapRefused,
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
    turned,
)
from contracts.cap.national import file_name, national
from contracts.cap.read import read
from contracts.cap.rules import check
from contracts.cap.write import write

__all__ = [
    "NAMESPACE",
    "RULES",
    "SIGNATURE_NAMESPACE",
    "CapAlert",
    "CapArea",
    "CapCircle",
    "CapInfo",
    "CapReading",
    "CapRefused",
    "CapResource",
    "Category",
    "Certainty",
    "Finding",
    "Grade",
    "MsgType",
    "NamedValue",
    "Reference",
    "ResponseType",
    "Scope",
    "Severity",
    "Status",
    "Urgency",
    "cap_time",
    "check",
    "compose",
    "file_name",
    "moment_of",
    "national",
    "read",
    "reference",
    "references_of",
    "turned",
    "write",
]
