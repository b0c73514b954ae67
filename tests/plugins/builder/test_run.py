"""The build is whole or not at all, and the same every time."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from plugins.builder.options import MANIFEST, BuildFailed, BuildOptions
from plugins.builder.run import build
from plugins.diagnostics import ContentErrors
from tests.tiny import NOW, TinySite


def digests(folder: Path) -> dict[str, str]:
    """Bytes of every file, without the manifest: it speaks of modification times."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MANIFEST)
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_a_fault_leaves_the_last_good_output_in_place(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    tiny.build()
    before = digests(tiny.output)
    tiny.write("press/2020/b.md", "---\ntitle:\n---\n")
    with pytest.raises(ContentErrors):
        tiny.build()
    assert digests(tiny.output) == before


def test_a_broken_template_leaves_the_last_good_output_in_place(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    tiny.build()
    before = digests(tiny.output / "site")
    settings = tiny.root / "settings.py"
    theme = tiny.root / "theme"
    shutil.copytree("themes/miyagi", theme)
    (theme / "templates" / "article.html").write_text("{{ article.no.such.thing }}")
    settings.write_text(f"import sys\nsys.path.insert(0, {str(Path.cwd())!r})\nfrom pelicanconf import *\nTHEME = {str(theme)!r}\n")
    with pytest.raises(BuildFailed, match=r"article\.html:1"):
        build(BuildOptions(NOW, tiny.content, tiny.root / "publications.toml", tiny.output, settings))
    assert digests(tiny.output / "site") == before


def test_two_builds_give_the_same_bytes(tiny: TinySite, tmp_path_factory: pytest.TempPathFactory) -> None:
    tiny.article("press/2020/a.md")
    tiny.write("mail/press/1.md", "---\ntitle: 号\ndate: 2020-06-01\n---\nこんにちは。\n\n## 話題\n\n::前号から press\n")
    tiny.build()
    other = tmp_path_factory.mktemp("other") / "output"
    build(BuildOptions(NOW, tiny.content, tiny.root / "publications.toml", other))
    for part in ("site", "mail"):
        assert digests(other / part) == digests(tiny.output / part)


def test_a_folder_of_somebody_else_is_never_touched(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    tiny.output.mkdir()
    (tiny.output / "thesis.txt").write_text("mine")
    with pytest.raises(BuildFailed, match="no build of ours"):
        tiny.build()
    assert [path.name for path in tiny.output.iterdir()] == ["thesis.txt"]


def test_a_page_that_is_gone_from_the_sources_is_gone_from_the_site(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    gone = tiny.article("press/2020/b.md")
    tiny.build()
    assert (tiny.site / "press/2020/05/b").exists()
    gone.unlink()
    tiny.build()
    assert not (tiny.site / "press/2020/05/b").exists()


def test_every_page_is_told_as_it_is_made(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    told: list[int] = []
    report = build(BuildOptions(NOW, tiny.content, tiny.root / "publications.toml", tiny.output), lambda: told.append(1))
    assert len(told) == report.pages > 10
