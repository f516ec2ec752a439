"""The settings of the audit service."""

from typing import ClassVar

from pydantic import Field

from services.kit.settings import Settings


class AuditSettings(Settings):
    """Under which name the ledger signs, how often, and how patient reconciling is."""

    service: ClassVar[str] = "audit"

    ledger_origin: str = Field(
        "qijiang.yutian/ledger",
        pattern=r"^[^\s+]{1,100}$",
        description="Name of the ledger in its signed tree heads; it never changes",
    )
    ledger_head_s: float = Field(
        10, gt=0, description="A new tree head is signed this often, as long as the ledger grows"
    )
    reconcile_grace_s: float = Field(
        60, ge=0, description="What is younger is on its way and no difference when the audit reconciles"
    )
    reconcile_every_s: float = Field(
        5,
        gt=0,
        le=60,
        description="The audit reconciles by itself this often: what has news, and a little of all",
    )
    reconcile_most: int = Field(
        20, ge=1, le=1000, description="Warnings that it compares in one round at most"
    )
