"""The demo's partners: made-up ids and secrets, kept in the demo's folder, told to both sides."""

import secrets
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from services.kit.crypto import KeyFolder
from services.kit.settings import Settings
from services.kit.sm import PrivateKey
from services.kit.xmlsig import CapSigner
from contracts.values import Mode

PLATFORM = "45001100000000303010201"
OURS = "45001100000000103010101"
"""Made-up resource codes of the platform and of us (domain digest, 4.3)."""

WORLD = ("world", "broadcast", "cable", "wechat", "app")
FIELDS = ("thing1", "thing2", "time3", "thing4")


@dataclass(frozen=True)
class Partners:
    """Who plays the partners, where, and with which secrets."""

    folder: Path
    first_port: int
    secrets: dict[str, Any]

    def ports(self) -> dict[str, int]:
        """Return the port of each part of the sandbox."""
        return {name: self.first_port + n for n, name in enumerate(WORLD)}

    def url(self, name: str) -> str:
        """Return where a part of the sandbox answers."""
        return f"http://127.0.0.1:{self.ports()[name]}"
