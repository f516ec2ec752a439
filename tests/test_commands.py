"""`yutian` used wrongly: one clear line, no traceback, nothing secret repeated, exit code 2."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from services import __main__ as command
from services import all_settings
from services.kit.crypto import KeyFolder
from services.kit.settings import Settings

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run the command in this process; return its exit code and what it said of errors."""
    monkeypatch.setenv("YUTIAN_VAR", str(tmp_path / "var"))

    def ran(*words: str, **environment: str) -> tuple[int, str]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["yutian", *words])
        with pytest.raises(SystemExit) as ended:
            command.main()
        return int(ended.value.code or 0), capsys.readouterr().err

    return ran


WRONG: list[tuple[list[str], dict[str, str], str]] = [
    (["up"], {"YUTIAN_NATS_URL": "foo"}, "YUTIAN_NATS_URL"),
    (["up"], {"YUTIAN_NATS_URL": "nats://127.0.0.1"}, "YUTIAN_NATS_URL"),
    (["up"], {"YUTIAN_NATS_URL": "nats://127.0.0.1:x"}, "YUTIAN_NATS_URL"),
    (["migrate"], {"YUTIAN_DATABASE_URL": "s3cret"}, "YUTIAN_DATABASE_URL"),
    (["migrate"], {"YUTIAN_DATABASE_URL": "mysql://a:s3cret@c/d"}, "YUTIAN_DATABASE_URL"),
    (["migrate"], {"YUTIAN_DATABASE_URL": "postgresql://a:s3cret@c:port/d"}, "YUTIAN_DATABASE_URL"),
    (["migrate"], {"YUTIAN_DATABASE_URL": "sqlite:///{s3cret}"}, "YUTIAN_DATABASE_URL"),
    (["migrate", "--provision", "s3cret"], {}, "--provision"),
    (["migrate", "nothing"], {}, "service"),
    (["outbox", "replay", "--since", "2026-06-01T00:00:00"], {}, "yutian migrate"),
    (["settings", "-o", "xml"], {}, "--output"),
    (["audit", "verify", "-o", "xml", "-"], {}, "--output"),
    (["settings"], {"YUTIAN_PORT": "s3cret"}, "YUTIAN_PORT"),
    (["keys", "init"], {"YUTIAN_KEYS": "{x}"}, "YUTIAN_KEYS"),
    (["audit", "reconcile"], {"YUTIAN_TOKEN": "s3crét", "YUTIAN_AUDIT_URL": "http://127.0.0.1:1"}, "--url"),
    (["audit", "reconcile"], {"YUTIAN_TOKEN": "s3cret", "YUTIAN_AUDIT_URL": "http://[::1"}, "--url"),
]


@pytest.mark.parametrize(("words", "environment", "named"), WRONG)
def test_wrong_use_is_one_clear_line(
    run: Run, words: list[str], environment: dict[str, str], named: str
) -> None:
    code, said = run(*words, **environment)
    lines = [line for line in said.splitlines() if "warning" not in line]
    assert (code, len(lines)) == (2, 1), said
    assert lines[0].startswith("yutian: ")
    assert named in lines[0]
    assert "s3cr" not in said


def test_a_key_is_rotated_and_the_former_one_stays(run: Run, tmp_path: Path) -> None:
    code, said = run("keys", "rotate", "phone")
    assert (code, "yutian keys init" in said) == (1, True)
    assert run("keys", "init")[0] == 0
    keys = KeyFolder(Settings.load().key_folder())
    former = keys.active("phone")
    assert run("keys", "rotate", "phone")[0] == 0
    assert keys.active("phone")[0] != former[0]
    assert keys.key("phone", former[0]) == former[1]
    assert len(keys.ids("phone")) == 2
    assert run("keys", "rotate", "link")[0] == 2


def test_a_broken_file_of_credentials_is_one_clear_line(run: Run, tmp_path: Path) -> None:
    for broken in ("[]", '{"accounts": 1}', '{"accounts": [1]}', "x"):
        (tmp_path / "broken.json").write_text(broken)
        code, said = run("code", "wang", "--credentials", str(tmp_path / "broken.json"))
        assert code == 1
        assert said.splitlines()[-1].startswith("yutian: ")
        assert "Traceback" not in said


def test_a_setting_that_nobody_reads_is_said_with_a_guess_and_no_value(run: Run) -> None:
    wrong = {"YUTIAN_PROT": "s3cret", "YUTIAN_CABLE_KEYS_FILE": "s3cret", "YUTIAN_WHATEVER": "s3cret"}
    _, said = run("settings", "-o", "xml", **wrong)
    warning, *_ = said.splitlines()
    assert warning.startswith("yutian: warning: nobody reads YUTIAN_CABLE_KEYS_FILE")
    assert "YUTIAN_PROT (is it YUTIAN_PORT?)" in warning
    assert "YUTIAN_WHATEVER" in warning
    assert "s3cret" not in said


def test_what_is_read_somewhere_is_no_news() -> None:
    known = {row["name"] for row in all_settings.rows()}
    of_files = {f"{name}_FILE" for name in known}
    assert all_settings.names() == known
    assert (
        all_settings.unread(known | of_files | all_settings.ELSEWHERE | {"HOME", "_YUTIAN_COMPLETE"}) is None
    )
