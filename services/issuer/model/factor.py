"""The second factor: codes of RFC 6238, and the recovery codes for when the phone is lost."""

import secrets
from base64 import b32encode
from collections.abc import Iterable
from datetime import datetime
from hashlib import sha256
from hmac import compare_digest

from pyotp import TOTP, random_base32

ISSUER = "御天 Yutian"
DIGITS = 6
DRIFT = 1
"""How many steps of 30 seconds a phone's clock may be wrong, either way."""

RECOVERY_CODES = 10
_RECOVERY_BYTES = 10
"""80 random bits: enough that a plain hash of a code tells nothing."""


def new_secret() -> str:
    """Return 160 random bits in base 32."""
    return random_base32()


def address(secret: str, username: str) -> str:
    """Return what the QR code says to an authenticator."""
    return TOTP(secret).provisioning_uri(name=username, issuer_name=ISSUER)


def in_groups(secret: str) -> str:
    """Return a secret as people read it out and type it in."""
    return " ".join(secret[n : n + 4] for n in range(0, len(secret), 4))


def code_at(secret: str, at: datetime) -> str:
    """Return the code that an authenticator shows."""
    return TOTP(secret).at(at)


def step_of(secret: str, code: str, at: datetime, last: int) -> int | None:
    """Return the time step of a code, None when it is wrong or not later than the last one used."""
    known = TOTP(secret)
    now = known.timecode(at)
    found = None
    for step in range(now - DRIFT, now + DRIFT + 1):
        if compare_digest(known.generate_otp(step).encode(), code.encode()) and step > last:
            found = step
    return found


def new_recovery_codes() -> list[str]:
    """Return codes for a sheet of paper, each good once."""
    return [_new_code() for _ in range(RECOVERY_CODES)]


def _new_code() -> str:
    code = b32encode(secrets.token_bytes(_RECOVERY_BYTES)).decode().lower()
    return "-".join(code[n : n + 4] for n in range(0, len(code), 4))


def hashes(username: str, codes: Iterable[str]) -> list[str]:
    """Return the hashes under which recovery codes are kept, however they were typed."""
    return [sha256(f"{username}/{_plain(code)}".encode()).hexdigest() for code in codes]


def _plain(code: str) -> str:
    return "".join(letter for letter in code.lower() if letter.isalnum())
