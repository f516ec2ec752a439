"""The fields of a form, from the row that it makes: one source for what can be typed and what is right."""

from functools import lru_cache
from typing import Any

from services.registry.intake import row_of

_HIDDEN = frozenset({"openid"})
"""What no page shows, and so no form may send back empty."""

_DAYS = ("valid_from", "valid_to")


@lru_cache
def fields_of(kind: str) -> list[dict[str, Any]]:
    """Return name, type, choices and whether it is needed, for each field of a kind."""
    model = row_of(kind)
    shapes = model.model_json_schema()
    fields = [
        {
            "name": field.alias or name,
            "needed": field.is_required(),
            "key": name == model.key,
            **_shape(shapes, shapes["properties"][field.alias or name]),
        }
        for name, field in model.model_fields.items()
        if not field.exclude and name not in _HIDDEN and not (name == model.key and not field.is_required())
    ]
    return sorted(fields, key=lambda field: field["name"] in _DAYS)


def _shape(shapes: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    """Return the type of an input and what can be chosen."""
    several = shape.get("anyOf", [shape])
    one = next(part for part in several if part.get("type") != "null" and part.get("const") != "")
    if "$ref" in one:
        one = shapes["$defs"][one["$ref"].rpartition("/")[2]]
    if one.get("enum"):
        return {"type": "choice", "choices": [choice for choice in one["enum"] if choice]}
    kinds = {"boolean": "box", "integer": "whole", "number": "number"}
    return {"type": kinds.get(one.get("type", ""), "text"), "choices": ()}
