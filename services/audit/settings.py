"""The settings of the audit service."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field, field_validator

from services.kit.settings import Settings


def _filled(text: str) -> str:
    """Take what `{var}` can be filled into."""
    try:
        text.format(var="var")
    except (LookupError, ValueError):
        raise ValueError("is not a path, such as {var}/ledger/heads") from None
    return text


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
    ledger_heads_path: str = Field(
        "{var}/ledger/heads",
        description="File to which every signed tree head is appended, to be backed up apart; empty: none",
    )
    ledger_heads_second: str = Field(
        "",
        description="A second place for tree heads: a folder, or an http(s) address that takes PUT or POST",
    )
    reconcile_grace_s: float = Field(
        60, ge=0, description="What is younger is on its way and no difference when the audit reconciles"
    )
    postings_quiet_s: float = Field(
        60, ge=0, description="The batches of a warning are gathered when no new one has come for so long"
    )
    postings_gather_s: float = Field(
        5, gt=0, description="So often the audit looks whether a warning's batches can be gathered"
    )
    audit_words_s: float = Field(
        2, gt=0, description="The index of words follows the ledger this often, as long as it grows"
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
    reports_fold_s: float = Field(
        5,
        gt=0,
        description="The tables of the reports follow the ledger this often; a report never waits for it",
    )
    pdf_seconds: float = Field(60, gt=0, description="A printed report that takes longer is given up")
    pdf_megabytes: int = Field(1500, ge=300, description="Memory that printing a report may take")

    @field_validator("ledger_heads_path", "ledger_heads_second")
    @classmethod
    def _of_a_place(cls, place: str) -> str:
        """Take what can be filled in."""
        return _filled(place)

    def heads_file(self, var: Path) -> Path | None:
        """Return the file of tree heads, None when there is none."""
        filled = self.ledger_heads_path.format(var=var.resolve())
        return Path(filled) if filled else None

    def heads_second(self, var: Path) -> str:
        """Return the second place of tree heads, empty when there is none."""
        return self.ledger_heads_second.format(var=var.resolve())
