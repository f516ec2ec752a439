"""The OpenAPI description as rows for a page that loads nothing from outside."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Field:
    """A parameter of a call."""

    name: str
    place: str
    shape: str
    meaning: str
    required: bool


@dataclass(frozen=True)
class Content:
    """A body, by media type."""

    media_type: str
    shape: str
    example: Any


@dataclass(frozen=True)
class Call:
    """One call of the API."""

    name: str
    method: str
    path: str
    summary: str
    description: str
    fields: tuple[Field, ...]
    bodies: tuple[Content, ...]
    answers: tuple[tuple[str, str, tuple[Content, ...]], ...]


def calls_of(api: dict[str, Any]) -> dict[str, list[Call]]:
    """Return the calls by tag, in the order of the description."""
    grouped: dict[str, list[Call]] = {}
    for path, methods in api["paths"].items():
        for method, call in methods.items():
            tag = (call.get("tags") or ["other"])[0]
            grouped.setdefault(tag, []).append(_call(path, method, call))
    return grouped


def _call(path: str, method: str, call: dict[str, Any]) -> Call:
    return Call(
        name=call.get("operationId", f"{method}{path}"),
        method=method.upper(),
        path=path,
        summary=call.get("summary", ""),
        description=call.get("description", ""),
        fields=tuple(_field(p) for p in call.get("parameters", ())),
        bodies=_contents(call.get("requestBody", {})),
        answers=tuple(
            (status, answer.get("description", ""), _contents(answer))
            for status, answer in call["responses"].items()
        ),
    )


def _field(parameter: dict[str, Any]) -> Field:
    return Field(
        name=parameter["name"],
        place=parameter["in"],
        shape=_shape(parameter.get("schema", {})),
        meaning=parameter.get("description", ""),
        required=parameter.get("required", False),
    )


def _contents(holder: dict[str, Any]) -> tuple[Content, ...]:
    return tuple(
        Content(media, _shape(body.get("schema", {})), _example(body))
        for media, body in holder.get("content", {}).items()
    )


def _example(body: dict[str, Any]) -> Any:
    for example in body.get("examples", {}).values():
        return example.get("value")
    return body.get("example")


def _shape(schema: dict[str, Any]) -> str:
    """Return a schema in a word: a type, a named shape, or several."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " | ".join(_shape(option) for option in schema["anyOf"])
    if schema.get("type") == "array":
        return f"{_shape(schema.get('items', {}))}[]"
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    return str(schema.get("type", ""))
