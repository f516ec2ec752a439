"""Whatever is done to a transcript that has seen deletions, verification finds it and names the place."""

import asyncio
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.canonical import canonical_bytes
from contracts.fact import Fact
from services.audit.actions import sign
from services.audit.actions.sign import Signer
from services.audit.model import chain, checkpoint
from services.audit.model.entry import read
from services.audit.proof import transcript
from services.audit.proof.transcript import Header, RecordLine, TombstoneLine
from services.audit.proof.verify import verify
from tests.audit.audit_make import NOON, AWarning, a_fact
from tests.audit.forging_make import checked, ended, rebuilt
from tests.audit.keeping_make import LATER, AKeeping, a_keeping, filled
from tests.audit.ledger_make import ORIGIN, a_crypto
from tests.audit.test_verify import Exported, exported

BEFORE = NOON + timedelta(days=2)


async def _story(folder: Path) -> tuple[Exported, Signer]:
    """Export a ledger in which old detail was deleted, and a warning is younger; with the key that signs."""
    async with a_keeping(f"sqlite:///{folder}/db/{{name}}.db", folder) as keeping:
        await filled(keeping)
        await sign.head(keeping.db, keeping.book.signer)
        await _deleted(keeping)
        await keeping.book.say(*AWarning(at=LATER).whole(), at=LATER)
        await keeping.book.say(*(a_fact(n) for n in range(5)), at=LATER)
        found = await exported(keeping.book)
        return found, keeping.book.signer


async def _deleted(keeping: AKeeping) -> None:
    await keeping.agree("security", BEFORE)
    await keeping.agree("delivery-detail", BEFORE)
    await keeping.work()


@pytest.fixture(scope="module")
def story() -> Any:
    with tempfile.TemporaryDirectory() as folder:
        yield asyncio.run(_story(Path(folder)))


@pytest.fixture(scope="module")
def sound(story: tuple[Exported, Signer]) -> Exported:
    return story[0]


@pytest.fixture(scope="module")
def signer(story: tuple[Exported, Signer]) -> Signer:
    """Whoever has our own key: what is forged even so must be found by what the records say."""
    return story[1]


def line_numbers(sound: Exported, begin: bytes) -> list[int]:
    return [n for n, line in enumerate(sound.lines) if line.startswith(begin)]


def test_a_sound_transcript_with_tombstones_holds(sound: Exported) -> None:
    verdict = sound.check(sound.lines)
    assert verdict.holds, (verdict.broken, verdict.differences)
    assert sum(b'"tombstone"' in line for line in sound.lines) == 21


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_one_flipped_bit_anywhere_is_found_in_its_line(sound: Exported, data: st.DataObject) -> None:
    number = data.draw(st.integers(0, len(sound.lines) - 1))
    line = bytearray(sound.lines[number])
    place = data.draw(st.integers(0, len(line) - 1))
    line[place] ^= 1 << data.draw(st.integers(0, 7))
    broken = sound.check([*sound.lines[:number], bytes(line), *sound.lines[number + 1 :]]).broken
    assert broken is not None
    assert broken.line == number + 1 or b'"tombstone"' in sound.lines[number]


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_line_that_is_removed_doubled_moved_or_cut_is_found(sound: Exported, data: st.DataObject) -> None:
    lines = list(sound.lines)
    number = data.draw(st.integers(0, len(lines) - 1))
    match data.draw(st.sampled_from(["remove", "double", "move", "cut", "swap"])):
        case "remove":
            del lines[number]
        case "double":
            lines.insert(data.draw(st.integers(0, len(lines))), lines[number])
        case "move":
            other = data.draw(st.integers(0, len(lines) - 1).filter(lambda n: n != number))
            lines.insert(other, lines.pop(number))
        case "cut":
            lines = lines[:number]
        case "swap":
            other = data.draw(st.integers(0, len(lines) - 1).filter(lambda n: n != number))
            lines[number], lines[other] = lines[other], lines[number]
    broken = sound.check(lines).broken
    assert broken is not None
    assert 1 <= broken.line <= len(sound.lines) + 2


def test_a_transcript_that_is_rebuilt_without_a_change_is_the_same(sound: Exported, signer: Signer) -> None:
    assert rebuilt(sound, signer, lambda _: None) == sound.lines


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_payload_that_is_changed_with_its_chain_is_found_between_two_heads(
    sound: Exported, signer: Signer, data: st.DataObject
) -> None:
    """Chain and leaf are made anew; the heads that were signed before are not those of these records."""
    numbers = line_numbers(sound, b'{"chain"')
    chosen = transcript.read(sound.lines[data.draw(st.sampled_from(numbers))])
    forged = data.draw(st.binary(min_size=1, max_size=30))
    lines = rebuilt(sound, signer, lambda f: forged if f.position == chosen.position else None)  # type: ignore[union-attr]
    for number in line_numbers(sound, b'{"checkpoint"'):
        lines[number] = sound.lines[number]
    broken = checked([*lines[:-1], ended(lines[:-1], signer)], signer).broken
    assert broken is not None
    assert "are not those over which this head was signed" in broken.why or broken.position is not None
    assert broken.sound < chosen.position  # type: ignore[union-attr]


def test_heads_and_end_signed_by_another_key_are_found(sound: Exported, tmp_path: Path) -> None:
    other = Signer(a_crypto(tmp_path), ORIGIN)
    forged = rebuilt(sound, other, lambda _: None)
    broken = verify(forged, [sound.key]).broken
    assert broken is not None
    assert "not signed by the ledger's key" in broken.why
    lines = [*sound.lines[:-1], ended(sound.lines[:-1], other)]
    broken = sound.check(lines).broken
    assert broken is not None
    assert (broken.line, broken.why) == (len(lines), "the end is not signed by the ledger's key")
    number = line_numbers(sound, b'{"checkpoint"')[0]
    head = checkpoint.read(orjson.loads(sound.lines[number])["checkpoint"]).head
    resigned = transcript.checkpoint(other.sign(head)[1].text())
    broken = sound.check([*sound.lines[:number], resigned, *sound.lines[number + 1 :]]).broken
    assert broken is not None
    assert (broken.line, broken.why) == (number + 1, "the head is not signed by the ledger's key")


def test_keys_of_the_header_that_are_swapped_are_found(sound: Exported, tmp_path: Path) -> None:
    other = Signer(a_crypto(tmp_path), ORIGIN)
    header = transcript.read(sound.lines[0])
    assert isinstance(header, Header)
    (name,) = header.keys
    pem = other.crypto.public_key(other.key_id())
    for keys in ({name: pem}, {other.public_key(other.key_id()).name(ORIGIN).hex(): pem}):
        lines = [transcript.header(ORIGIN, keys), *sound.lines[1:]]
        assert verify(lines).broken is not None, "even when the key in the file is believed"
        assert sound.check(lines).broken is not None


def _kind(found: Any) -> str:
    return read(found.leaf.subject, found.payload).kind if isinstance(found, RecordLine) else ""


@pytest.mark.parametrize("kind", ["warning.issued", "plan.made", "warning.approved", "records.listed"])
def test_a_forged_tombstone_is_found_even_when_our_own_key_signs_it(
    sound: Exported, signer: Signer, kind: str
) -> None:
    number = next(n for n, line in enumerate(sound.lines) if _kind(transcript.read(line)) == kind)
    position = transcript.read(sound.lines[number]).position  # type: ignore[union-attr]
    lines = rebuilt(sound, signer, lambda f: b"" if f.position == position else None)
    broken = checked(lines, signer).broken
    assert broken is not None
    if kind != "records.listed":
        assert (broken.line, broken.position) == (number + 1, position)
    assert "the payload is gone" in broken.why


@pytest.mark.parametrize("position", [1, 2, 24])
def test_a_tombstone_that_borrows_a_true_agreement_is_found(
    sound: Exported, signer: Signer, position: int
) -> None:
    true = next(found for found in map(transcript.read, sound.lines) if isinstance(found, TombstoneLine))
    lines = list(sound.lines)
    for number, line in enumerate(lines):
        found = transcript.read(line)
        if isinstance(found, RecordLine) and found.position == position:
            place = (found.position, found.leaf_bytes, found.chain, true.agreement, true.number)
            lines[number] = transcript.tombstone(*place)
            break
    broken = checked([*lines[:-1], ended(lines[:-1], signer)], signer).broken
    assert broken is not None
    assert (broken.line, broken.position) == (number + 1, position)
    assert "the list that it names does not hold it" in broken.why


def _forge(found: Any, kind: str, forge: Callable[[dict[str, Any]], None]) -> bytes | None:
    if _kind(found) != kind:
        return None
    fact = orjson.loads(found.payload)
    forge(fact)
    return canonical_bytes(Fact.model_validate(fact))


def alone(fact: dict[str, Any]) -> None:
    fact["actor"] = "sun"


def late(fact: dict[str, Any]) -> None:
    fact["at"] = (LATER + timedelta(hours=25)).isoformat()


def elsewhere(fact: dict[str, Any]) -> None:
    fact["service"] = "issuer"


def younger(fact: dict[str, Any]) -> None:
    fact["detail"]["wanted"]["before_us"] = 1


def shorter(fact: dict[str, Any]) -> None:
    fact["detail"]["wanted"]["upto"] = 5


def another_class(fact: dict[str, Any]) -> None:
    fact["about"] = "presence"


def fewer(fact: dict[str, Any]) -> None:
    fact["detail"]["positions"] = fact["detail"]["positions"].split("-")[0]


def other_hash(fact: dict[str, Any]) -> None:
    fact["detail"]["sha256"] = "0" * 64


@pytest.mark.parametrize(
    ("kind", "forge"),
    [
        ("proposal.confirmed", alone),
        ("proposal.confirmed", late),
        ("proposal.confirmed", elsewhere),
        ("proposal.made", younger),
        ("proposal.made", shorter),
        ("proposal.made", another_class),
        ("records.listed", elsewhere),
        ("records.listed", fewer),
        ("records.listed", other_hash),
    ],
)
def test_an_agreement_that_is_none_deletes_nothing_that_verification_accepts(
    sound: Exported, signer: Signer, kind: str, forge: Callable[[dict[str, Any]], None]
) -> None:
    """One person alone, too late, said by another service, of too young records, of another class."""
    lines = rebuilt(sound, signer, lambda found: _forge(found, kind, forge))
    broken = checked(lines, signer).broken
    assert broken is not None
    assert "gone" in broken.why
    assert b'"tombstone"' in lines[broken.line - 1]
    assert broken.position == transcript.read(lines[broken.line - 1]).position  # type: ignore[union-attr]


def test_counts_of_a_manifest_that_are_changed_do_not_add_up(sound: Exported, signer: Signer) -> None:
    def fewer_targets(found: Any) -> bytes | None:
        if _kind(found) != "plan.made":
            return None
        plan = orjson.loads(found.payload)
        max(plan["deliveries"], key=lambda one: one["size"])["size"] -= 1
        return orjson.dumps(plan)

    verdict = checked(rebuilt(sound, signer, fewer_targets), signer)
    assert not verdict.holds
    assert {d.what for d in verdict.differences} >= {"count-differs"}


@pytest.mark.parametrize("name", ["hash_suite", "signature_suite"])
def test_a_suite_that_we_do_not_know_is_named_and_refused(sound: Exported, signer: Signer, name: str) -> None:
    before, lines = chain.GENESIS, []
    for raw in sound.lines:
        found = transcript.read(raw)
        if isinstance(found, RecordLine):
            leaf = found.leaf.model_copy(update={name: "SM3"}) if found.position == 2 else found.leaf
            before = chain.linked(before, leaf.to_bytes())
            raw = transcript.record(found.position, leaf.to_bytes(), found.payload, before)
        lines.append(raw)
    broken = checked(lines, signer).broken
    assert broken is not None
    assert (broken.position, "SM3 is not known" in broken.why) == (2, True)
