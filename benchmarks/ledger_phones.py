"""One phone in a small ledger: before its batches are gathered, and when its hashes stand under two keys."""

import random
import secrets
from uuid import uuid4

from benchmarks import batches, ledger_asking
from benchmarks.ledger_facts import Size
from benchmarks.ledger_ingest import Recorder
from benchmarks.ledger_place import Place
from benchmarks.ledger_questions import PHONE, Asker
from contracts.values import Level
from services.audit.data import rates
from services.audit.model.entry import Heard
from services.kit.clock import microseconds
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.ids import uuid7

PEOPLE, WARNINGS = 2_000, 20
NAME = "asked_phones"


async def run(place: Place, times: int) -> None:
    """Print how long the question for a phone takes in each of these states."""
    keys = KeyFolder(place.folder / "phone-keys")
    init_keys(keys)
    async with place.ledger(NAME) as db:
        recorder = Recorder(db, SoftwareCrypto(keys))
        await recorder.open()

        async def ask(state: str) -> None:
            size = Size(1, PEOPLE * WARNINGS, WARNINGS)
            asker = Asker(db, SoftwareCrypto(keys), size, [], random.Random(7), rates.load())
            await ledger_asking.ask(asker, f"one phone, {state}", *PHONE, times)

        await _warn(recorder, SoftwareCrypto(keys))
        await ask("before gathering")
        await recorder.gather()
        keys.add("phone", secrets.token_bytes(32))
        await _warn(recorder, SoftwareCrypto(keys))
        await ask("two hash keys, half gathered")
        await recorder.gather()
        await ask("two hash keys, all gathered")


async def _warn(recorder: Recorder, crypto: SoftwareCrypto) -> None:
    """Let everybody be asked for in some warnings, under the key in use."""
    for _ in range(WARNINGS):
        assert recorder.stand is not None
        said = batches.requests(crypto, PEOPLE, Level.RED, uuid4())
        at_us = microseconds(recorder.db.clock.now())
        heard = [
            Heard(place, at_us, str(uuid7()), one.subject, one.to_bytes())
            for place, one in enumerate(said, recorder.stand.sequence + 1)
        ]
        await recorder.take(heard)
