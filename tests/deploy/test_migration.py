"""`make migration` starts the next numbered migration of a house."""

from pathlib import Path

import pytest

from deploy.local import migration


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    """The migrations of a house that has one."""
    folder = tmp_path / "issuer/migrations/versions"
    folder.mkdir(parents=True)
    (folder / "0001_first.py").write_text('revision = "0001"')
    return folder


def test_the_next_migration_follows_the_last(versions: Path, tmp_path: Path) -> None:
    assert migration.main(["issuer", "a reason for every return."], tmp_path) == 0
    text = (versions / "0002_a_reason_for_every_return.py").read_text()
    told: dict[str, object] = {}
    exec(text, told)
    assert (told["revision"], told["down_revision"]) == ("0002", "0001")
    assert told["__doc__"] == "A reason for every return."


@pytest.mark.parametrize("arguments", [[], ["issuer"], ["nobody", "words"], ["issuer", "。"]])
def test_what_names_no_migration_is_told_in_one_line(
    arguments: list[str], versions: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert migration.main(arguments, tmp_path) == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert [p.name for p in versions.iterdir()] == ["0001_first.py"]
