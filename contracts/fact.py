"""Facts that travel on no other stream, and the leaf of the ledger."""

from typing import Any, ClassVar

from pydantic import Field

from contracts.canonical import canonical_bytes
from contracts.message import LanedMessage
from contracts.values import Instant, Sha256, Value


class Fact(LanedMessage):
    """Something that happened and must be provable: a sign-in, a key use, an unmasking, a configuration."""

    noun: ClassVar[str] = "fact"
    version: ClassVar[int] = 1
    verb: ClassVar[str] = "recorded"

    kind: str = Field(pattern=r"^[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)*$")
    """Dotted, lower case: `session.opened`, `warning.approved`, `key.used`."""
    at: Instant
    service: str
    actor: str | None = None
    """The account or key id; never a phone number, never a secret."""
    source: str | None = None
    """From where: an address."""
    warning_id: str | None = None
    about: str | None = None
    """The station, gateway, user or other thing that the fact is about."""
    detail: dict[str, Any] = Field(default_factory=dict)


class DeadLetter(LanedMessage):
    """A message that nobody could handle, with the reason. It is kept, and it raises an alarm."""

    noun: ClassVar[str] = "letter"
    version: ClassVar[int] = 1
    verb: ClassVar[str] = "buried"

    at: Instant
    consumer: str
    original_subject: str
    original_id: str
    reason: str
    payload: str
    """Base64 of the original bytes."""


class Leaf(Value):
    """One record of the ledger, in the form that is hashed. The payload itself lies beside it."""

    epoch: int = Field(ge=1)
    """Grows when the LEDGER stream is lost and begins anew."""
    sequence: int = Field(ge=1)
    """The sequence in the LEDGER stream: the total order."""
    recorded_at_us: int
    """The stream's own time of record, UTC microseconds."""
    message_id: str
    subject: str
    payload_sha256: Sha256
    hash_suite: str = "SHA-256"
    signature_suite: str = "Ed25519"

    def to_bytes(self) -> bytes:
        """Return the canonical leaf bytes."""
        return canonical_bytes(self)
