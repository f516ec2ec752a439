"""One way to turn a value into bytes, so that a hash means the same to everyone."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel


def canonical_bytes(value: Any) -> bytes:
    """Return the value as UTF-8 JSON with sorted keys and no spaces; models are dumped in JSON mode.

    Floats are refused by nobody here but should not be hashed where the text form may differ between
    languages: messages that are hashed hold integers, strings and RFC 3339 instants.
    """
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def sha256_hex(content: bytes) -> str:
    """Return the SHA-256 of the bytes as 64 lower-case hex digits."""
    return hashlib.sha256(content).hexdigest()


def content_hash(value: Any) -> str:
    """Return the SHA-256 of the canonical bytes of a value."""
    return sha256_hex(canonical_bytes(value))


def list_hash(sorted_items: Iterable[str]) -> str:
    """Return the SHA-256 over the items, each followed by a line feed. The caller sorts."""
    digest = hashlib.sha256()
    for item in sorted_items:
        digest.update(item.encode())
        digest.update(b"\n")
    return digest.hexdigest()
