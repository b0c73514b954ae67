"""The settings say what is wrong with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from alarm.settings import check, load_settings
from alarm.words import VerifierError


def test_all_bad_settings_are_told_together(tmp_path: Path) -> None:
    file = tmp_path / "verify.toml"
    file.write_text('slow = "quick"\ncolour = 1\ncritical = [1]\n[mail]\nhost = "h"\n[[mirrors]]\nname = "www"\n', encoding="utf-8")
    with pytest.raises(VerifierError) as error:
        load_settings(file)
    for words in ("slow: 'quick'", "colour: there is no such setting", "critical: [1]", "mail.sender: is needed", "mirrors.url: is needed"):
        assert words in str(error.value)


def test_paths_are_relative_to_the_settings_and_times_are_more_than_nothing(tmp_path: Path) -> None:
    file = tmp_path / "verify.toml"
    file.write_text(
        'root = "root.json"\ninterval = 0\n[[mirrors]]\nurl = "http://a.test"\n[[mirrors]]\nurl = "http://a.test/"\n', encoding="utf-8"
    )
    config = load_settings(file)
    assert config.root == str(tmp_path / "root.json")
    with pytest.raises(VerifierError) as error:
        check(config)
    assert "interval: must be more than 0" in str(error.value)
    assert "two have the name a.test" in str(error.value)
