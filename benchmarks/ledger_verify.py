"""How fast a transcript is made and verified, beside the SHA-256 of the same bytes."""

import hashlib
import time
from pathlib import Path

from benchmarks import figures
from benchmarks.ledger_facts import Size, Years
from benchmarks.ledger_ingest import Recorder
from benchmarks.ledger_place import Place
from services.audit.actions import export, sign
from services.audit.actions.sign import Signer
from services.audit.model.checkpoint import PublicKey
from services.audit.proof.verify import verify
from services.audit.stream import BATCH

MOST = 50_000
HEADS = 50
"""A tree head is signed so many times among the records."""
FLOOR_READS = 65_536


async def run(place: Place, facts: int, folder: Path) -> None:
    """Print how many records a second are exported and verified."""
    crypto = place.crypto()
    signer = Signer(crypto, "bench.yutian/ledger")
    count = min(facts, MOST)
    path = folder / f"{place.kind}.jsonl"
    async with place.ledger("verified") as db:
        recorder = Recorder(db, crypto)
        await recorder.open()
        heard = list(Years(Size(count, count, max(1, count // 1000)), crypto).heard())
        every = max(BATCH, len(heard) // HEADS)
        for begin in range(0, len(heard), BATCH):
            await recorder.take(heard[begin : begin + BATCH])
            if begin % every < BATCH:
                await sign.head(db, signer)
        begun = time.perf_counter()
        with path.open("wb") as file:
            async for piece in export.export(db, signer, lambda: False):
                file.write(piece)
        taken = time.perf_counter() - begun
    figures.plain("exported as a transcript", len(heard) / taken, "records/s")
    floor = figures.seconds(lambda: _digest(path), 3)
    begun = time.perf_counter()
    with path.open("rb") as file:
        verdict = verify(file, [PublicKey(crypto.public_key(signer.key_id()))])
    taken = time.perf_counter() - begun
    if verdict.broken is not None or verdict.records != len(heard):
        raise SystemExit(f"the transcript does not verify: {verdict.broken}")
    figures.plain(f"verified, with {verdict.heads} heads", len(heard) / taken, "records/s")
    figures.plain("SHA-256 of the same bytes: the floor", len(heard) / floor, "records/s")
    figures.plain("verifying beside it", taken / floor, "x floor")
    path.unlink()


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(FLOOR_READS):
            digest.update(piece)
    return digest.hexdigest()
