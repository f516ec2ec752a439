"""The bench of the ledger, at the smallest size: it says all it promises, and keeps what it was told to."""

import argparse
import asyncio
from pathlib import Path

import pytest

from benchmarks import ledger
from benchmarks.ledger_facts import Size, Years
from benchmarks.ledger_place import KINDS, Place, prefix_of
from benchmarks.ledger_questions import QUESTIONS
from services.audit.model.entry import UNKNOWN, read
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys

SIZE = ["--facts", "600", "--recipients", "2400", "--warnings", "2", "--times", "3", "--rows", "500"]


def run(*words: str) -> None:
    parser = argparse.ArgumentParser()
    ledger.options(parser)
    ledger.run(parser.parse_args([*SIZE, *words]))


@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_is_measured_and_a_kept_ledger_is_filled_once(
    kind: str, postgres_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--only", kind, "--keep", str(tmp_path), "--postgres", postgres_url]
    run(*words)
    said = capsys.readouterr().out
    promised = (
        "append with the chain",
        "append with chain and tree",
        "verified, with",
        "for each recipient, beside the facts",
    )
    for name in (*promised, *(name for name, _, _ in QUESTIONS)):
        assert name in said
    (marker,) = tmp_path.glob("*.filled")
    filled = marker.read_bytes(), marker.stat().st_mtime_ns
    run(*words)
    assert (marker.read_bytes(), marker.stat().st_mtime_ns) == filled
    if kind == "postgres":
        asyncio.run(Place(kind, tmp_path, postgres_url, prefix_of(tmp_path)).all_gone())


def test_the_facts_are_readable_and_as_many_as_were_asked_for(tmp_path: Path) -> None:
    keys = KeyFolder(tmp_path / "keys")
    init_keys(keys)
    size = Size(facts=5000, recipients=20_000, warnings=4)
    heard = list(Years(size, SoftwareCrypto(keys)).heard())
    assert len(heard) == size.facts
    assert [one.sequence for one in heard] == list(range(1, size.facts + 1))
    assert [one.at_us for one in heard] == sorted(one.at_us for one in heard)
    assert len({one.message_id for one in heard}) == size.facts
    entries = [read(one.subject, one.payload) for one in heard]
    assert UNKNOWN not in {entry.kind for entry in entries}
    asked = [
        entry.message for entry in entries if entry.channel == "sms" and entry.kind == "delivery.requested"
    ]
    assert sum(message.size for message in asked) == size.recipients  # type: ignore[union-attr]
