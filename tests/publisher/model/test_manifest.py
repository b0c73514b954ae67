"""The manifest can be read back, by us and by `sha256sum`, and nothing else passes for one."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
import string
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from publisher.model import manifest
from publisher.model.errors import PublisherError
from publisher.model.media import cache_control, media_type
from publisher.model.release import BuildParameters, Release, ReleasedFile, changes, is_safe_path
from tests.samples.publishing.releases import Publishing

PATHS = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=40).filter(is_safe_path)
FILES = st.builds(
    lambda path, digest, length: ReleasedFile(path, digest, length, media_type(path), cache_control(path)),
    PATHS,
    st.text(string.hexdigits.lower()[:16], min_size=64, max_size=64),
    st.integers(0, 2**40),
)
RELEASES = st.builds(
    lambda number, files, held, tools, build: Release(
        number,
        dt.datetime(2026, 11, 28, 9, tzinfo=dt.UTC),
        tuple(sorted({file.path: file for file in files}.values())),
        "abc",
        tools,
        tuple(held),
        build=build,
    ),
    st.integers(1, 10**6),
    st.lists(FILES, max_size=20),
    st.lists(PATHS, max_size=3),
    st.dictionaries(st.sampled_from(["pelican", "todoke"]), st.sampled_from(["1.0", "CPython 3.11.9"])),
    st.none()
    | st.builds(BuildParameters, st.datetimes(timezones=st.just(dt.UTC)), st.dictionaries(st.sampled_from(["folder", "content"]), PATHS)),
)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(RELEASES)
def test_a_manifest_is_read_back_as_it_was(release: Release) -> None:
    assert read_back(manifest.render(release)) == release


def read_back(files: dict[str, bytes]) -> Release:
    return manifest.parse(files[manifest.PATH], files.get)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(RELEASES, st.data())
def test_a_damaged_manifest_is_refused_or_is_another_release_and_never_a_traceback(release: Release, data: st.DataObject) -> None:
    files = manifest.render(release)
    path = data.draw(st.sampled_from(sorted(files)))
    text = bytearray(files[path])
    text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    files[path] = bytes(text)
    try:
        read_back(files)
    except PublisherError as error:
        assert "目録" in str(error)
    else:
        assert path == manifest.PATH or bytes(text) == manifest.render(release)[path]  # a list of files is under its digest


@settings(derandomize=True, max_examples=200, deadline=None)
@given(RELEASES.filter(lambda release: release.files), st.data())
def test_a_list_that_a_thief_signed_is_refused_or_names_safe_paths_only(release: Release, data: st.DataObject) -> None:
    files = manifest.render(release)
    path = data.draw(st.sampled_from(manifest.list_paths(files[manifest.PATH])))
    text = bytearray(files[path])
    text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    new, old = (hashlib.sha256(each).hexdigest().encode() for each in (text, files[path]))
    signed = {**files, path: bytes(text), manifest.PATH: files[manifest.PATH].replace(old + b" ", new + b" ")}
    try:
        assert all(is_safe_path(file.path) for file in read_back(signed).files)
    except PublisherError as error:
        assert "目録" in str(error)


@pytest.mark.parametrize("path", ["../../etc/cron.d/x", "/etc/passwd", "a//b", "a/./b", ".."])
def test_a_path_that_leads_elsewhere_is_refused(path: str) -> None:
    release = Release(1, dt.datetime(2026, 11, 28, 9, tzinfo=dt.UTC), (ReleasedFile(path, "0" * 64, 1, "text/html", "no-cache"),))
    with pytest.raises(PublisherError, match="leads elsewhere"):
        read_back(manifest.render(release))


def test_common_tools_check_a_mirror_in_two_lines(publishing: Publishing, tmp_path: Path) -> None:
    """The lines are those of docs/how-to/publish.md."""
    lines = [
        line
        for line in Path("docs/how-to/publish.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("$ ") and "sha256sum --check" in line
    ]
    commands = " && ".join(line.removeprefix("$ ").partition("  #")[0] for line in lines)
    publishing.write("press/名前 と空白/index.html", "<p>x</p>")
    signed = publishing.release()
    shutil.copytree(publishing.output / "site", tmp_path / "copy")
    for path, data in signed.proof.items():
        (tmp_path / "copy" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "copy" / path).write_bytes(data)

    def check() -> subprocess.CompletedProcess[str]:
        return subprocess.run(["sh", "-c", commands], cwd=tmp_path / "copy", check=False, capture_output=True, text=True)

    assert check().returncode == 0, check().stderr
    (tmp_path / "copy/index.html").write_text("<h1>defaced</h1>")
    assert check().returncode != 0 and "index.html: FAILED" in check().stdout
    (tmp_path / "copy/index.html").write_bytes((publishing.output / "site/index.html").read_bytes())
    altered = tmp_path / "copy" / manifest.list_paths(signed.proof[manifest.PATH])[0]
    altered.write_bytes(altered.read_bytes() + b"#\n")
    assert check().returncode != 0


def test_an_edit_changes_one_list_of_many(publishing: Publishing) -> None:
    release = publishing.release().release
    files = [ReleasedFile(f"press/{number}/index.html", f"{number:064x}", number, "text/html", "no-cache") for number in range(5000)]
    first = manifest.render(replace(release, files=tuple(sorted(files))))
    files[7] = replace(files[7], sha256="f" * 64)
    second = manifest.render(replace(release, files=tuple(sorted(files))))
    assert len(first) == 257 and len(second.keys() - first.keys()) == 1
    assert sum(len(data) for path, data in second.items() if first.get(path) != data) < 40_000


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
