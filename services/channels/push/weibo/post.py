"""The words of a post: a title, what fits of the text, and the link to the full page. Pure."""

import math

from services.kit.errors import Refused

LONGEST = 140
"""Chinese characters of a post; two letters or digits count as one."""

_MORE = "…"
_TELLING = str.maketrans({"@": "＠", "#": "＃"})
"""What would call somebody, or open a topic, is written so that it does not."""


def weight(text: str) -> int:
    """Return how many characters a text counts for; a link counts as it is written, which is never less."""
    return math.ceil(sum(1 if ord(c) > 0x7F else 0.5 for c in text))


def fitted(text: str, most: int) -> str:
    """Return a text, cut to what counts for so many characters."""
    if weight(text) <= most:
        return text
    kept = text
    while kept and weight(kept + _MORE) > most:
        kept = kept[:-1]
    return kept + _MORE if kept else ""


def words(title: str, text: str, link: str) -> str:
    """Return what is said before the link; raise Refused when nothing of it can be seen."""
    head, said = (_plain(part) for part in (title, text))
    if not said:
        raise Refused("the rendered text is empty", mend="write the text first")
    opening = f"【{head}】" if head else ""
    left = LONGEST - weight(opening) - weight(f" {link}")
    return f"{opening}{fitted(said, left)}"


def post(said: str, link: str) -> str:
    """Return the whole post."""
    return f"{said} {link}"


def _plain(text: str) -> str:
    return "".join(c for c in text if c.isprintable()).strip().translate(_TELLING)
