"""Settings come from the environment, secrets from files too, and faults are named in one line."""

from pathlib import Path

import pytest

from services.kit.errors import Refused
from services.kit.settings import Settings


def test_defaults_are_those_of_a_laptop(tmp_path: Path) -> None:
    settings = Settings.load(var=tmp_path)
    assert settings.database("issuer") == f"sqlite:///{tmp_path.resolve()}/db/issuer.db"
    assert settings.key_folder() == tmp_path.resolve() / "keys"
    assert settings.base_url() == "http://127.0.0.1:8600"


def test_a_wrong_setting_is_named_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUTIAN_PORT", "secret-value")
    with pytest.raises(Refused) as error:
        Settings.load()
    assert "YUTIAN_PORT" in error.value.why
    assert "secret-value" not in error.value.why


def test_a_secret_may_come_from_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-a-file\n")
    monkeypatch.setenv("YUTIAN_INTERNAL_KEY_FILE", str(tmp_path / "key"))
    settings = Settings.load()
    assert settings.internal_key.get_secret_value() == "from-a-file"
    assert "from-a-file" not in repr(settings)


def test_a_missing_secret_file_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YUTIAN_INTERNAL_KEY_FILE", "/nowhere/key")
    with pytest.raises(Refused, match="YUTIAN_INTERNAL_KEY_FILE"):
        Settings.load()
