"""What a password must be: long, and not what everybody tries first."""

import re

from services.kit.errors import Invalid

SHORTEST, LONGEST = 12, 200
FEWEST_SIGNS = 5
_OWN = 4
"""How many letters must be left when the words that everybody tries are taken away."""

_WORDS = """
password passwd passw0rd p@ssw0rd passwort secret letmein welcome iloveyou admin administrator root user
guest test demo login master hello monkey dragon sunshine princess football baseball shadow superman
qwerty qwertyuiop asdfgh asdfghjkl zxcvbn zxcvbnm 1qaz2wsx qazwsx abcdef abcd1234 abc123 a1b2c3
woaini mima woshi nihao zhongguo beijing chongqing qijiang qixiang yujing tianqi yutian weather warning
rainstorm changeme default forecast station
"""
COMMON = frozenset(_WORDS.split())
"""The words that are tried first, here and everywhere."""

_RUNS = re.compile(r"0?(?:123456789|12345678|1234567|123456|12345)0?|1234|654321|987654321|(.)\1{3,}")


def check(password: str, username: str, field: str = "password") -> None:
    """Raise Invalid for a password that somebody could guess."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(field, "is too short or too long", f"use {SHORTEST} to {LONGEST} characters")
    folded = password.lower()
    if len(username) > 2 and username in folded:
        raise Invalid(field, "contains the user name", "leave the name out")
    if len(set(folded)) < FEWEST_SIGNS or _is_common(folded):
        raise Invalid(
            field, "is among those that everybody tries", "use several words that do not belong together"
        )


def _is_common(folded: str) -> bool:
    """Tell whether nothing is left of a password but what everybody tries."""
    rest = _RUNS.sub("", folded)
    for word in sorted(COMMON, key=len, reverse=True):
        rest = rest.replace(word, "")
    return sum(sign.isalnum() for sign in rest) < _OWN
