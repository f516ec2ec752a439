"""Reasons: which fields of a record hold words of people, by the kind of the record. One table says it.

Everything else is numbers, codes and names, and is found by its columns. What is returned is masked: a phone
number that somebody typed into a reason is never indexed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson

from services.kit.masking import masked

_WARNING = (
    *("notice.text.headline", "notice.text.description", "notice.text.instruction", "notice.text.short"),
    *("notice.text_en.headline", "notice.text_en.description", "notice.text_en.instruction"),
    "notice.text_en.short",
)

FIELDS: dict[str, tuple[str, ...]] = {
    "warning.issued": _WARNING,
    "warning.updated": _WARNING,
    "warning.cancelled": _WARNING,
    "warning.halted": ("reason",),
    "delivery.reported": ("detail",),
    "station.told": ("back.help", "back.road_where"),
    "proposal.made": ("headline", "evidence"),
    "letter.buried": ("reason",),
}
"""Of messages, by the kind of their record: the places of texts in them."""

FACT = (
    *("reason", "note", "why", "remark", "comment", "text", "words", "keywords", "headline", "title"),
    *("evidence", "problem", "error", "mend", "faults", "cause", "message", "help"),
)
"""Of facts of any kind: the fields of their details that hold texts, or lists of texts."""

SILENT = (
    *("station.seen", "registry.changed", "plan.made", "plan.amended", "unknown"),
    *("delivery.requested", "delivery.withdrawn", "delivery.spared"),
    *("audit.queried", "audit.exported", "audit.export-ended"),
)
"""Kinds that hold no words of their own: they are not even read. What was asked is no reason, and a question
for something that was deleted must not bring it back."""

LONGEST = 20_000
"""So much of a text is indexed."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text in a record: in which field it stands."""

    field: str
    text: str


def texts(kind: str, payload: bytes) -> list[Text]:
    """Return the texts of a record, masked; nothing of one that holds none or cannot be read."""
    if kind in SILENT or (kind == "delivery.reported" and b'"detail":"' not in payload):
        return []
    try:
        said = orjson.loads(payload)
    except orjson.JSONDecodeError:
        return []
    found = _found(kind, said) if isinstance(said, dict) else ()
    return [Text(field, masked(text[:LONGEST])) for field, text in found if text.strip()]


def _found(kind: str, said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for place in FIELDS.get(kind, ()):
        value: Any = said
        for step in place.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, str):
            yield place.rpartition(".")[2], value
    detail = said.get("detail")
    if isinstance(detail, dict):
        for name in FACT:
            yield from ((name, text) for text in _strings(detail.get(name)))


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (one for one in value if isinstance(one, str))


def whose(actor: str | None, kind: str, payload: bytes) -> set[str]:
    """Return who said a record, as far as it can be asked by: the account, or the name in a halt."""
    found = {actor} if actor else set()
    if kind == "warning.halted":
        try:
            by = orjson.loads(payload).get("by")
        except (orjson.JSONDecodeError, AttributeError):
            by = None
        found |= {by} if isinstance(by, str) and by else set()
    return found
