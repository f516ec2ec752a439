"""Identifiers: time-ordered ones for rows, random ones for secrets."""

import os
import secrets
import time
from uuid import UUID


def uuid7() -> UUID:
    """Return a new UUID version 7 (RFC 9562): unique, and sorted by time, so that indexes grow at one end."""
    ms = time.time_ns() // 1_000_000
    value = (ms << 80) | int.from_bytes(os.urandom(10), "big")
    value = (value & ~(0xF << 76)) | (0x7 << 76)
    value = (value & ~(0x3 << 62)) | (0x2 << 62)
    return UUID(int=value)


def token(bits: int = 256) -> str:
    """Return a new random secret in URL-safe characters."""
    return secrets.token_urlsafe(bits // 8)
