"""The rule that every text is plain: no HTML, wherever it stands."""

import re
from collections.abc import Iterator
from typing import Any

from contracts.cap.findings import Finding, found
from contracts.cap.layout import LAYOUT, Kind, Slot
from contracts.cap.model import CapAlert
from contracts.values import Value

_MARKUP = re.compile(r"<[a-zA-Z/!][^<>]{0,200}>|&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[a-zA-Z]{2,10});")
_NOT_SPOKEN = frozenset({"derefUri", "uri", "web"})
"""Addresses and files: an ampersand in them is their own."""


def markup_findings(alert: CapAlert) -> Iterator[Finding]:
    """Yield the texts that hold HTML tags or entities, which receivers show as they are."""
    return _of_part(alert, "alert")


def _of_part(part: Value, path: str) -> Iterator[Finding]:
    for slot in LAYOUT[type(part)]:
        if slot.kind is not Kind.TEXT or slot.words or slot.element in _NOT_SPOKEN:
            continue
        value = getattr(part, slot.field)
        here = f"{path}/{slot.element}"
        for number, item in enumerate(value, 1) if slot.many else [(0, value)]:
            yield from _of_value(item, slot, f"{here}[{number}]" if slot.many else here)


def _of_value(value: Any, slot: Slot, path: str) -> Iterator[Finding]:
    if slot.part:
        yield from _of_part(value, path)
    elif _MARKUP.search(value):
        yield found("markup", path, "it holds HTML tags or entities")
