"""Where everything is, as far as publish.toml can be read."""

from __future__ import annotations

from pathlib import Path

import pytest

from emergency.places import read_places

MIRROR = '[[mirrors]]\nname = "www"\nkind = "local"\nfolder = "www"\nurl = "https://www.example.jp/"\n'


def test_mirrors_have_their_names_and_addresses(tmp_path: Path) -> None:
    (tmp_path / "publish.toml").write_text(MIRROR, "utf-8")
    places = read_places(tmp_path / "publish.toml", Path("content"), None, None)
    assert [(mirror.name, mirror.kind, mirror.url) for mirror in places.mirrors] == [("www", "local", "https://www.example.jp")]
    assert (places.output, places.mailer, places.trouble) == (Path("output"), tmp_path / "mailer.toml", "")


def test_the_site_of_publish_goes_before_the_folder_here_and_the_command_line_before_both(tmp_path: Path) -> None:
    (tmp_path / "publish.toml").write_text('[publish]\nfolder = "work"\nmailer = "mail/settings.toml"\n', "utf-8")
    (tmp_path / "work/output").mkdir(parents=True)
    places = read_places(tmp_path / "publish.toml", Path("content"), None, None)
    assert (places.output, places.mailer) == (tmp_path / "work/output", tmp_path / "mail/settings.toml")
    assert read_places(tmp_path / "publish.toml", Path("content"), Path("mine"), None).output == Path("mine")


def test_without_publish_toml_there_is_no_mirror_and_no_trouble(tmp_path: Path) -> None:
    places = read_places(tmp_path / "publish.toml", Path("content"), None, None)
    assert (list(places.mirrors), places.trouble, places.is_configured) == ([], "", False)


@pytest.mark.parametrize("text", ["[[mirrors", "\udcff", "publish = 5\nmirrors = [1, {}]"])
def test_a_broken_publish_toml_takes_the_mirrors_and_nothing_else(tmp_path: Path, text: str) -> None:
    (tmp_path / "publish.toml").write_bytes(text.encode("utf-8", "surrogateescape"))
    places = read_places(tmp_path / "publish.toml", Path("content"), None, None)
    assert list(places.mirrors) == [] and places.output == Path("output")
