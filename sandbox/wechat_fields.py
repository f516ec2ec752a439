"""The limits that WeChat puts on the fields of a template message."""

import re
from collections.abc import Sequence
from typing import Any

_RULES = {
    "thing": (r".{1,20}", "at most 20 characters"),
    "character_string": (r"[!-~ ]{1,32}", "at most 32 letters, digits and symbols"),
    "phrase": (r"[\u4e00-\u9fff]{1,5}", "at most 5 Chinese characters"),
    "time": (r"\d{4}[-年/]\d{1,2}[-月/]\d{1,2}日? ?(?:\d{1,2}:\d{2}(?::\d{2})?)?", "a time"),
    "date": (r"\d{4}[-年/]\d{1,2}[-月/]\d{1,2}日?(?: \d{1,2}:\d{2})?", "a date"),
    "number": (r"-?\d{1,32}(?:\.\d+)?", "at most 32 digits"),
    "letter": (r"[A-Za-z]{1,32}", "at most 32 letters"),
    "symbol": (r"[^\w\s]{1,5}", "at most 5 symbols"),
    "phone_number": (r"[\d+-]{1,17}", "at most 17 digits"),
    "name": (r"[\u4e00-\u9fff·]{1,10}|[A-Za-z ]{1,20}", "at most 10 Chinese characters"),
    "const": (r".{1,20}", "one of the words that were filed"),
}
_KNOWN = {"touser", "template_id", "url", "miniprogram", "data", "client_msg_id"}
_LONGEST_CLIENT_ID = 64
_LONGEST_URL = 2048


def objection(names: Sequence[str], document: dict[str, Any]) -> str | None:
    """Return what is wrong with a template message, None when nothing is."""
    if unknown := sorted(set(document) - _KNOWN):
        return f"{unknown[0]} is unknown"
    client_msg_id, url, data = (document.get(key) for key in ("client_msg_id", "url", "data"))
    if client_msg_id is not None and not _is_text(client_msg_id, _LONGEST_CLIENT_ID):
        return "client_msg_id"
    if url is not None and not (_is_text(url, _LONGEST_URL) and re.match(r"https?://", url)):
        return "url"
    if not isinstance(data, dict):
        return "data"
    if unknown := sorted(set(map(str, data)) - set(names)):
        return f"data.{unknown[0]} is not in the template"
    return next((why for name in names if (why := _field(name, data.get(name))) is not None), None)


def _field(name: str, given: Any) -> str | None:
    value = given.get("value") if isinstance(given, dict) else None
    if not isinstance(value, str) or not value:
        return f"data.{name}.value is empty"
    pattern, rule = _RULES.get(re.sub(r"\d+$", "", name), (r".{1,200}", "at most 200 characters"))
    return None if re.fullmatch(pattern, value) else f"data.{name}.value: {rule}"


def _is_text(value: Any, longest: int) -> bool:
    return isinstance(value, str) and 0 < len(value) <= longest
