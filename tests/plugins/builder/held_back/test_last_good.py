from __future__ import annotations

import pytest

from plugins.builder.held_back.last_good import FILE
from tests.samples.tiny import TinySite

FIRST, SECOND = "題の一", "題の二"


@pytest.fixture
def built(tiny: TinySite) -> TinySite:
    """A site in no repository, built, with two articles of which one shows a picture."""
    tiny.image()
    tiny.article("press/2020/a.md", FIRST)
    tiny.article("press/2020/b.md", SECOND, lead="![海の写真です](../../images/sea.png)")
    tiny.build()
    return tiny


@pytest.mark.parametrize("text", ["まちがい", f"---\ntitle: {FIRST}\ndate: 2020-05-01\n---\n[こちら](https://example.jp/)です。\n"])
def test_outside_of_a_repository_a_file_at_fault_stays_as_the_last_good_build_read_it(built: TinySite, text: str) -> None:
    built.write("press/2020/a.md", text)  # one that cannot be read, and one that a rule refuses
    built.article("press/2020/c.md", "別の課の記事")
    for _ in range(2):
        (entry,) = built.build(strict=False).held_back
        assert (entry.path, entry.is_public, entry.commit) == ("content/press/2020/a.md", True, "")
        assert FIRST in built.page("/press/2020/05/a/") and "最初の段落です。" in built.page("/press/2020/05/a/")
        assert "別の課の記事" in built.page("/press/2020/05/c/")


def test_a_picture_that_was_overwritten_stays_as_it_was(built: TinySite) -> None:
    picture = (built.site / "images/sea.png").read_bytes()
    (built.content / "images/sea.png").write_bytes(b"x")
    (entry,) = built.build(strict=False).held_back
    assert (entry.path, entry.is_public) == ("content/images/sea.png", True)
    assert (built.site / "images/sea.png").read_bytes() == picture


def test_a_file_that_was_deleted_is_forgotten(built: TinySite) -> None:
    (built.content / "press/2020/a.md").unlink()
    built.build()
    built.write("press/2020/a.md", "まちがい")
    (entry,) = built.build(strict=False).held_back
    assert not entry.is_public


def test_a_damaged_file_of_the_last_good_build_costs_that_version_and_nothing_else(built: TinySite) -> None:
    (built.output / FILE).write_bytes(b"x" * 5000)
    built.write("press/2020/a.md", "まちがい")
    (entry,) = built.build(strict=False).held_back
    assert not entry.is_public
    assert SECOND in built.page("/press/2020/05/b/")
