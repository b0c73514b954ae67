"""``continuity.toml``: every key is documented, and relative paths are beside the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from continuity.model import ContinuityError
from continuity.settings import ContinuitySettings, Kit, Person, Snapshots, Trust, load_settings


@pytest.mark.parametrize(
    ("table", "model"), [("", ContinuitySettings), ("[snapshot]", Snapshots), ("[trust]", Trust), ("[kit]", Kit), ("[[people]]", Person)]
)
def test_every_key_stands_in_the_documentation(table: str, model: type[BaseModel]) -> None:
    text = Path("docs/how-to/continuity.md").read_text("utf-8").partition("## 4.")[2]
    lines = [line for line in text.splitlines() if table in line] if table else [text]
    tables = {"snapshot", "trust", "kit", "people", "targets", "right"}
    for key in model.model_fields:
        assert any((f"[{key}]" if not table and key in tables else f"`{key}`") in line for line in lines), key


def test_relative_paths_are_beside_the_file_and_bad_keys_are_named(tmp_path: Path) -> None:
    file = tmp_path / "continuity.toml"
    file.write_text('recipients = ["age1"]\n[trust]\nroot = "root.json"\n[kit]\nwheels = "wheels"\n', "utf-8")
    settings = load_settings(file)
    assert (settings.trust.root, settings.kit.wheels) == (tmp_path / "root.json", tmp_path / "wheels")
    assert (settings.kit.folder, settings.drills) == (tmp_path / "var/kit", tmp_path / "var/drills")
    assert (settings.kit.program / "continuity").is_dir() and settings.kit.font is None
    file.write_text('recipients = ["age1"]\n[[people]]\nname = "A"\ntelephone = "call me"\n', "utf-8")
    with pytest.raises(ContinuityError, match=r"people\.0\.telephone"):
        load_settings(file)
