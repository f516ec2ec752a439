"""Masking: no mobile number in any text that is shown, indexed or recorded, in whatever form it was typed.

A number stands alone, or behind 86, 0086, +86, 0 or the prefix of a cheap line, in one piece or in the usual
groups, with spaces, dashes or dots between them, as they are or as a URL writes them; in rarer groups, or
with rarer signs between, when all of those signs are the same; in digits of any script, or in Chinese
numerals. What is longer is none: codes of areas, identifiers, moments and hashes stay as they are.
"""

import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote_plus

_BETWEEN = (
    r"(?:[ \t.\-+()\u00a0\u2010-\u2015\u2212\u3000\u30fb\u00b7\u200b-\u200f\u2060\ufeff]"
    r"|%20|%2[BbDdEe89]|%09|%C2%A0|%2520){0,3}"
)
_GROUPS = (
    (3, 4, 4),
    (3, 8),
    (7, 4),
    (3, 3, 5),
    (4, 3, 4),
    (4, 4, 3),
    (5, 6),
    (6, 5),
    (1, 3, 3, 4),
)
"""How people write the eleven digits."""


def _form(groups: tuple[int, ...]) -> str:
    """Return the pattern of a number in these groups; its second digit is 3 to 9."""
    if groups[0] == 1:
        return f"1{_BETWEEN}[3-9]" + _rest((groups[1] - 1, *groups[2:]))
    return "1[3-9]" + _rest((groups[0] - 2, *groups[1:]))


def _rest(groups: tuple[int, ...]) -> str:
    return _BETWEEN.join(rf"[0-9]{{{size}}}" for size in groups)


_ALIKE = (
    (r"[,/_~]|\r?\n|\\n|[ \t]{4,8}", ((3, 4, 4), (3, 8))),
    (r"[ .\-]", ((3, 2, 2, 2, 2), (3, 3, 3, 2), (2, 4, 5))),
    (r"[ .,/_~\-]", ((1,) * 11,)),
)
"""Rarer groups and signs; one sign stands between all of them."""


def _alike() -> Iterator[str]:
    for signs, forms in _ALIKE:
        for groups in forms:
            name = f"s{len(groups)}{groups[0]}{groups[1]}"
            pieces = [f"[0-9]{{{size}}}" for size in groups]
            pieces[0] = "1[3-9]" + f"[0-9]{{{groups[0] - 2}}}" if groups[0] > 1 else "1"
            pieces[1] = pieces[1] if groups[0] > 1 else "[3-9]"
            first, second, *rest = pieces
            yield f"{first}(?P<{name}>{signs}){second}" + "".join(f"(?P={name}){piece}" for piece in rest)


_ID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_CHEAP = "179(?:51|11|09)|12593|10193|11808"
_PREFIX = rf"(?:(?:(?:\+|%2[Bb]|00)?{_BETWEEN}86|0|{_CHEAP}){_BETWEEN})?"
_DIGITS = rf"(?P<number>{'|'.join([*(_form(groups) for groups in _GROUPS), *_alike()])})"
_ALONE = re.compile(rf"[(]?{_PREFIX}{_DIGITS}")
_NUMBER = re.compile(
    rf"(?P<id>(?<![0-9A-Za-z]){_ID}(?![0-9A-Za-z]))"
    rf"|(?:(?<![0-9])|(?<=%[0-9A-Fa-f][0-9A-Fa-f]))(?P<prefix>{_PREFIX})"
    rf"{_DIGITS}(?![0-9])"
)
_SIGNS = _BETWEEN.replace("){0,3}", r"|[,/_~\r\n]|\\n){0,8}")
_SIEVE = re.compile(rf"1{_SIGNS}[3-9](?:{_SIGNS}[0-9]){{9}}(?![0-9])")
"""Eleven digits in whatever groups: whoever has none has no number. It begins with one letter: it is fast."""

_NUMERALS = dict(zip("〇零一壹幺二两贰三叁四肆五伍六陆七柒八捌九玖", "0011122233445566778899", strict=True))
_NUMERAL = f"[{''.join(_NUMERALS)}]"
_SPOKEN = re.compile(
    rf"(?<!{_NUMERAL})[一壹幺][ .\-]?(?![〇零一壹幺二两贰]){_NUMERAL}(?:[ .\-]?{_NUMERAL}){{9}}(?!{_NUMERAL})"
)
"""A number in Chinese numerals."""

_EXTENSION = re.compile(r"[xX][0-9]{1,5}\Z")
_DIGIT = re.compile("[0-9]")
_WORD_BEFORE = re.compile(r"[0-9A-Za-z]*\Z")
_WORD_BEHIND = re.compile(r"[0-9A-Za-z]*")
_ESCAPES = re.compile(r"%[0-9A-Fa-f]{2}")
_LONGEST_WORD = 64
DIGITS = 11
_SMALLEST = 13_000_000_000
"""No number is below it."""


def masked(text: str) -> str:
    """Return a text in which every mobile number is shown by its ends only: `138****5678`."""
    if len(text) < DIGITS:
        return text
    pieces, done = [], 0
    for start, end, number in _numbers(text):
        pieces += [text[done:start], f"{number[:3]}****{number[7:]}"]
        done = end
    return "".join([*pieces, text[done:]]) if pieces else text


def masked_query(text: str) -> str:
    """Return the query of a URL masked; one that hides a number behind its escapes is decoded first."""
    plain = unquote_plus(text)
    hidden = masked(plain)
    return masked(text) if hidden == plain else hidden


def masked_deep(value: Any) -> Any:
    """Return a value of JSON in which every text is masked, and every integer that is a number."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {masked(name) if isinstance(name, str) else name: masked_deep(v) for name, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked_deep(one) for one in value]
    if isinstance(value, int | float) and not -_SMALLEST < value < _SMALLEST:
        return _masked_amount(value)
    return value


def _masked_amount(value: float) -> Any:
    """Return an amount as it is, or what is shown in its place when its whole part is a number."""
    text = str(int(value)) if isinstance(value, int) or math.isfinite(value) else ""
    return masked(text) if has_number(text) else value


def has_number(text: str) -> bool:
    """Tell whether a mobile number stands in a text."""
    return next(_numbers(text), None) is not None


def number_of(text: str) -> str | None:
    """Return the eleven digits of a text that is one mobile number and nothing else, else None."""
    found = _ALONE.fullmatch(_plain(text.strip()))
    return _digits(found["number"]) if found else None


def _numbers(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield where the digits of each number stand, and the digits."""
    plain = _plain(text)
    found = _written(plain) if _SIEVE.search(plain) else []
    if not plain.isascii() and _SPOKEN.search(plain):
        found = sorted([*found, *_spoken(plain)])
    yield from found


def _written(plain: str) -> list[tuple[int, int, str]]:
    return [
        (found.start("number"), found.end(), _digits(found["number"]))
        for found in _NUMBER.finditer(plain)
        if found["id"] is None and not _in_a_code(plain, found.start(), found.end())
    ]


def _spoken(plain: str) -> list[tuple[int, int, str]]:
    return [
        (found.start(), found.end(), "".join(_NUMERALS.get(letter, "") for letter in found[0]))
        for found in _SPOKEN.finditer(plain)
    ]


def _digits(number: str) -> str:
    return "".join(_DIGIT.findall(_ESCAPES.sub("", number.replace("%2520", ""))))


def _plain(text: str) -> str:
    """Return a text with digits and signs of whatever script as our own; it keeps its length."""
    return text if text.isascii() else text.translate(_SCRIPTS)


def _ascii(letter: str) -> str:
    if letter.isascii():
        return letter
    digit = unicodedata.decimal(letter, None)
    plain = unicodedata.normalize("NFKC", letter) if digit is None else str(digit)
    return plain if len(plain) == 1 and plain.isascii() else letter


class _Scripts(dict[int, str]):
    """Letters of all scripts as our own; those met are remembered, except the rarest, which are too many."""

    def __missing__(self, code: int) -> str:
        found = _ascii(chr(code))
        if code <= _BASIC_PLANE:
            self[code] = found
        return found


_BASIC_PLANE = 0xFFFF
_SCRIPTS = _Scripts()


def _in_a_code(text: str, start: int, end: int) -> bool:
    """Tell whether the word in which a match lies has more digits: a hash, or another code."""
    before = _ESCAPES.sub("", text[max(0, start - _LONGEST_WORD) : start])
    word = _WORD_BEFORE.search(before)
    behind = _WORD_BEHIND.match(text[end : end + _LONGEST_WORD])
    after = behind[0] if behind else ""
    around = (word[0] if word else "") + _EXTENSION.sub("", after)
    return _DIGIT.search(around) is not None
