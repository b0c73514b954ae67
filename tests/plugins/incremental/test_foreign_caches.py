"""Whatever lies in the folders that a build shares, or a CI restores, is data: nothing in it is run, and nothing in it stops a build."""

from __future__ import annotations

import marshal
import os
import pickle
import sqlite3
from array import array
from functools import cache
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import DictLoader, Environment
from jinja2.bccache import bc_magic

from plugins.builder.options import MANIFEST
from plugins.incremental import manifest as manifests
from plugins.incremental.bytecode import open_bytecode_cache
from plugins.incremental.manifest import FORMAT, Manifest, PageEntry, ReadTable, load_manifest
from tests.samples.tiny import TinySite


class Payload:
    """Unpickling it writes a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return exec, (code(self.mark),)


def code(mark: Path) -> str:
    return f"open({str(mark)!r}, 'w').close()"


def test_a_build_runs_nothing_that_a_foreign_hand_has_put_into_its_caches(tiny: TinySite, tmp_path: Path) -> None:
    tiny.article("press/2020/a.md")
    tiny.build()
    expected, mark = tiny.page("/press/2020/05/a/"), tmp_path / "ran"
    pickled = pickle.dumps([("press/2020/a.md", Payload(mark))])
    for name in ("content-cache.sqlite", "store.sqlite"):
        with sqlite3.connect(tiny.output / name) as database:
            for table in ("bundle (number INTEGER, documents BLOB)", "note (topic TEXT, path TEXT, digest BLOB, value BLOB)"):
                database.execute(f"CREATE TABLE IF NOT EXISTS {table}")
            database.execute("UPDATE bundle SET documents = ?", (pickled,))
            database.execute("INSERT OR REPLACE INTO bundle VALUES (99, ?)", (pickled,))
            database.execute("INSERT OR REPLACE INTO note VALUES ('images', '', x'', ?)", (pickle.dumps(Payload(mark)),))
            database.execute("INSERT OR REPLACE INTO note VALUES ('checks', 'press/2020/a.md', x'', ?)", (pickle.dumps(Payload(mark)),))
    (tiny.output / MANIFEST).write_bytes(marshal.dumps(compile(code(mark), "x", "exec")))
    tiny.article("press/2020/b.md", "ふたつめ", "2020-06-01")
    tiny.build()
    assert not mark.exists()
    assert "ふたつめ" in tiny.page("/press/2020/06/b/") and "題" in expected


def planted(folder: Path, environment: Environment, mark: Path) -> None:
    """Put the byte code of a foreign template where Jinja would look for that of ``page.html``."""
    assert environment.bytecode_cache and environment.loader
    source = environment.loader.get_source(environment, "page.html")[0]
    bucket = environment.bytecode_cache.get_bucket(environment, "page.html", None, source)
    foreign = compile(f"{code(mark)}\nblocks = {{}}\ndebug_info = ''\ndef root(context, *_):\n    yield 'foreign'\n", "x", "exec")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"__jinja2_{bucket.key}.cache").write_bytes(bc_magic + pickle.dumps(bucket.checksum, 2) + marshal.dumps(foreign))


def with_cache(environ: dict[str, str]) -> Environment:
    environment = Environment(loader=DictLoader({"page.html": "ours"}), autoescape=True)
    environment.bytecode_cache = open_bytecode_cache(environ)
    return environment


def test_compiled_templates_are_kept_in_the_accounts_own_folder_for_itself_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        assert with_cache({"HOME": str(tmp_path)}).get_template("page.html").render() == "ours"
    finally:
        os.umask(before)
    folder = tmp_path / ".cache" / "todoke" / "templates"
    assert [path.suffix for path in folder.iterdir()] == [".cache"]
    assert {path.stat().st_mode & 0o077 for path in (folder, folder.parent, *folder.iterdir())} == {0}


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701, 0o777])
@pytest.mark.parametrize("which", ["todoke", "todoke/templates"])
def test_a_folder_that_others_may_enter_is_refused_with_the_command_that_mends_it(
    tmp_path: Path, mode: int, which: str, caplog: pytest.LogCaptureFixture
) -> None:
    environ, mark = {"XDG_CACHE_HOME": str(tmp_path)}, tmp_path / "ran"
    environment = with_cache(environ)
    planted(tmp_path / "todoke" / "templates", environment, mark)
    (tmp_path / which).chmod(mode)
    assert with_cache(environ).get_template("page.html").render() == "ours"
    assert not mark.exists() and f"chmod 700 {tmp_path / which}" in caplog.text


def test_a_link_to_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "theirs").mkdir(mode=0o700)
    (tmp_path / "todoke").symlink_to(tmp_path / "theirs")
    assert open_bytecode_cache({"XDG_CACHE_HOME": str(tmp_path)}) is None


@pytest.mark.parametrize("environ", [{}, {"HOME": "relative"}, {"XDG_CACHE_HOME": "cache"}, {"HOME": "/dev/null"}])
def test_without_a_home_every_build_compiles_its_templates(environ: dict[str, str]) -> None:
    assert with_cache(environ).get_template("page.html").render() == "ours"


def test_no_build_looks_for_byte_code_beside_its_output_or_in_the_cache_of_the_checkout(tiny: TinySite, tmp_path: Path) -> None:
    tiny.article("press/2020/a.md")
    tiny.build()
    assert [
        path
        for folder in (tiny.output, Path("var/cache"))
        for path in folder.rglob("__jinja2_*")
        if path.stat().st_mtime > tiny.content.stat().st_mtime
    ] == []


ENTRY = PageEntry(
    "page.html",
    "d" * 20,
    array("I", [0, 1]).tobytes(),
    {"page": "d"},
    ("2020-01-01T00:00:00+09:00", "2021-01-01T00:00:00+09:00"),
    ("a.png",),
)


def a_manifest() -> Manifest:
    table = ReadTable({"name:": (["a", "b"], ["d", "d"], [0, 1])}, 2)
    return Manifest("f", {"index.html": ENTRY}, table, {"d": ["base.html", None]}, {"document:a": "d"}, 2)


@cache
def saved(folder: Path) -> bytes:
    a_manifest().save(folder / "manifest")
    return (folder / "manifest").read_bytes()


def test_a_manifest_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    saved(tmp_path)
    loaded = load_manifest(tmp_path / "manifest", "f")
    assert (loaded.pages, loaded.templates, loaded.record_digests, loaded.used) == (
        {"index.html": ENTRY},
        {"d": ["base.html", None]},
        {"document:a": "d"},
        2,
    )
    assert list(loaded.table.reads_from("name:")) == [("a", "d", 0), ("b", "d", 1)] and loaded.table.length == 2
    assert load_manifest(tmp_path / "manifest", "another").pages == {}


@pytest.mark.parametrize(
    "change",
    [
        {"positions": b"abc"}, {"interval": ("2020-01-01",)}, {"interval": ("x", "y")},
        {"interval": ("2020-01-01T00:00:00", "2021-01-01T00:00:00")}, {"side_files": ("../../secret",)}, {"side_files": ("/etc/passwd",)},
        {"side_files": ("a/../../b",)}, {"side_files": ("a\\b",)}, {"side_files": ("",)},
    ],
)  # fmt: skip
def test_a_manifest_that_contradicts_itself_or_names_a_file_outside_of_the_site_counts_as_lost(
    tmp_path: Path, change: dict[str, object]
) -> None:
    stored = manifests._Stored(FORMAT, "f", {"o": (["a", "b"], ["d", "d"], [0, 1])}, 2, 2, {}, {}, {"x": ENTRY._replace(**change)})  # type: ignore[arg-type]
    (tmp_path / "manifest").write_bytes(msgspec.msgpack.encode(stored))
    assert load_manifest(tmp_path / "manifest", "f").pages == {}


@given(st.data())
@settings(derandomize=True, max_examples=800, deadline=None)
def test_no_bytes_stop_a_build_or_give_a_manifest_that_cannot_be_used(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.getbasetemp()
    raw = bytearray(saved(folder))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=4))
        raw = raw or bytearray(b"\x90")
    file = folder / "damaged-manifest"
    file.write_bytes(data.draw(st.sampled_from([bytes(raw), bytes(raw)[: len(raw) // 2]]) | st.binary(max_size=60)))
    loaded = load_manifest(file, "f")
    for entry in loaded.pages.values():
        assert entry.validity.contains(entry.validity.since) or entry.validity.since >= entry.validity.until
        assert min(entry.reads, default=0) >= 0
    assert all(len(read) == 3 for owner in loaded.table.owners() for read in loaded.table.reads_from(owner))
    loaded.save(folder / "saved-again")
