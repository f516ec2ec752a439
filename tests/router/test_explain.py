"""Ten sample warnings and what `yutian router explain` says of them; GOLDEN=write writes it anew."""

import asyncio
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contracts.registry import VillageBlock
from contracts.values import PositionQuality
from services.kit.crypto import KeyFolder, SoftwareCrypto, init_keys
from services.kit.db import Database
from services.router.actions.library import Library
from services.router.actions.preview import preview
from services.router.command import Sample, router, told
from services.router.model.explain import explain
from services.router.model.rules import read
from tests.migrated import migrate
from tests.outbox import said
from tests.router.registry_make import NOON, SOUTH, STEP, TOWNS, WEST, Block, a_district, a_person
from tests.router.router_make import fill

EXPLAINED = Path(__file__).parent / "explained"
SAMPLES = sorted(path.stem for path in EXPLAINED.glob("*.json"))
RULES = read((EXPLAINED / "rules.yaml").read_text("utf-8"))


def a_peopled_district() -> dict[str, Block]:
    """Return a district with a miner, one far from his village, one on two lists, one without a phone."""
    blocks = a_district()
    first, second = (blocks[f"{TOWNS[0]}20{number}"] for number in (1, 2))
    assert isinstance(first, VillageBlock)
    assert isinstance(second, VillageBlock)
    crowd = (
        a_person(10, first.code, groups=("mines",), position=(WEST, SOUTH)),
        a_person(11, first.code, position=(WEST + STEP * 0.4, SOUTH)),
        a_person(12, first.code, phone=None),
        a_person(13, first.code, phone="13900000001"),
    )
    blocks[first.code] = first.model_copy(update={"recipients": (*first.recipients, *crowd)})
    twin = a_person(14, second.code, phone="13900000001", role="responsible")
    blocks[second.code] = second.model_copy(
        update={"recipients": (*second.recipients, twin), "position_quality": PositionQuality.GENERATED}
    )
    return blocks


def test_there_are_ten_samples() -> None:
    assert len(SAMPLES) == 10


async def test_every_sample_is_explained_as_before(db: Database, crypto: SoftwareCrypto) -> None:
    await fill(db, crypto, a_peopled_district())
    library = Library(crypto)
    for name in SAMPLES:
        sample = Sample.model_validate_json((EXPLAINED / f"{name}.json").read_bytes())
        question = sample.question(NOON, 0.3)
        drawn = await preview(db, library, RULES, question)
        lines = "\n".join(told(drawn, explain(drawn, question.channels))) + "\n"
        golden = EXPLAINED / f"{name}.txt"
        if os.environ.get("GOLDEN") == "write":
            golden.write_text(lines, "utf-8")
        assert lines == golden.read_text("utf-8"), name
    assert await said(db) == []


async def _filled(folder: Path) -> None:
    keys = KeyFolder(folder / "keys")
    init_keys(keys)
    url = f"sqlite:///{folder}/router.db"
    await migrate(url, "services.router.migrations")
    db = Database("router", url)
    await fill(db, SoftwareCrypto(keys), a_peopled_district())
    await db.close()


def test_the_command_tells_the_same_and_names_every_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YUTIAN_VAR", str(tmp_path))
    monkeypatch.setenv("YUTIAN_DATABASE_URL", f"sqlite:///{tmp_path}/{{name}}.db")
    asyncio.run(_filled(tmp_path))
    sample, rules = str(EXPLAINED / "red-whole-district.json"), str(EXPLAINED / "rules.yaml")
    answer = CliRunner().invoke(router, [sample, "--rules", rules])
    assert answer.exit_code == 0, answer.output
    assert answer.output == (EXPLAINED / "red-whole-district.txt").read_text("utf-8")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("version: x\nrules:\n - {name: a, channels: [pigeon]}\n")
    refused = CliRunner().invoke(router, [sample, "--rules", str(wrong)])
    assert refused.exit_code == 1
    assert "rules[0].channels (line 3)" in refused.output
