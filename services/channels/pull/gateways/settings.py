"""The settings of the gateways' house."""

from typing import ClassVar

from pydantic import Field

from services.kit.settings import Settings


class GatewaySettings(Settings):
    """How long work is handed out, and when silence is an alarm."""

    service: ClassVar[str] = "gateways"

    gateways_lease_s: float = Field(120, gt=0, description="How long a lease of SMS work lasts")
    gateways_lease_longest_s: float = Field(
        900, gt=0, description="How long a lease lasts at most, with every extension"
    )
    gateways_most_misses: int = Field(
        5,
        ge=1,
        description="After so many leases that brought nothing, SMS work is dead and an alarm is raised",
    )
    gateways_starved_s: float = Field(
        10, gt=0, description="SMS work that waits so long while its gateway does not pull is an alarm"
    )
    gateways_terms: str = Field(
        "", description="File with what is agreed with the operators in place of ours; empty: ours"
    )
    gateways_most_asks_s: float = Field(
        200,
        gt=0,
        description="A gateway that asks one replica for work more often in a second is told to wait",
    )
    gateways_revoked: str = Field(
        "", description="SHA-256 of client certificates that are dead, in hex, parted by commas"
    )
    gateways_look_s: float = Field(
        5, gt=0, description="How often a long poll looks for itself, should it not have been woken"
    )
    gateways_receipts_kept_h: float = Field(
        48, gt=0, description="How long receipts that match nothing yet are kept"
    )
    gateways_most_unmatched: int = Field(
        100_000, ge=1, description="How many receipts that match nothing are kept for one gateway"
    )
