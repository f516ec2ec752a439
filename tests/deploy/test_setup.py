"""What `make` needs and does not find is told in one clear line."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

ROOT = Path(__file__).parents[2]

PATH = "/usr/bin:/bin"
OLD = "#!/bin/sh\nexit 1\n"
BARE = f"""#!/bin/sh
[ "$1" = -m ] && {{ echo "No module named $2" >&2; exit 1; }}
exec {sys.executable} "$@"
"""


@pytest.fixture
def checkout() -> Iterator[Path]:
    """A checkout with nothing in it but what `make setup` runs, where everybody may look."""
    with TemporaryDirectory() as folder:
        path = Path(folder)
        path.chmod(0o755)
        (path / "deploy/local").mkdir(parents=True)
        shutil.copy(ROOT / "Makefile", path)
        shutil.copy(ROOT / "deploy/local/setup.sh", path / "deploy/local")
        yield path


def _setup(checkout: Path, python: str, user: str | None = None) -> list[str]:
    """Run `make setup` with a Python of our own and without uv; return what it says, and see it fail."""
    program = checkout / "python"
    program.write_text(python)
    program.chmod(0o755)
    done = subprocess.run(
        ["make", "setup", f"PYTHON={program}"],
        cwd=checkout,
        env={"PATH": PATH},
        user=user,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    return [line for line in done.stderr.splitlines() if line.startswith("setup: ")]


def test_an_old_python_is_told_in_one_line(checkout: Path) -> None:
    (line,) = _setup(checkout, OLD)
    assert "Python 3.11" in line
    assert "apt-get install" in line


def test_a_python_that_can_bring_no_uv_is_told_in_one_line(checkout: Path) -> None:
    if shutil.which("uv", path=PATH):
        pytest.skip("uv is on this computer already")
    *_, line = _setup(checkout, BARE)
    assert "uv cannot be brought" in line
    assert "python3-venv" in line


def test_a_folder_that_cannot_be_written_to_is_told_in_one_line(checkout: Path) -> None:
    if os.geteuid() == 0:
        (line,) = _setup(checkout, BARE, user="nobody")
    else:
        (checkout / "python").touch()
        checkout.chmod(0o555)
        (line,) = _setup(checkout, BARE)
        checkout.chmod(0o755)
    assert "cannot be written to" in line


def test_make_alone_lists_its_targets_and_does_nothing(checkout: Path) -> None:
    said = subprocess.run(["make"], cwd=checkout, capture_output=True, text=True, check=True).stdout
    listed = {line.split()[1] for line in said.splitlines()}
    assert {"setup", "up", "demo", "run", "test", "check", "bench", "migration", "screenshots"} <= listed
    assert not (checkout / ".tools").exists()


@pytest.mark.parametrize(
    ("name", "text"), [("map.min.js", "x"), ("map.js", "/* @" + "license by somebody */"), ("han.woff2", "x")]
)
def test_a_file_of_somebody_else_fails_the_check(name: str, text: str, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    check = ["sh", str(ROOT / "deploy/local/own_files.sh")]
    assert subprocess.run(check, cwd=tmp_path, check=False).returncode == 0
    (tmp_path / name).write_text(text)
    done = subprocess.run(check, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert name in done.stderr
