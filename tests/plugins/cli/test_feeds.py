"""The command line: `todoke feeds list` and `todoke feeds update`."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from plugins.cli.feeds_tables import notes
from plugins.partners.feed_import import FeedReport
from plugins.partners.model.config import read_settings
from plugins.partners.model.errors import ConfigError
from tests.plugins.partners.http.test_fetch import Site, page
from todoke import app

ROOT = Path(__file__).resolve().parents[3]
BLOGGER = (Path(__file__).parents[2] / "data" / "feeds" / "blogger.xml").read_bytes()
PUBLICATIONS = """
[site]
url = "https://todoke.example.jp"
contact = "todoke@example.jp"
[topics]
fishery = "水産業"
[feeds.hama]
title = "浜のたより"
url = "https://hama.example/feed"
site = "https://hama.example/"
author = "浜の人"
licence = "CC BY 4.0"
mode = "publish"
[feeds.minato]
title = "港の日記"
url = "https://minato.example/feed"
site = "https://minato.example/"
author = "港の人"
licence = "CC BY 4.0"
"""


@pytest.fixture
def toml(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "publications.toml"
    path.write_text(PUBLICATIONS, "utf-8")
    return path


@contextmanager
def served(site: Site) -> Iterator[str]:
    """Serve from another thread, since the command runs its own event loop."""

    async def serve() -> None:
        async with site.serve() as base:
            place.append(base)
            ready.set()
            await asyncio.to_thread(done.wait)

    place: list[str] = []
    ready, done = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert ready.wait(10)
        yield place[0]
    finally:
        done.set()
        thread.join()


def call(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["feeds", *arguments])


def test_list_names_every_feed(toml: Path) -> None:
    result = call("list")
    assert result.exit_code == 0 and "hama" in result.stdout and "minato" in result.stdout


def test_update_imports_the_named_feed_from_another_address(toml: Path) -> None:
    with served(Site({"/x": page(BLOGGER, ETag='"1"')})) as base:
        arguments = ["update", "hama", "--allow-loopback", "--url", f"hama={base}/x", "--now", "2016-02-10T10:00"]
        first, second, early = call(*arguments), call(*arguments, "--force"), call(*arguments)
    assert first.exit_code == 0 and second.exit_code == 0 and early.exit_code == 0, first.output
    assert "not due before 2016-02-10T11:0" in early.stdout
    assert "変わりありません / not modified" in second.stdout
    (path,) = (toml.parent / "content/partners/hama/2012").glob("20120311-*.md")
    assert "first_seen: '2016-02-10T10:00:00+09:00'" in path.read_text("utf-8")
    assert json.loads((toml.parent / "var/feeds.json").read_text())["feeds"]["hama"]["etag"] == '"1"'


def test_one_good_feed_is_success_and_json_tells_all(toml: Path) -> None:
    with served(Site({"/x": page(BLOGGER)})) as base:
        urls = ["--url", f"hama={base}/x", "--url", f"minato={base}/none"]
        result = call("update", "--allow-loopback", "--json", "--dry-run", *urls)
    assert result.exit_code == 0
    hama, minato = json.loads(result.stdout)
    assert (hama["key"], hama["new"], hama["failed"]) == ("hama", 2, None)
    assert minato["failed"].startswith("HTTP 404")
    assert not (toml.parent / "content").exists()


def test_loopback_is_refused_by_default_and_nothing_done_is_a_failure(toml: Path) -> None:
    with served(site := Site({"/x": page(BLOGGER)})) as base:
        result = call("update", "hama", "--url", f"hama={base}/x")
    assert result.exit_code == 1 and not site.requests
    assert "接続しないアドレスです / refused address" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["update", "nobody"], "unknown feed: nobody"),
        (["update", "hama", "--url", "minato=http://x.example/"], "KEY=URL"),
        (["update", "hama", "--url", "hama"], "KEY=URL"),
        (["update", "hama", "--now", "yesterday"], "--now as"),
        (["list", "--publications", "none.toml"], "none.toml: 読めません / cannot be read"),
    ],
)
def test_a_wrong_call_says_what_to_write(toml: Path, arguments: list[str], words: str) -> None:
    result = call(*arguments)
    assert result.exit_code == 2 and words in result.output


def test_every_command_has_help_in_both_languages() -> None:
    for command in ("list", "add", "update", "review", "remove"):
        result = call(command, "--help")
        words = " ".join(result.stdout.split())
        assert result.exit_code == 0 and "partner blogs" in words and "協力ブログ" in words


def test_settings_hold_feeds_topics_and_the_contact(toml: Path) -> None:
    settings = read_settings(toml)
    assert [(feed.key, feed.mode) for feed in settings.feeds] == [("hama", "publish"), ("minato", "review")]
    assert settings.topics == {"水産業"}
    assert settings.contact == "+https://todoke.example.jp; todoke@example.jp"


def test_the_projects_own_file_is_read() -> None:
    assert [feed.key for feed in read_settings(ROOT / "publications.toml").feeds] == ["kokoropress"]


def test_every_fault_is_named_with_its_place_and_remedy(toml: Path) -> None:
    bad = PUBLICATIONS.replace('mode = "publish"', 'mode = "maybe"\ncolour = "red"').replace("[feeds.minato]", '[feeds."../x"]')
    bad = bad.replace('author = "浜の人"\n', "").replace("https://hama.example/feed", "file:///etc/passwd").replace("港の人", "a\\nb")
    toml.write_text(bad, "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_settings(toml)
    message = str(caught.value)
    for words in (
        "[feeds.hama.author] この項目",
        "[feeds.hama.colour] 知らない項目",
        "write publish or review",
        "[feeds.hama.url]",
        "a-z, 0-9 and hyphens",
    ):
        assert words in message
    assert all(str(toml) in line for line in message.splitlines())


def test_broken_toml_is_a_fault_with_its_file(toml: Path) -> None:
    toml.write_text("[feeds", "utf-8")
    with pytest.raises(ConfigError, match="not valid TOML"):
        read_settings(toml)


def test_notes_say_what_the_editor_has_to_do() -> None:
    report = FeedReport("hama", left_out=3, moved_to="https://new.example/feed")
    assert notes(report) == [
        "3件は多すぎて読みません / 3 entries past the limit",
        "引っ越しました。url を直してください / moved, change url: https://new.example/feed",
    ]


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    script = "import sys, plugins.cli.feeds; print([m for m in ('aiohttp', 'feedparser', 'nh3', 'lxml', 'pydantic', 'yaml') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
