"""Words: how a text is cut into tokens, how a question is cut into terms, and where a term stands in a text.

Chinese has no borders of words: each run of it becomes its pairs of characters, and its last character alone,
so that every single character is the beginning of a token. Other words and numbers are tokens whole. Width,
case and compatibility forms do not count.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from services.kit.errors import Invalid

LONGEST_QUESTION = 200
LONGEST_WORD = 40
"""Of a longer word the beginning is indexed; the whole word is looked for in the text."""

MOST_TOKENS = 5_000
"""So many different tokens of one record are indexed; no text of ours comes near."""

_HAN = "\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(f"(?P<han>[{_HAN}]+)|(?:(?![{_HAN}])[^\\W_])+")
_BEFORE, _AFTER = f"(?:(?<=[{_HAN}])|(?<![^\\W_]))", f"(?:(?=[{_HAN}])|(?![^\\W_]))"
_BETWEEN = r"[\W_]*"
_QUOTED = re.compile(r'"([^"]*)"|“([^”]*)”|「([^」]*)」|(\S+)')

Span = tuple[int, int]


@dataclass(frozen=True)
class Wanted:
    """A token that must stand in a record, or any token with this beginning."""

    token: bytes
    beginning: bool = False


@dataclass(frozen=True)
class Term:
    """One thing that is looked for: characters and words that follow on each other."""

    tokens: frozenset[Wanted]
    pattern: re.Pattern[str]


@lru_cache(maxsize=65_536)
def _folded(character: str) -> str:
    return unicodedata.normalize("NFKC", character).casefold()


def folded(text: str) -> str:
    """Return a text without differences of width, case and form."""
    return "".join(map(_folded, text))


def _runs(plain: str) -> Iterator[tuple[str, bool]]:
    """Yield the runs of a folded text, each with whether it is Chinese."""
    for found in _RUN.finditer(plain):
        yield found[0], found["han"] is not None


def tokens(texts: Iterable[str]) -> set[bytes]:
    """Return the tokens of the texts of a record."""
    found: set[str] = set()
    for text in texts:
        for run, han in _runs(folded(text)):
            if han:
                found.update(run[i : i + 2] for i in range(len(run)))
            else:
                found.add(run[:LONGEST_WORD])
            if len(found) >= MOST_TOKENS:
                return {_bytes(token) for token in sorted(found)[:MOST_TOKENS]}
    return {_bytes(token) for token in found}


def _bytes(token: str) -> bytes:
    return token.encode(errors="replace")


def terms(question: str) -> list[Term]:
    """Return what a question looks for; raise Invalid when it holds nothing that can be looked for."""
    if len(question) > LONGEST_QUESTION:
        mend = f"ask with at most {LONGEST_QUESTION} characters"
        raise Invalid("q", f"has {len(question)} characters", mend)
    parts = (next(filter(None, found.groups()), "") for found in _QUOTED.finditer(question))
    wanted = [term for term in map(_term, parts) if term is not None]
    if not wanted:
        raise Invalid("q", "holds no word", "ask for a character, a word or a number; signs are not indexed")
    return wanted


def _term(part: str) -> Term | None:
    runs = list(_runs(folded(part)))
    if not runs:
        return None
    found: set[Wanted] = set()
    for run, han in runs:
        if not han:
            found.add(Wanted(_bytes(run[:LONGEST_WORD])))
        elif len(run) == 1:
            found.add(Wanted(_bytes(run), beginning=True))
        else:
            found.update(Wanted(_bytes(run[i : i + 2])) for i in range(len(run) - 1))
    written = (re.escape(run) if han else f"{_BEFORE}{re.escape(run)}{_AFTER}" for run, han in runs)
    return Term(frozenset(found), re.compile(_BETWEEN.join(written)))


def marks(text: str, wanted: Sequence[Term]) -> list[list[Span]]:
    """Return for each term where it stands in a text, as it is written."""
    pieces = [_folded(character) for character in text]
    plain = "".join(pieces)
    origin = [i for i, piece in enumerate(pieces) for _ in piece]
    return [
        [(origin[found.start()], origin[found.end() - 1] + 1) for found in term.pattern.finditer(plain)]
        for term in wanted
    ]


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, those that touch as one."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found
