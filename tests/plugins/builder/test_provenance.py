"""A build leaves what it was made with: moment, options, packages, encoders."""

from __future__ import annotations

import datetime as dt
import json
import sys
from importlib.metadata import distributions
from pathlib import Path

from packaging.utils import canonicalize_name
from PIL import features

from plugins.builder.provenance import PROVENANCE, installed_packages
from tests.samples.tiny import NOW, TinySite


def test_a_build_records_its_moment_its_options_and_the_encoders(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    tiny.build()
    record = json.loads((tiny.output / PROVENANCE).read_bytes())
    assert dt.datetime.fromisoformat(record["moment"]) == NOW
    assert (record["content"], record["folder"]) == (str(tiny.content), str(Path.cwd()))
    assert record["python"].endswith(sys.version.split()[0])
    assert record["encoders"]["webp"] == features.version("webp")
    tiny.article("press/2020/b.md", "もう一つ")
    tiny.build(NOW + dt.timedelta(seconds=2))
    assert json.loads((tiny.output / PROVENANCE).read_bytes())["moment"] == (NOW + dt.timedelta(seconds=2)).isoformat()


def test_the_names_of_folders_say_the_same_as_the_metadata_in_them() -> None:
    expected: dict[str, str] = {}
    for each in distributions():
        expected.setdefault(canonicalize_name(each.name), each.version)
    assert installed_packages(sys.path) == expected


def test_of_two_installations_the_first_on_the_path_counts(tmp_path: Path) -> None:
    for folder, name in (
        ("first", "Pillow-13.0.dist-info"),
        ("second", "pillow-12.0.dist-info"),
        ("second", "a_b-1.0.post1-py3.11.egg-info"),
    ):
        (tmp_path / folder / name).mkdir(parents=True)
    (tmp_path / "second" / "notes.txt").touch()
    path = [str(tmp_path / "first"), str(tmp_path / "gone"), str(tmp_path / "second")]
    assert installed_packages(path) == {"pillow": "13.0", "a-b": "1.0.post1"}
