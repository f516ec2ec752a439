"""Heads that somebody kept, and heads of which the records speak: a fork, or a missing one, is found."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import orjson
import pytest

from contracts.canonical import canonical_bytes
from contracts.fact import Fact
from services.audit.actions import sign
from services.audit.actions.sign import Signer
from services.audit.model import checkpoint
from services.audit.model.checkpoint import Head, SignedHead
from services.audit.model.entry import read
from services.audit.proof import transcript
from services.audit.proof.transcript import CheckpointLine, RecordLine
from services.audit.proof.verify import Break, verify
from tests.audit.audit_make import a_fact
from tests.audit.forging_make import checked, ended, rebuilt
from tests.audit.keeping_make import a_keeping
from tests.audit.ledger_make import ORIGIN, a_crypto
from tests.audit.test_verify import Exported, exported, run_verify

ROUNDS = 4


async def _story(folder: Path) -> tuple[Exported, Signer]:
    """Export a ledger whose records say of each head but the last that it was signed."""
    async with a_keeping(f"sqlite:///{folder}/db/{{name}}.db", folder) as keeping:
        for n in range(ROUNDS):
            await keeping.book.say(a_fact(2 * n), a_fact(2 * n + 1))
            keeping.clock.move(hours=1)
            await sign.mark(keeping.db, await sign.head(keeping.db, keeping.book.signer))
            await keeping.flow()
        return await exported(keeping.book), keeping.book.signer


@pytest.fixture(scope="module")
def story() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        yield asyncio.run(_story(Path(folder)))


@pytest.fixture(scope="module")
def sound(story: tuple[Exported, Signer]) -> Exported:
    return story[0]


@pytest.fixture(scope="module")
def signer(story: tuple[Exported, Signer]) -> Signer:
    return story[1]


def kept(sound: Exported, number: int = 0) -> SignedHead:
    return checkpoint.read(sound.heads[number])


def broken(sound: Exported, *heads: SignedHead) -> Break | None:
    return verify(sound.lines, [sound.key], heads).broken


def forked(sound: Exported, signer: Signer) -> SignedHead:
    """Return another head over as many records as the first one, signed by the ledger's own key."""
    return signer.sign(Head(ORIGIN, kept(sound).head.size, bytes(32)))[1]


def test_heads_that_somebody_kept_are_compared_each_one(sound: Exported, signer: Signer) -> None:
    every = [checkpoint.read(text) for text in sound.heads]
    assert verify(sound.lines, [sound.key], [*every, *every]).holds
    found = broken(sound, forked(sound, signer))
    assert found is not None
    assert "the head that you kept" in found.why
    later = signer.sign(Head(ORIGIN, 999, bytes(32)))[1]
    found = broken(sound, later)
    assert found is not None
    assert "there is no record 999" in found.why


@pytest.mark.parametrize("first", [0, 1])
def test_two_heads_over_as_many_records_are_a_fork_in_whatever_order_they_are_given(
    sound: Exported, signer: Signer, first: int
) -> None:
    size = kept(sound).head.size
    heads = [kept(sound), forked(sound, signer)]
    found = broken(sound, heads[first], heads[1 - first])
    assert found is not None
    assert (found.line, found.why) == (
        0,
        f"two heads that you kept over {size} records differ, and the ledger signed both",
    )


def test_a_kept_head_that_the_ledger_has_not_signed_is_refused(
    sound: Exported, signer: Signer, tmp_path: Path
) -> None:
    true = kept(sound)
    other = Signer(a_crypto(tmp_path), ORIGIN)
    unsigned = SignedHead(true.head, true.key_hash, bytes(64))
    elsewhere = signer.sign(Head("somewhere.else/ledger", true.head.size, true.head.root))[1]
    for strange in (unsigned, other.sign(true.head)[1], SignedHead(true.head, b"....", b"")):
        found = broken(sound, true, strange)
        assert found is not None
        assert (found.line, "is not signed by the ledger's key" in found.why) == (0, True)
    found = broken(sound, elsewhere)
    assert found is not None
    assert "is of another ledger: somewhere.else/ledger" in found.why


def test_the_command_says_what_is_wrong_with_what_was_kept(
    sound: Exported, signer: Signer, tmp_path: Path
) -> None:
    file, key, head = tmp_path / "ledger.jsonl", tmp_path / "key.pem", tmp_path / "heads"
    file.write_bytes(b"".join(sound.lines))
    key.write_text(sound.pem)
    head.write_text(sound.heads[0] + forked(sound, signer).text())
    done = run_verify(str(file), "--public-key", str(key), "--head", str(head))
    assert done.returncode == 1
    assert "BROKEN in what you kept: two heads that you kept over" in done.stdout


def checkpoints(sound: Exported) -> list[int]:
    return [n for n, line in enumerate(sound.lines) if isinstance(transcript.read(line), CheckpointLine)]


@pytest.mark.parametrize("which", range(ROUNDS - 1))
def test_a_head_that_was_taken_out_is_named_with_its_place(sound: Exported, which: int) -> None:
    number = checkpoints(sound)[which]
    size = kept(sound, which).head.size
    found = sound.check([*sound.lines[:number], *sound.lines[number + 1 :]]).broken
    assert found is not None
    assert found.line == number + 1
    assert f"the head over the first {size} records is missing: record " in found.why


def test_a_head_that_was_taken_out_and_signed_for_does_not_add_up(sound: Exported, signer: Signer) -> None:
    number = checkpoints(sound)[1]
    lines = [*sound.lines[:number], *sound.lines[number + 1 : -1]]
    verdict = checked([*lines, ended(lines, signer)], signer)
    assert verdict.broken is None
    assert [(d.what, d.about) for d in verdict.differences] == [
        ("heads-missing", f"head {kept(sound, 1).head.size}")
    ]


def test_records_that_were_taken_out_before_a_head_are_named(sound: Exported) -> None:
    first = checkpoints(sound)[0]
    found = sound.check([sound.lines[0], *sound.lines[first:]]).broken
    assert found is not None
    assert (found.line, found.position) == (2, 1)
    assert found.why == "records 1 to 2 are missing: the head that stands here was signed over 2"
    found = sound.check([*sound.lines[: first - 1], *sound.lines[first:]]).broken
    assert found is not None
    assert found.why == "record 2 is missing: the head that stands here was signed over 2"
    found = sound.check([*sound.lines[:first], sound.lines[first + 1], *sound.lines[first:]]).broken
    assert found is not None
    assert found.why == "the head over the first 2 records stands behind record 3"


@pytest.mark.parametrize("size", ["x", None, 1.5, -1, 2**70, [1]])
def test_an_odd_fact_of_a_head_is_named_with_its_record(
    sound: Exported, signer: Signer, size: object
) -> None:
    place = 0

    def odd(found: Any) -> bytes | None:
        nonlocal place
        if place or not isinstance(found, RecordLine):
            return None
        if read(found.leaf.subject, found.payload).kind != "head.signed":
            return None
        place = found.position
        fact = orjson.loads(found.payload)
        fact["detail"]["size"] = size
        return canonical_bytes(Fact.model_validate(fact))

    verdict = checked(rebuilt(sound, signer, odd), signer)
    assert verdict.broken is None
    assert ("fact-odd", f"record {place}") in {(d.what, d.about) for d in verdict.differences}
