"""What changed is read once and kept, by one process or several."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from publisher.model.errors import PublisherError
from publisher.release.intake import ENOUGH, take_in
from tests.samples.publishing.releases import NOW, Publishing


@pytest.mark.parametrize("processors", [1, 3])
def test_every_content_is_kept_with_the_moment_of_its_release_and_what_is_gone_is_told(publishing: Publishing, processors: int) -> None:
    paths = [f"press/{number}/index.html" for number in range(ENOUGH)]
    for number, path in enumerate(paths):
        publishing.write(path, f"<p>{number % 700}</p>")
    taken = take_in(publishing.store, publishing.output / "site", [*paths, "gone.html"], NOW, processors)
    assert list(taken) == [*paths, "gone.html"] and taken["gone.html"] is None
    for number, path in enumerate(paths):
        data, found = f"<p>{number % 700}</p>".encode(), taken[path]
        assert found and found[0].sha256 == hashlib.sha256(data).hexdigest() == found[1][3]
        kept = publishing.store.object(found[0].sha256)
        assert (kept.read_bytes(), kept.stat().st_mtime) == (data, NOW.timestamp())
    assert not list((publishing.store.root / "objects").rglob("*.part"))


def test_what_is_kept_already_keeps_its_own_moment(publishing: Publishing) -> None:
    signed = publishing.release()
    page = signed.release.by_path["index.html"]
    before = publishing.store.object(page.sha256).stat()
    take_in(publishing.store, publishing.output / "site", ["index.html"], NOW)
    assert publishing.store.object(page.sha256).stat() == before


@pytest.mark.parametrize("processors", [1, 2])
def test_a_link_among_many_files_is_refused(publishing: Publishing, tmp_path: Path, processors: int) -> None:
    paths = [f"press/{number}/index.html" for number in range(ENOUGH)]
    for path in paths:
        publishing.write(path, "<p></p>")
    publishing.remove(paths[-1])
    (publishing.output / "site" / paths[-1]).symlink_to(tmp_path)
    with pytest.raises(PublisherError, match="not a plain file"):
        take_in(publishing.store, publishing.output / "site", paths, NOW, processors)
