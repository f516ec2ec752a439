"""No text comes in by the API that was not looked at: every string that may be sent has a form."""

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

from fastapi import APIRouter, FastAPI

import services

NEVER_KEPT = {"Notice", "WarningText", "Place", "Approver"}
"""Of a rendering, which the desk asks for with the key of our own services: shown, and not kept."""

CLOSED = {"enum", "const", "pattern", "format"}


def whole_api() -> dict[str, Any]:
    app = FastAPI()
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if "migrations" in module.name or module.name.endswith("__main__"):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, APIRouter):
                app.include_router(value)
    return app.openapi()


def open_strings(shape: Any, api: dict[str, Any], place: str, seen: frozenset[str]) -> Iterator[str]:
    """Yield where a shape takes any string at all."""
    if not isinstance(shape, dict):
        return
    name = str(shape.get("$ref", "")).rsplit("/", 1)[-1]
    if name:
        if name not in seen | NEVER_KEPT:
            yield from open_strings(api["components"]["schemas"][name], api, name, seen | {name})
        return
    if shape.get("type") == "string" and not CLOSED & shape.keys():
        yield place
    for part, inner in shape.get("properties", {}).items():
        yield from open_strings(inner, api, f"{place}.{part}", seen)
    for key in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for inner in shape.get(key, ()):
            yield from open_strings(inner, api, place, seen)
    for key in ("items", "additionalProperties"):
        yield from open_strings(shape.get(key), api, place, seen)


def test_every_string_of_a_body_has_a_form() -> None:
    api = whole_api()
    found = set()
    bodies = 0
    for path, calls in api["paths"].items():
        for call in calls.values():
            for content in call.get("requestBody", {}).get("content", {}).values():
                bodies += 1
                found.update(open_strings(content.get("schema"), api, path, frozenset()))
    assert bodies > 20
    assert found == set()
