"""What follows a warning at once, and what leads it: a suspension and the signal because of which it is."""

from uuid import UUID

from contracts.values import HazardCode, Sha256, Value


class Leading(Value):
    """The revision because of which a suspension goes out."""

    warning_id: UUID
    revision: int


class Follow(Value):
    """A suspension that goes out with a warning, in the name of a department: what it says to whom."""

    warning_id: UUID
    rule: str
    hazard: HazardCode
    sector: str
    department: str
    towns: tuple[str, ...]
    grant_id: UUID
    """By what the department allowed it."""
    content_sha256: Sha256
    manifest_sha256: Sha256
