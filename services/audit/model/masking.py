"""Masking: no phone number in clear, wherever a text comes from."""

import re

_PHONE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(1[3-9]\d)[- ]?(\d{4})[- ]?(\d{4})(?!\d)")


def masked(text: str) -> str:
    """Return a text in which only the ends of phone numbers can be read: `138****5678`."""
    return _PHONE.sub(r"\1****\3", text)
