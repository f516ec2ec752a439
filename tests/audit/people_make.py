"""Batches of real numbers, hashed as the router hashes them."""

import base64
from collections.abc import Sequence
from typing import Any

from contracts.canonical import sha256_hex
from contracts.delivery import DeliveryReported, DeliveryRequested, SealedBatch, delivery_id_of
from contracts.outcome import Outcome, TargetState
from contracts.values import Action, Channel
from services.kit.crypto import CryptoProvider
from tests.audit.audit_make import AWarning, a_notice


def phones(count: int, first: int = 13800000000) -> list[str]:
    """Return so many numbers."""
    return [str(first + n) for n in range(count)]


def a_batch(
    crypto: CryptoProvider, numbers: Sequence[str], route: str = "cmcc-1", *, named: bool = True, **given: Any
) -> SealedBatch:
    """Return the batch of some numbers, under the key in use."""
    sealed = b"sealed numbers" * 20
    hashes = b"".join(sorted(map(crypto.keyed_hash, numbers)))
    return SealedBatch(
        **{
            "size": len(numbers),
            "rendering": "public",
            "route": route,
            "hashes": base64.b64encode(hashes).decode(),
            "sealed": base64.b64encode(sealed).decode(),
            "sha256": sha256_hex(sealed),
            "hash_key": crypto.hash_key if named else None,
            **given,
        }
    )


def a_request(
    warning: AWarning, batch: SealedBatch, part: str = "0", revision: int = 1, **given: Any
) -> DeliveryRequested:
    """Return the request of a batch."""
    name = delivery_id_of(warning.warning_id, revision, Channel.SMS, part)
    return DeliveryRequested(
        **{
            **warning._head(revision),
            "channel": Channel.SMS,
            "delivery_id": name,
            "action": Action.START,
            "notice": a_notice(warning.level),
            "batch": batch,
            "manifest_sha256": warning.manifest.sha256,
            **given,
        }
    )


def a_report(
    warning: AWarning,
    request: DeliveryRequested,
    number: int,
    tally: dict[TargetState, int],
    *outcomes: Outcome,
) -> DeliveryReported:
    """Return a photograph of a delivery."""
    return DeliveryReported(
        **warning._head(request.revision),
        channel=request.channel,
        delivery_id=request.delivery_id,
        report=number,
        tally=tally,
        outcomes=outcomes,
    )
