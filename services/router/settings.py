"""The settings of the router."""

from typing import ClassVar

from pydantic import Field

from services.kit.settings import Settings


class RouterSettings(Settings):
    """What may be changed about the router without changing its code."""

    service: ClassVar[str] = "router"

    routing_rules: str = Field("", description="File with the routing rules in place of ours; empty: ours")
    margin_km: float = Field(
        0.3, ge=0, le=5, description="How near a shape must pass to a generated position to take the village"
    )
    escalation_file: str = Field(
        "", description="File with the rules of escalation in place of ours; empty: ours"
    )
