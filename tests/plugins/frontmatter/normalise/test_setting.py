"""The setting for line ends belongs to what a build remembers: with another value every page is read anew, and a build from nothing gives the same bytes."""

from __future__ import annotations

import shutil

from tests.samples.tiny import TinySite


def pages_of(site: TinySite) -> dict[str, bytes]:
    return {str(file.relative_to(site.site)): file.read_bytes() for file in sorted(site.site.rglob("*.html"))}


def test_another_value_changes_the_pages_as_a_build_from_nothing_would(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md", lead="日時は3月21日、\n会場は石巻市です。")
    tiny.build()
    assert "日時は3月21日、会場は石巻市です。" in tiny.page("/press/2020/05/a/")
    toml = tiny.root / "publications.toml"
    toml.write_text(toml.read_text("utf-8").replace("sample = true\n", "sample = true\nline_breaks = true\n", 1), "utf-8")
    tiny.build()
    after = pages_of(tiny)
    assert "日時は3月21日、<br>" in tiny.page("/press/2020/05/a/")
    shutil.rmtree(tiny.output)
    tiny.build()
    assert pages_of(tiny) == after
