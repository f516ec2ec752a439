"""The import rules hold, and each of them fails when it is broken on purpose."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

BREACHES = {
    "a service imports another": ("services/registry/actions/keys.py", "import services.router.model"),
    "the kit imports a service": ("services/kit/ids.py", "import services.registry.model"),
    "contracts import the kit": ("contracts/values.py", "import services.kit.errors"),
    "a model imports the database": ("services/registry/model/row.py", "import sqlalchemy"),
    "a model imports its actions": ("services/registry/model/row.py", "import services.registry.actions"),
    "a store imports its actions": ("services/registry/store/tables.py", "import services.registry.actions"),
    "one way of reaching people imports another": (
        "services/channels/pull/feed/model.py",
        "import services.channels.pull.stations.model",
    ),
    "a service imports the sandbox": ("services/registry/seed.py", "import sandbox.faults"),
    "the sandbox imports a service": ("sandbox/faults.py", "import services.kit.errors"),
}


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the import rules of a folder."""
    command = Path(sys.executable).with_name("lint-imports")
    return subprocess.run(
        [str(command), "--no-cache"],
        cwd=folder,
        env={"PYTHONPATH": str(folder), "PATH": "/usr/bin:/bin", "HOME": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    for package in ("contracts", "services", "sandbox"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_rules_hold(copy: Path) -> None:
    done = lint(copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("breach", BREACHES)
def test_a_broken_rule_is_found(copy: Path, breach: str) -> None:
    name, line = BREACHES[breach]
    path = copy / name
    kept = path.read_text()
    path.write_text(f"{kept}\n{line}\n")
    try:
        done = lint(copy)
    finally:
        path.write_text(kept)
    assert done.returncode == 1
    assert "BROKEN" in done.stdout
