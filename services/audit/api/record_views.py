"""What the API answers of records: lines of a timeline, one record with its proof, the signed head."""

from datetime import timedelta
from typing import Any

import orjson
from pydantic import BaseModel, Field

from services.audit.actions.ask import Page, Proof
from services.audit.actions.sign import Signed
from services.audit.api.views import Time
from services.audit.model.detail import detail
from services.audit.model.entry import Entry, read
from services.audit.store.ledger import unpacked
from services.audit.store.questions import Record
from services.kit.masking import masked, masked_deep

AHEAD = timedelta(minutes=2)
"""A fact that claims to be so much later than its record has a wrong clock, or worse."""


class RecordLine(BaseModel):
    """One record in a list."""

    position: int
    recorded_at: Time = Field(description="The stream's own time")
    event_at: Time | None = Field(description="When it happened, as whoever said it claims")
    from_the_future: bool
    kind: str = Field(description="`unknown` when the message could not be read; its bytes are kept")
    mode: str | None
    warning_id: str | None
    revision: int | None
    channel: str | None
    about: str | None
    about_name: str | None
    actor: str | None
    detail: dict[str, Any]

    @classmethod
    def of(cls, record: Record, about_name: str | None) -> "RecordLine":
        """Return the view of a record."""
        event_at, recorded_at = record["event_at"], record["recorded_at"]
        shared = ("position", "kind", "mode", "warning_id", "revision", "channel")
        return cls(
            recorded_at=recorded_at,
            event_at=event_at,
            from_the_future=event_at is not None and event_at - recorded_at > AHEAD,
            about_name=about_name,
            about=masked(record["about"]) if record["about"] else None,
            actor=masked(record["actor"]) if record["actor"] else None,
            detail=detail(entry_of(record).message),
            **{name: record[name] for name in shared},
        )


def entry_of(record: Record) -> Entry:
    """Return what a record says."""
    subject = orjson.loads(record["leaf"])["subject"]
    return read(subject, unpacked(record["payload"]))


class RecordPage(BaseModel):
    """A page of records in order; `next` is the cursor of the page after it."""

    data: list[RecordLine]
    has_more: bool
    next: str | None

    @classmethod
    def of(cls, page: Page) -> "RecordPage":
        """Return the view of a page."""
        lines = [RecordLine.of(record, page.names.get(record["about"] or "")) for record in page.records]
        return cls(data=lines, has_more=page.more, next=str(lines[-1].position) if page.more else None)


class InclusionProof(BaseModel):
    """RFC 6962: the record's leaf stands at this index of the tree whose head is signed."""

    leaf_index: int = Field(description="Position minus one")
    tree_size: int
    leaf_hash: str
    path: list[str] = Field(description="Hashes in hex, lowest first")
    root: str
    checkpoint: str = Field(description="The signed head, C2SP tlog-checkpoint")


class RecordView(RecordLine):
    """One record, whole, with everything that proves it."""

    leaf: dict[str, Any]
    leaf_text: str = Field(description="The canonical bytes that are hashed")
    chain_before: str
    chain: str = Field(description="SHA-256 of chain_before and leaf_text")
    payload: Any = Field(
        description="As kept: sealed bodies are replaced by their SHA-256; phone numbers are masked here"
    )
    proof: InclusionProof

    @classmethod
    def whole(cls, found: Proof) -> "RecordView":
        """Return the view of a record with its proof."""
        record, leaf = found.record, bytes(found.record["leaf"])
        line = RecordLine.of(record, found.name)
        return cls(
            **vars(line),
            leaf=orjson.loads(leaf),
            leaf_text=leaf.decode(),
            chain_before=found.chain_before.hex(),
            chain=bytes(record["chain"]).hex(),
            payload=_shown(found.payload),
            proof=InclusionProof(
                leaf_index=record["position"] - 1,
                tree_size=found.head.size,
                leaf_hash=bytes(record["leaf_hash"]).hex(),
                path=[value.hex() for value in found.path],
                root=found.head.root.hex(),
                checkpoint=found.head.checkpoint,
            ),
        )


def _shown(payload: bytes) -> Any:
    """Return the payload, masked: as JSON when it is, else as text."""
    try:
        return masked_deep(orjson.loads(payload))
    except orjson.JSONDecodeError:
        return masked(payload.decode(errors="replace"))


class Consistency(BaseModel):
    """RFC 6962: the tree of the first size is the beginning of the present one."""

    first: int
    second: int
    path: list[str]


class HeadView(BaseModel):
    """The signed head of the ledger."""

    tree_size: int
    root: str
    checkpoint: str = Field(description="C2SP tlog-checkpoint, signed")
    key_id: str
    public_key: str = Field(description="PEM; keep it, and verify offline")
    signed_at: Time
    consistency: Consistency | None

    @classmethod
    def of(cls, head: Signed, public_key: str, consistency: Consistency | None) -> "HeadView":
        """Return the view of a head."""
        return cls(
            tree_size=head.size,
            root=head.root.hex(),
            checkpoint=head.checkpoint,
            key_id=head.key_id,
            public_key=public_key,
            signed_at=head.signed_at,
            consistency=consistency,
        )
