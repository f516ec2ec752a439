"""What the CAP 1.2 schema demands, with the strict form of dates that its pattern forgets."""

import re
from collections.abc import Iterator
from typing import Any

from contracts.cap.dates import moment_of
from contracts.cap.findings import Finding, found
from contracts.cap.layout import LAYOUT, Kind, Slot
from contracts.cap.model import CapAlert, NamedValue
from contracts.values import Value

_LANGUAGE = re.compile(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*", re.ASCII)
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def schema_findings(alert: CapAlert) -> Iterator[Finding]:
    """Yield what keeps the message from being a CAP 1.2 document."""
    return _of_part(alert, "alert")


def _of_part(part: Value, path: str) -> Iterator[Finding]:
    for slot in LAYOUT[type(part)]:
        value = getattr(part, slot.field)
        here = f"{path}/{slot.element}"
        if slot.required and value in {"", ()} and not isinstance(part, NamedValue):
            yield found("missing", here, "it is missing")
        for number, item in enumerate(value, 1) if slot.many else [(0, value)]:
            yield from _of_value(item, slot, f"{here}[{number}]" if slot.many else here)


def _of_value(value: Any, slot: Slot, path: str) -> Iterator[Finding]:
    if slot.part:
        yield from _of_part(value, path)
    elif isinstance(value, str) and value:
        yield from _of_text(value, slot, path)


def _of_text(text: str, slot: Slot, path: str) -> Iterator[Finding]:
    if _NOT_XML.search(text):
        yield found("characters", path, "it holds characters that XML forbids")
    if slot.words and text not in list(slot.words):
        yield found("word-unknown", path, f"it is none of {', '.join(slot.words)}")
    if slot.kind is Kind.DATE and moment_of(text) is None:
        yield found("date-form", path, "it is not a date as CAP writes it")
    if slot.kind is Kind.LANGUAGE and not _LANGUAGE.fullmatch(text):
        yield found("language-form", path, "it is not a language tag")
