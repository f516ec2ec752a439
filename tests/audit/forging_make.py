"""Transcripts written anew by somebody who forges them: chained and signed, with some records changed."""

import hashlib
from collections.abc import Callable
from typing import Any

from contracts.canonical import sha256_hex
from services.audit.actions.sign import Signer
from services.audit.model import chain
from services.audit.model.checkpoint import Head
from services.audit.model.merkle import Frontier, leaf_hash
from services.audit.proof import transcript
from services.audit.proof.transcript import CheckpointLine, EndLine, Header, RecordLine, TombstoneLine
from services.audit.proof.verify import Verdict, verify
from tests.audit.ledger_make import ORIGIN
from tests.audit.test_verify import Exported

Change = Callable[[Any], bytes | None]


def rebuilt(sound: Exported, signer: Signer, change: Change) -> list[bytes]:
    """Write the transcript anew, chained and signed as the signer would, with some lines changed.

    `change` is given each line as it was read, and returns the payload that a record is to have, b"" for a
    tombstone that nobody agreed upon, or None to leave it.
    """
    before, frontier, lines = chain.GENESIS, Frontier(), []
    for raw in sound.lines:
        found = transcript.read(raw)
        match found:
            case Header():
                name = signer.key_id()
                keys = {signer.public_key(name).name(ORIGIN).hex(): signer.crypto.public_key(name)}
                lines.append(transcript.header(ORIGIN, keys))
            case RecordLine() | TombstoneLine():
                line, leaf, before = _rewritten(found, change, before)
                frontier.append(leaf_hash(leaf))
                lines.append(line)
            case CheckpointLine():
                _, signed = signer.sign(Head(ORIGIN, frontier.size, frontier.root()))
                lines.append(transcript.checkpoint(signed.text()))
            case EndLine():
                lines.append(ended(lines, signer))
    return lines


def _rewritten(
    found: RecordLine | TombstoneLine, change: Change, before: bytes
) -> tuple[bytes, bytes, bytes]:
    payload = change(found)
    leaf = found.leaf_bytes
    if payload:
        leaf = found.leaf.model_copy(update={"payload_sha256": sha256_hex(payload)}).to_bytes()
    link = chain.linked(before, leaf)
    if payload:
        return transcript.record(found.position, leaf, payload, link), leaf, link
    if isinstance(found, TombstoneLine) or payload == b"":
        agreement, number = getattr(found, "agreement", "forged"), getattr(found, "number", 1)
        return transcript.tombstone(found.position, leaf, link, agreement, number), leaf, link
    return transcript.record(found.position, leaf, found.payload, link), leaf, link


def ended(lines: list[bytes], signer: Signer) -> bytes:
    """Return an end line over lines, signed by somebody."""
    digest = hashlib.sha256(b"".join(lines)).hexdigest()
    _, signature = signer.crypto.sign(transcript.end_statement(len(lines), digest))
    return transcript.end(len(lines), digest, signature)


def checked(lines: list[bytes], signer: Signer) -> Verdict:
    return verify(lines, [signer.public_key(signer.key_id())])
