"""`yutian settings` tells of every setting of every service, and no secret."""

import os
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from services import all_settings
from services.kit.settings import Settings


def run(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "services", "settings", *words],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_setting_of_every_class_is_shown_once() -> None:
    names = [row["name"] for row in all_settings.rows()]
    assert len(names) == len(set(names))
    for kind in (Settings, *Settings.__subclasses__()):
        assert {f"YUTIAN_{name.upper()}" for name in kind.model_fields} <= set(names)
    assert all(row["meaning"] for row in all_settings.rows())


def test_value_source_and_default_are_told_and_secrets_are_not(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    done = run(
        "-o", "json", YUTIAN_PORT="8700", YUTIAN_CABLE_KEY="hunter2", YUTIAN_APP_SECRET_FILE=str(secret)
    )
    assert "hunter2" not in done.stdout
    rows = {row["name"]: row for row in orjson.loads(done.stdout)}
    port = rows["YUTIAN_PORT"]
    assert (port["value"], port["source"], port["default"]) == ("8700", "environment", "8600")
    assert (rows["YUTIAN_CABLE_KEY"]["value"], rows["YUTIAN_CABLE_KEY"]["source"]) == ("***", "environment")
    assert (rows["YUTIAN_APP_SECRET"]["value"], rows["YUTIAN_APP_SECRET"]["source"]) == ("***", "file")
    assert rows["YUTIAN_CABLE_URL"]["source"] == "default"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"YUTIAN_PORT": "http"}, "YUTIAN_PORT"),
        ({"YUTIAN_CABLE_KEY_FILE": "/nowhere"}, "YUTIAN_CABLE_KEY_FILE"),
    ],
)
def test_a_wrong_setting_gets_one_line(given: dict[str, str], said: str) -> None:
    done = run(**given)
    assert done.returncode != 0
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
