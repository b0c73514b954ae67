"""A build that fails leaves the last output; a build that succeeds removes what is gone from the sources."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from plugins.builder.options import MANIFEST, BuildFailed, BuildOptions
from plugins.builder.run import MARK, RECORD, build
from plugins.diagnostics import ContentErrors
from tests.samples.tiny import NOW, TinySite


def digests(folder: Path) -> dict[str, str]:
    """The digest of every file but the manifest, which holds modification times."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MANIFEST)
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_an_error_in_a_source_leaves_the_last_good_output_as_it_was(tiny: TinySite) -> None:
    tiny.three()
    tiny.article("press/2020/a.md")
    tiny.build()  # of an edit, so that the staging tree is there
    before = digests(tiny.output)
    tiny.write("press/2020/b.md", "---\ntitle:\n---\n")
    with pytest.raises(ContentErrors):
        tiny.build()
    assert digests(tiny.output) == before


def test_a_broken_template_leaves_the_last_good_site_as_it_was(tiny: TinySite) -> None:
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


def test_an_output_folder_with_files_of_somebody_else_is_refused_and_not_touched(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    tiny.output.mkdir()
    (tiny.output / "thesis.txt").write_text("mine")
    with pytest.raises(BuildFailed, match="no build of ours"):
        tiny.build()
    assert [path.name for path in tiny.output.iterdir()] == ["thesis.txt"]


def test_the_page_of_a_removed_source_is_removed(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    removed = tiny.article("press/2020/b.md")
    tiny.build()
    assert (tiny.site / "press/2020/05/b").exists()
    removed.unlink()
    tiny.build()
    assert not (tiny.site / "press/2020/05/b").exists()


def test_the_callback_is_called_once_for_each_rendered_page(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    calls: list[int] = []
    report = build(BuildOptions(NOW, tiny.content, tiny.root / "publications.toml", tiny.output), lambda: calls.append(1))
    assert len(calls) == report.pages > 10


def test_files_that_earlier_versions_kept_beside_the_site_under_other_names_are_removed(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md")
    (tiny.output / "twin/site").mkdir(parents=True)
    for name in (MARK, "stamp.json", "store.sqlite", "twin/site/index.html"):
        (tiny.output / name).write_text("of an earlier version")
    tiny.build()
    names = {path.name for path in tiny.output.iterdir()}
    assert names >= {"site", "mail", RECORD, MANIFEST}
    assert not names & {"twin", "stamp.json", "store.sqlite"}
