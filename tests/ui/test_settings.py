from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from ui.settings import Settings


def test_arguments_win_over_environment_over_file_over_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("LOOPAI_PORT", "LOOPAI_WRITER", "LOOPAI_HOME"):
        monkeypatch.delenv(name, raising=False)
    assert Settings().port == 8501
    (tmp_path / "loopai.toml").write_text('port = 1111\nwriter = "file"\nadapter = "file"\n', "utf-8")
    monkeypatch.setenv("LOOPAI_PORT", "2222")
    monkeypatch.setenv("LOOPAI_WRITER", "environment")
    settings = Settings(port=3333)
    assert (settings.port, settings.writer, settings.adapter) == (3333, "environment", "file")


def test_a_misspelled_setting_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loopai.toml").write_text('wirter = "x"\n', "utf-8")
    with pytest.raises(ValidationError, match="wirter"):
        Settings()


def test_keys_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOOPAI_ANSWERER_KEY", "sk-secret")
    assert "sk-secret" not in repr(Settings())
