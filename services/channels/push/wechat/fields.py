"""The fields of a template message: a digest of a warning, each part as long as its kind allows. Pure."""

import re
from collections.abc import Mapping

from services.kit.errors import Refused

LONGEST = {"thing": 20, "character_string": 32, "phrase": 5, "const": 20, "name": 10}
"""Characters by the kind of field; WeChat refuses longer ones with 47003."""

_NAME = re.compile(r"([a-z_]+)\d+")


def read(setting: str) -> dict[str, str]:
    """Return field -> part from a setting such as `thing1=title,phrase2=level`; raise Refused for others."""
    found: dict[str, str] = {}
    for pair in filter(None, (p.strip() for p in setting.split(","))):
        name, _, part = pair.partition("=")
        if not _NAME.fullmatch(name) or not part.isidentifier():
            raise Refused(
                "the fields of the WeChat template cannot be read",
                mend="write them as thing1=title,phrase2=level,time3=sent",
            )
        found[name] = part
    return found


def fitted(field: str, text: str) -> str:
    """Return the text of a field, one line, cut to what its kind holds; raise Refused when it is empty."""
    plain = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    if not plain:
        why = f"the rendered text of the template field {field} is empty"
        raise Refused(why, mend="choose the area and write the text first")
    most = longest(field)
    if len(plain) <= most:
        return plain
    return plain[:most] if most < LONGEST["name"] else plain[: most - 1] + "…"


def longest(field: str) -> int:
    """Return how many characters a field holds, by the kind in its name."""
    match = _NAME.fullmatch(field)
    return LONGEST.get(match[1], 200) if match else 200


def filled(parts: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """Return the data of a template message from field -> text."""
    return {field: {"value": fitted(field, text)} for field, text in parts.items()}
