"""The command line: `todoke feeds list` and `todoke feeds update`."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from rich.cells import cell_len
from typer.testing import CliRunner, Result

from plugins.cli.feeds.tables import notes
from plugins.partners.feed_import import FeedReport
from plugins.partners.model.config import read_settings
from plugins.partners.model.errors import ConfigError
from tests.plugins.partners.http.test_fetch import Site, page, redirect
from todoke import app

ROOT = Path(__file__).resolve().parents[4]
BLOGGER = (Path(__file__).parents[3] / "data" / "feeds" / "blogger.xml").read_bytes()
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
            addresses.append(base)
            ready.set()
            await asyncio.to_thread(done.wait)

    addresses: list[str] = []
    ready, done = threading.Event(), threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        assert ready.wait(90)
        yield addresses[0]
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
    assert "not due before 2016-02-10 11:0" in early.stdout
    assert "変わりありません / not modified" in second.stdout
    (path,) = (toml.parent / "content/partners/hama/2012").glob("20120311-*.md")
    assert "first_seen: '2016-02-10T10:00:00+09:00'" in path.read_text("utf-8")
    assert json.loads((toml.parent / "var/feeds.json").read_text())["feeds"]["hama"]["etag"] == '"1"'


def test_one_good_feed_is_success_and_json_holds_every_report(toml: Path) -> None:
    with served(Site({"/x": page(BLOGGER)})) as base:
        urls = ["--url", f"hama={base}/x", "--url", f"minato={base}/none"]
        result = call("update", "--allow-loopback", "--json", "--dry-run", *urls)
    assert result.exit_code == 0
    hama, minato = json.loads(result.stdout)
    assert (hama["key"], hama["new"], hama["failed"]) == ("hama", 2, None)
    assert minato["failed"].startswith("HTTP 404")
    assert not (toml.parent / "content").exists()


def test_loopback_is_refused_by_default_and_a_run_in_which_all_fail_ends_with_1(toml: Path) -> None:
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
        (["list", "--publications", "none.toml"], "no such file: check where you are"),
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


HOSTILE = "\x1b]0;owned\x07題\x9b31m\u202e名\x7f\u2066\n偽の行"
"""A title that sets the window's title, turns the text red, reverses it, and ends the line."""


def hostile_feed() -> bytes:
    item = {"id": HOSTILE, "url": "https://iso.example/1", "title": HOSTILE, "content_text": "x", "date_published": "2012-03-11T10:00:00Z"}
    return json.dumps({"version": "https://jsonfeed.org/version/1.1", "title": HOSTILE, "items": [item]}).encode()


def obeyed_by_a_terminal(text: str) -> list[str]:
    return [char for char in text if (unicodedata.category(char) == "Cc" and char != "\n") or char in "\u202e\u2066"]


def test_no_control_character_of_a_stranger_reaches_the_terminal(toml: Path) -> None:
    with served(Site({"/feed": page(hostile_feed(), Content_Type="application/feed+json"), "/gone": redirect("/\u202e\x9b31m")})) as base:
        added = call("add", f"{base}/feed", "--allow-loopback", "--key", "iso", "--licence", "x", "--yes")
        urls = ["--url", f"iso={base}/feed", "--url", f"hama={base}/gone", "--url", f"minato={base}/feed"]
        updated = call("update", "--allow-loopback", *urls)
        listed, as_json, waiting = call("list"), call("list", "--format", "json"), call("review", "--format", "json")
    for result in (added, updated, listed, as_json, waiting, call("review")):
        assert result.exit_code == 0, result.output
        assert obeyed_by_a_terminal(result.output) == []
    assert "題" in added.output and "\n偽の行" not in added.output
    assert "題" in json.loads(waiting.stdout)[0]["title"]


@pytest.mark.parametrize("columns", [80, 60])
def test_no_table_cuts_the_key_of_a_feed(toml: Path, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    key = "a-partner-with-a-long-name"
    toml.write_text(PUBLICATIONS.replace("feeds.minato", f"feeds.{key}").replace("港の日記", "港の日記" * 20), "utf-8")
    listed, updated = call("list"), call("update", "--dry-run", "--url", f"{key}=http://127.0.0.1:1/")
    for result in (listed, updated):
        assert key in result.stdout and "…" not in result.stdout
        assert max(cell_len(line) for line in result.stdout.splitlines() if line[:1] in "┏┃┡│└") <= columns


def test_times_are_shown_in_japan_time_with_its_name_or_in_utc(toml: Path) -> None:
    report = FeedReport("hama", waits_until="2016-02-10T02:30+00:00")
    assert notes(report) == ["まだ取りに行きません / not due before 2016-02-10 11:30 JST"]
    assert notes(report, utc=True) == ["まだ取りに行きません / not due before 2016-02-10 02:30 UTC"]
    with served(Site({"/x": page(BLOGGER)})) as base:
        call("update", "minato", "--allow-loopback", "--url", f"minato={base}/x", "--now", "2016-02-10T10:00")
    assert "2012-03-11 10:00 JST  わかめの芽が出た" in call("review").stdout
    assert "2012-03-11 01:00 UTC  わかめの芽が出た" in call("review", "--utc").stdout


def test_quiet_leaves_out_the_counts_but_not_the_failures(toml: Path) -> None:
    result = call("update", "hama", "--url", "hama=http://127.0.0.1:1/", "--quiet")
    assert result.exit_code == 1 and result.stdout.startswith("hama: 取り込めません / failed")


def test_no_color_is_obeyed(toml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]", call("list").stdout)


def test_a_mode_or_a_file_that_does_not_exist_is_a_usage_error(toml: Path) -> None:
    assert call("add", "http://127.0.0.1:1/", "--licence", "x", "--mode", "both", "--yes").exit_code == 2
    assert call("review", "--publish", "hama/2012/none.md").exit_code == 2
    assert call("list", "--format", "csv").exit_code == 2


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
    with pytest.raises(ConfigError, match="bracket is missing"):
        read_settings(toml)


def test_notes_say_what_the_editor_has_to_do() -> None:
    report = FeedReport("hama", left_out=3, moved_to="https://new.example/feed")
    assert notes(report) == [
        "3件は多すぎて読みません / 3 entries past the limit",
        "引っ越しました。url を直してください / moved, change url: https://new.example/feed",
    ]


def test_the_command_line_starts_without_the_heavy_libraries() -> None:
    script = "import sys, plugins.cli.feeds.commands; print([m for m in ('aiohttp', 'feedparser', 'nh3', 'lxml', 'pydantic', 'yaml') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.strip() == "[]"
