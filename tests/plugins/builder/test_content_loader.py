"""A build, a check and a preview read nothing outside of ``content/`` and the theme, and wait for nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from plugins.diagnostics import ContentErrors, Diagnostic
from tests.plugins.builder.checkout.test_source_check import check
from tests.samples.tiny import TinySite

SECRET = "SECRET-KEY-4711"


def outward(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


FAULTS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "a link to the key": ("files/a.txt", outward("../../secret")),
    "a link to a folder": ("files/folder", outward("../../private")),
    "a linked source": ("press/2020/b.md", outward("../../../private/note.md")),
    "a linked picture": ("images/b.png", outward("../../secret")),
    "a linked table": ("data/readings.csv", outward("../../private/note.md")),
    "a linked audit": ("data/audit.json", outward("../../private/note.md")),
    "a link to the folder above": ("files/up", outward("..")),
    "a link to everything": ("files/root", outward("/")),
    "a dangling link": ("files/gone", outward("nowhere")),
    "a link to itself": ("press/2020/b.md", outward("b.md")),
    "a pipe among the sources": ("press/2020/b.md", os.mkfifo),
    "a pipe among the files": ("files/pipe", os.mkfifo),
    "a pipe for a table": ("data/progress.csv", os.mkfifo),
    "a pipe anywhere": ("pipe", os.mkfifo),
    "a device": ("files/zero", outward("/dev/zero")),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_leads_out_or_is_no_file_stops_build_and_check_with_its_name_and_leaks_nothing(tiny: TinySite, fault: str) -> None:
    (tiny.root / "secret").write_text(SECRET)
    (tiny.root / "private").mkdir()
    (tiny.root / "private/note.md").write_text(f"---\ntitle: {SECRET}\ndate: 2020-01-01\n---\n{SECRET}\n")
    tiny.article("press/2020/a.md")
    tiny.build()
    name, make = FAULTS[fault]
    (tiny.content / name).parent.mkdir(parents=True, exist_ok=True)
    make(tiny.content / name)
    with pytest.raises(ContentErrors) as caught:
        tiny.build()
    assert [str(told.path) for told in caught.value.diagnostics] == [f"content/{name}"]
    assert caught.value.diagnostics[0].rule in ("F111", "F112", "F113", "F114")
    assert f"content/{name}:1: " in check(tiny, status=1)
    assert not [path for path in tiny.output.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]


def test_a_municipality_table_that_leads_out_is_told_and_not_read(tiny: TinySite) -> None:
    (tiny.root / "secret").write_text(SECRET)
    (tiny.content / "data/municipalities.csv").unlink()
    (tiny.content / "data/municipalities.csv").symlink_to("../../secret")
    with pytest.raises(ContentErrors, match=r"content/data/municipalities\.csv:1: .* \[F111\]"):
        tiny.build()


def test_a_link_that_stays_inside_is_read(tiny: TinySite) -> None:
    tiny.write("files/2020/a.txt", "inside")
    (tiny.content / "files/latest.txt").symlink_to("2020/a.txt")
    tiny.article("press/2020/a.md", lead="[最新](../../files/latest.txt)")
    tiny.build()
    assert (tiny.site / "files/latest.txt").read_text() == "inside" and not (tiny.site / "files/latest.txt").is_symlink()


def test_a_link_of_the_theme_that_leads_out_stops_the_build(tiny: TinySite) -> None:
    shutil.copytree("themes/miyagi", tiny.root / "theme")
    (tiny.root / "secret").write_text(SECRET)
    (tiny.root / "theme/static/key.txt").symlink_to("../../secret")
    settings = tiny.root / "settings.py"
    settings.write_text(f"from pelicanconf import *\nTHEME = {str(tiny.root / 'theme')!r}\n")
    with pytest.raises(ContentErrors) as caught:
        tiny.build(settings=settings)
    assert [fault.path.name for fault in caught.value.diagnostics] == ["key.txt"]


def test_settings_that_still_name_static_paths_publish_no_folder_whole(tiny: TinySite) -> None:
    tiny.write("data/meibo.csv", SECRET)
    settings = tiny.root / "settings.py"
    settings.write_text("from pelicanconf import *\nSTATIC_PATHS = ['data']\n")
    report = tiny.build(settings=settings)
    assert not (tiny.site / "data").exists()
    assert [told.path.name for told in report.warnings if isinstance(told, Diagnostic)] == ["meibo.csv"]
