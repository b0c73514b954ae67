"""The manifest can be read back, by us and by `sha256sum`, and nothing else passes for one."""

from __future__ import annotations

import datetime as dt
import string
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.model import manifest
from publisher.model.errors import PublisherError
from publisher.model.media import cache_control, media_type
from publisher.model.release import Release, ReleasedFile, changes, is_safe_path
from tests.releases import Publishing

PATHS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=40).filter(is_safe_path)
FILES = st.builds(
    lambda path, digest, length: ReleasedFile(path, digest, length, media_type(path), cache_control(path)),
    PATHS,
    st.text(string.hexdigits.lower()[:16], min_size=64, max_size=64),
    st.integers(0, 2**40),
)
RELEASES = st.builds(
    lambda number, files, held, tools: Release(
        number,
        dt.datetime(2026, 11, 28, 9, tzinfo=dt.UTC),
        tuple(sorted({file.path: file for file in files}.values())),
        "abc",
        tools,
        tuple(held),
    ),
    st.integers(1, 10**6),
    st.lists(FILES, max_size=20),
    st.lists(PATHS, max_size=3),
    st.dictionaries(st.sampled_from(["pelican", "todoke"]), st.sampled_from(["1.0", "2"])),
)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(RELEASES)
def test_a_manifest_is_read_back_as_it_was(release: Release) -> None:
    assert manifest.parse(manifest.render(release)) == release


@settings(derandomize=True, max_examples=300, deadline=None)
@given(RELEASES, st.data())
def test_a_damaged_manifest_is_refused_or_is_another_release_and_never_a_traceback(release: Release, data: st.DataObject) -> None:
    text = bytearray(manifest.render(release))
    at = data.draw(st.integers(0, len(text) - 1))
    text[at] = data.draw(st.integers(0, 255))
    try:
        manifest.parse(bytes(text))
    except PublisherError as error:
        assert "manifest.txt:" in str(error)


@pytest.mark.parametrize("path", ["../../etc/cron.d/x", "/etc/passwd", "a//b", "a/./b", ".."])
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    release = Release(1, dt.datetime(2026, 11, 28, 9, tzinfo=dt.UTC), (ReleasedFile(path, "0" * 64, 1, "text/html", "no-cache"),))
    with pytest.raises(PublisherError, match="leads elsewhere"):
        manifest.parse(manifest.render(release))


def test_the_common_tool_checks_a_mirror_with_it(publishing: Publishing, tmp_path: Path) -> None:
    signed = publishing.release()
    (tmp_path / "manifest.txt").write_bytes(signed.proof[manifest.PATH])
    check = ["sha256sum", "--check", "--quiet", "--strict", str(tmp_path / "manifest.txt")]
    assert subprocess.run(check, cwd=publishing.output / "site", check=False).returncode == 0
    publishing.write("index.html", "<h1>defaced</h1>")
    found = subprocess.run(check, cwd=publishing.output / "site", check=False, capture_output=True, text=True)
    assert found.returncode == 1 and "index.html: FAILED" in found.stdout


@pytest.mark.parametrize(
    ("path", "type_", "cache"),
    [
        ("index.html", "text/html; charset=utf-8", "no-cache"),
        ("pictures/0123456789abcdef/480.webp", "image/webp", "public, max-age=31536000, immutable"),
        ("files/report-20110311.pdf", "application/pdf", "no-cache"),
        ("images/a.0123456789abcdef.webp", "image/webp", "public, max-age=300"),
        ("images/a.png", "image/png", "public, max-age=300"),
        ("files/x.exe", "application/octet-stream", "no-cache"),
        ("feed.XML", "application/xml; charset=utf-8", "no-cache"),
    ],
)
def test_media_types_and_cache_rules_do_not_depend_on_the_machine(path: str, type_: str, cache: str) -> None:
    assert (media_type(path), cache_control(path)) == (type_, cache)


def test_changes_are_told_by_content_and_written_so_that_no_link_leads_nowhere(publishing: Publishing) -> None:
    first = publishing.release().release
    publishing.write("press/2026/new/index.html", "neu")
    publishing.write("images/b.png", "b")
    publishing.write("index.html", "<a href=/press/2026/new/>")
    publishing.write("feed.xml", "<feed>new</feed>")
    publishing.write("theme/style.css", "body{}")  # written again, the same bytes
    publishing.remove("press/2026/bridge/index.html")
    difference = changes(first, publishing.release().release)
    assert [file.path for file in difference.written] == ["images/b.png", "press/2026/new/index.html", "index.html", "feed.xml"]
    assert difference.removed == ("press/2026/bridge/index.html",)
