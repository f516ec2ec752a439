"""Rules are read again when their file changes; a wrong file changes nothing, loudly."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY

from services.kit.db import Database
from services.router.actions.rulebook import ESCALATION, ROUTING, Rulebook, Subject
from services.router.model.rules import Rules
from tests.outbox import said

GOOD = "version: {}\nrules:\n - {{name: all, channels: all}}\n"


def _refused() -> float | None:
    return REGISTRY.get_sample_value("yutian_router_rules_refused")


async def _kinds(db: Database) -> list[str]:
    return [fact.kind for fact in await said(db)]


async def test_a_changed_file_comes_into_force_and_is_recorded(db: Database, tmp_path: Path) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(GOOD.format("one"))
    book = Rulebook(db, str(file), ROUTING)
    await book.open()
    assert book.rules.version == "one"
    await book.look()
    file.write_text(GOOD.format("two"))
    await book.look()
    assert book.rules.version == "two"
    assert await _kinds(db) == ["rules.in-force"] * 2


@pytest.mark.parametrize(
    "wrong",
    ["rules: [", GOOD.format("x").replace("all}", "[pigeon]}"), "version: !!timestamp 2026-11-31", None],
)
async def test_a_wrong_file_leaves_the_old_rules_in_force(
    db: Database, tmp_path: Path, wrong: str | None
) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(GOOD.format("one"))
    book = Rulebook(db, str(file), ROUTING)
    await book.open()
    if wrong is None:
        file.unlink()
    else:
        file.write_text(wrong)
    await book.look()
    await book.look()
    assert book.rules.version == "one"
    assert book.faults
    assert "version one stays in force" in str(book.note())
    assert _refused() == 1
    assert await _kinds(db) == ["rules.in-force", "rules.refused"]
    file.write_text(GOOD.format("three"))
    await book.look()
    assert (book.rules.version, list(book.faults), _refused()) == ("three", [], 0)


async def test_after_a_start_with_a_wrong_file_what_ruled_before_rules_on(
    db: Database, tmp_path: Path
) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(GOOD.format("one"))
    await Rulebook(db, str(file), ROUTING).open()
    file.write_text("rules: [")
    again = Rulebook(db, str(file), ROUTING)
    await again.open()
    assert again.rules.version == "one"
    assert again.faults


async def test_without_a_file_ours_rule(db: Database) -> None:
    book = Rulebook(db, "", ROUTING)
    await book.open()
    assert book.rules.text == ROUTING.ours()
    assert book.note() is None
    assert not book.faults


@pytest.mark.parametrize("subject", [ROUTING, ESCALATION])
async def test_a_version_that_looks_like_a_day_no_calendar_has_is_a_name(
    db: Database, tmp_path: Path, subject: Subject[Any]
) -> None:
    file = tmp_path / "rules.yaml"
    ours = subject.ours()
    file.write_text(ours.replace('version: "2026-11-1"', "version: 2026-11-31"))
    book = Rulebook(db, str(file), subject)
    await book.open()
    assert (book.rules.version, list(book.faults)) == ("2026-11-31", [])


async def test_whatever_a_reader_trips_over_leaves_the_old_rules_in_force(
    db: Database, tmp_path: Path
) -> None:
    file = tmp_path / "rules.yaml"
    file.write_text(GOOD.format("one"))
    await Rulebook(db, str(file), ROUTING).open()

    def trips(text: str) -> Rules:
        if text != ROUTING.ours():
            raise RecursionError("too deep")
        return ROUTING.read(text)

    book = Rulebook(db, str(file), replace(ROUTING, read=trips, kept=trips))
    await book.open()
    assert book.rules.text == ROUTING.ours()
    assert "too deep" in str(book.note())
