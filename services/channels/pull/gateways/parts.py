"""What the actions of this house are given."""

from dataclasses import dataclass
from typing import Any

from services.channels.pull.gateways.bell import Bells
from services.channels.pull.gateways.model.terms import Terms
from services.channels.pull.gateways.pace import Asks
from services.channels.pull.gateways.settings import GatewaySettings
from services.kit.crypto import CryptoProvider
from services.kit.db import Database
from services.kit.group import GroupCommit


@dataclass(frozen=True)
class Parts:
    """The open parts of the house."""

    db: Database
    crypto: CryptoProvider
    bells: Bells
    settings: GatewaySettings
    link_base: str
    """Under which a token is the address where a person confirms."""
    terms: Terms
    asks: Asks
    hands: GroupCommit[Any, Any]
    """Leases and reports that come at once share a transaction."""
