"""Verification: a sound transcript holds; whatever is done to one is found, and its place is named."""

import asyncio
import base64
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.audit.actions import sign
from services.audit.actions.export import export
from services.audit.model import chain, checkpoint
from services.audit.model.checkpoint import PublicKey
from services.audit.proof import transcript
from services.audit.proof.verify import Verdict, verify
from services.kit.errors import Reject
from tests.audit.audit_make import (
    AWarning,
    a_fact,
)
from tests.audit.ledger_make import (
    ORIGIN,
    ALedger,
    a_crypto,
    a_ledger,
)

ROOT = Path(__file__).parents[2]
RECORDS = 30


@dataclass(frozen=True, repr=False)
class Exported:
    """A transcript, its lines, and the key it is to be verified with."""

    lines: list[bytes]
    pem: str
    heads: list[str]

    @property
    def key(self) -> PublicKey:
        return PublicKey(self.pem)

    def check(self, lines: list[bytes] | bytes) -> Verdict:
        whole = lines if isinstance(lines, bytes) else b"".join(lines)
        return verify(whole.splitlines(keepends=True), [self.key])


async def exported(book: ALedger) -> Exported:
    pieces = [piece async for piece in export(book.db, book.signer, lambda: False)]
    lines = b"".join(pieces).splitlines(keepends=True)
    pem = book.crypto.public_key(book.signer.key_id())
    heads = [orjson.loads(line)["checkpoint"] for line in lines if line.startswith(b'{"checkpoint"')]
    return Exported(lines, pem, heads)


async def _sound(folder: Path) -> Exported:
    async with a_ledger(f"sqlite:///{folder}/db/{{name}}.db", folder) as book:
        for message in AWarning().whole():
            await book.say(message)
        await sign.head(book.db, book.signer)
        await book.say(*(a_fact(n) for n in range(RECORDS - book.stand.size)))  # type: ignore[union-attr]
        return await exported(book)


@pytest.fixture(scope="module")
def sound() -> Exported:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_sound(Path(folder)))


def test_a_sound_transcript_holds(sound: Exported) -> None:
    verdict = sound.check(sound.lines)
    assert verdict.holds
    assert (verdict.records, verdict.heads, verdict.own_key) == (RECORDS, 2, False)
    assert verdict.head is not None
    assert verdict.head.text() == sound.heads[-1]
    assert verify(sound.lines).own_key


def line_of(sound: Exported, position: int) -> int:
    """Return the number of a record's line, from 1."""
    wanted = b'"position":%d}' % position
    return next(n for n, line in enumerate(sound.lines, start=1) if line.rstrip().endswith(wanted))


@settings(max_examples=600, deadline=None)
@given(st.data())
def test_any_flipped_bit_is_found_in_its_line(sound: Exported, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(sound.lines) - 1))
    line = bytearray(sound.lines[number])
    place = data.draw(st.integers(0, len(line) - 1))
    line[place] ^= 1 << data.draw(st.integers(0, 7))
    lines = [*sound.lines[:number], bytes(line), *sound.lines[number + 1 :]]
    verdict = sound.check(lines)
    assert verdict.broken is not None
    assert verdict.broken.line == number + 1


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_removed_line_is_found(sound: Exported, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(sound.lines) - 1))
    verdict = sound.check([*sound.lines[:number], *sound.lines[number + 1 :]])
    assert verdict.broken is not None
    if sound.lines[number].startswith(b'{"chain"'):
        assert verdict.broken.line in (number + 1, number + 2)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_two_swapped_lines_are_found_at_the_first(sound: Exported, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(sound.lines) - 2))
    second = data.draw(st.integers(first + 1, len(sound.lines) - 1))
    lines = list(sound.lines)
    lines[first], lines[second] = lines[second], lines[first]
    verdict = sound.check(lines)
    assert verdict.broken is not None
    assert first + 1 <= verdict.broken.line <= first + 2


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_inserted_line_is_found(sound: Exported, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(sound.lines)))
    extra = data.draw(st.sampled_from([*sound.lines, b"\n", b"{}\n", b"null\n", b'"position"\n']))
    verdict = sound.check([*sound.lines[:number], extra, *sound.lines[number:]])
    assert verdict.broken is not None


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**31))
def test_a_transcript_that_is_cut_short_is_found(sound: Exported, cut: int) -> None:
    whole = b"".join(sound.lines)
    assert sound.check(whole[: cut % len(whole)]).broken is not None


def rewritten(sound: Exported, position: int, **changed: object) -> list[bytes]:
    """Forge a record and chain everything after it anew, as somebody with the database could."""
    before, lines = chain.GENESIS, []
    for line in sound.lines:
        found = transcript.read(line)
        if isinstance(found, transcript.RecordLine):
            leaf = found.leaf_bytes
            if found.position == position:
                leaf = found.leaf.model_copy(update=changed).to_bytes()
            before = chain.linked(before, leaf)
            line = transcript.record(found.position, leaf, found.payload, before)
        lines.append(line)
    return lines


@pytest.mark.parametrize("position", [1, 5, 14, 25])
def test_a_record_forged_with_its_chain_is_found_between_the_heads_around_it(
    sound: Exported, position: int
) -> None:
    verdict = sound.check(rewritten(sound, position, message_id="forged"))
    assert verdict.broken is not None
    assert "are not those over which this head was signed" in verdict.broken.why
    first = checkpoint.read(sound.heads[0]).head.size
    assert verdict.broken.sound == (0 if position <= first else first)


def test_heads_that_somebody_else_signed_anew_are_found(sound: Exported, tmp_path: Path) -> None:
    """Whoever rewrites everything, and signs it with another key, is found by the key that one has."""
    other = sign.Signer(a_crypto(tmp_path), ORIGIN)
    (folder := tmp_path / "other").mkdir()
    forged = asyncio.run(_forged(folder, other))
    assert verify(forged).holds, "with the key in the file it is a transcript like any other"
    broken = verify(forged, [sound.key]).broken
    assert broken is not None
    assert "not signed by the ledger's key" in broken.why


async def _forged(folder: Path, signer: sign.Signer) -> list[bytes]:
    async with a_ledger(f"sqlite:///{folder}/db/{{name}}.db", folder) as book:
        book.signer = signer
        book.crypto = signer.crypto
        await book.say(*(a_fact(n) for n in range(9)))
        return (await exported(book)).lines


async def test_a_transcript_in_which_targets_are_missing_does_not_add_up(tmp_path: Path) -> None:
    warning = AWarning()
    silent = warning.requests()[0]
    said = [m for m in warning.whole() if getattr(m, "delivery_id", None) != silent.delivery_id]
    async with a_ledger(f"sqlite:///{tmp_path}/db/{{name}}.db", tmp_path) as book:
        await book.say(*said)
        await book.say(a_fact(), at=warning.at.replace(hour=5))
        found = await exported(book)
    verdict = found.check(found.lines)
    assert verdict.broken is None
    assert not verdict.holds
    assert {d.about for d in verdict.differences if d.about} == {str(silent.delivery_id)}
    assert {d.what for d in verdict.differences} >= {"delivery-not-requested", "delivery-silent"}


async def test_an_empty_ledger_has_a_transcript_too(database_url: str, tmp_path: Path) -> None:
    async with a_ledger(database_url, tmp_path) as book:
        found = await exported(book)
        assert found.check(found.lines).holds


def run_verify(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Verify in a fresh process that is given nothing but its arguments."""
    program = "from services.audit.commands.audit import audit; audit()"
    return subprocess.run(
        [sys.executable, "-c", program, "verify", *arguments],
        cwd=ROOT,
        env={"PATH": "/usr/bin", "YUTIAN_VAR": "/nonexistent", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_fresh_process_verifies_with_the_file_and_the_key_alone(sound: Exported, tmp_path: Path) -> None:
    file, key, head = tmp_path / "ledger.jsonl", tmp_path / "key.pem", tmp_path / "head"
    file.write_bytes(b"".join(sound.lines))
    key.write_text(sound.pem)
    head.write_text(sound.heads[0])
    done = run_verify(str(file), "--public-key", str(key), "--head", str(head))
    assert done.returncode == 0, done.stderr
    assert f"{RECORDS} records" in done.stdout
    assert sound.heads[-1] in done.stdout
    position = 7
    number = line_of(sound, position)
    forged = sound.lines[number - 1].replace(b'"payload":"ey', b'"payload":"ez')
    file.write_bytes(b"".join([*sound.lines[: number - 1], forged, *sound.lines[number:]]))
    done = run_verify(str(file), "--public-key", str(key))
    assert done.returncode == 1
    assert f"BROKEN at line {number}, record {position}" in done.stdout


def test_a_checkpoint_is_read_only_as_it_is_written(sound: Exported) -> None:
    text = sound.heads[0]
    assert checkpoint.read(text).text() == text
    body, seal = text.split("\n\n")
    origin, size, root = body.split("\n")
    assert (origin, len(base64.b64decode(root))) == (ORIGIN, 32)
    assert seal.startswith(f"— {ORIGIN} ")
    assert len(base64.b64decode(seal.rsplit(" ", 1)[1])) == 4 + 64
    for wrong in ("", text[:-1], text + "\n", text.replace(size, f"0{size}", 1), text.replace("—", "-")):
        with pytest.raises(Reject):
            checkpoint.read(wrong)
