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
    reports_fold_s: float = Field(
        5,
        gt=0,
        description="The tables of the reports follow the ledger this often; a report never waits for it",
    )
    pdf_seconds: float = Field(60, gt=0, description="A printed report that takes longer is given up")
    pdf_megabytes: int = Field(1500, ge=300, description="Memory that printing a report may take")
