"""`todoke verify` as an operator types it, on the publishing machine: mirrors behind a real nginx, the trust from the store, restoration by delivery."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from demo.servers import free_port
from publisher.config import AuditSettings
from tests.samples.mail.operators import Operator
from tests.samples.publishing.mirrors import SECOND, WWW, nginx
from verifier.model import Config

SETTINGS = """
folder = "verifier"
families = ["ipv4"]
again = 0.2
"""


class Watched(Operator):
    """An operator whose two mirrors are served."""

    def __init__(self, folder: Path, port: int) -> None:
        super().__init__(folder)
        self.www, self.second = f"www=http://{WWW}:{port}", f"second=http://{SECOND}:{port}"
        assert self.run("release-keys new --root stick --without-passphrase").exit_code == 0
        (folder / "verify.toml").write_text(SETTINGS, encoding="utf-8")
        self.succeed("release")

    def succeed(self, line: str) -> Result:
        result = self.run(line)
        assert result.exit_code == 0, result.output
        return result

    def alter(self, path: str, text: str) -> None:
        (self.folder / "www" / "current" / path).write_text(text, encoding="utf-8")


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    port = free_port()
    with nginx(tmp_path, {WWW: tmp_path / "www" / "current", SECOND: tmp_path / "second" / "current"}, port):
        yield Watched(tmp_path, port)


def test_mirrors_that_show_the_release_end_with_status_0(watched: Watched) -> None:
    watched.succeed(f"verify --once {watched.www} {watched.second}")


def test_an_altered_page_is_named_and_the_status_is_1(watched: Watched) -> None:
    watched.alter("press/2026/bridge/index.html", "Hacked")
    result = watched.run(f"verify --once {watched.www} {watched.second}")
    assert result.exit_code == 1
    assert "FOUND 発見 [altered] www ipv4 press/2026/bridge/index.html" in result.output
    assert "second" not in result.output


def test_with_restore_the_release_is_back_in_ten_seconds_and_the_command_says_so(watched: Watched) -> None:
    before = watched.page("www")
    watched.alter("index.html", "Hacked")
    watched.alter("theme/new.html", "Casino")
    (watched.folder / "www" / "current" / "press" / "index.html").unlink()
    watched.alter("index.html", "Hacked <a href='theme/new.html'>prize</a>")
    started = time.monotonic()
    result = watched.run(f"verify --once --restore {watched.www}")
    assert time.monotonic() - started < 10
    assert "RESTORED 復旧 www: release 1" in result.output
    assert "OVER 解消 [altered] www ipv4 index.html" in result.output
    assert watched.page("www") == before
    assert (watched.folder / "www" / "current" / "press" / "index.html").exists()
    assert not (watched.folder / "www" / "current" / "theme" / "new.html").exists()
    assert result.exit_code == 0


def test_an_old_release_that_is_served_again_is_replaced_by_the_newest(watched: Watched) -> None:
    watched.write("index.html", "<h1>new</h1>")
    watched.succeed("release")
    watched.succeed(f"verify --once {watched.www}")
    link = watched.folder / "www" / "current"
    other = "slots/a" if str(link.readlink()).endswith("b") else "slots/b"
    link.unlink()
    link.symlink_to(other)
    result = watched.run(f"verify --once --restore {watched.www}")
    assert "[rolled-back] www" in result.output
    assert watched.page("www") == "<h1>new</h1>"
    assert result.exit_code == 0


def test_a_mirror_that_nothing_answers_for_is_not_said_to_be_altered(watched: Watched) -> None:
    result = watched.run(f"verify --once http://127.0.0.3:{free_port()}")
    assert result.exit_code in (1, 2)
    assert "altered" not in result.output


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("verify --once --public-key RWQ {www}", "this is no public key of minisign"),
        ("verify --once --root nothing.json {www}", "nothing.json: No such file"),
        ("verify --once", "mirrors: none is named"),
        ("verify --once --restore third=http://127.0.0.1:9", "there is no mirror 'third'"),
        ("verify --once --config nothing.toml {www}", "root or public_key is needed"),
        ("verify --once ftp://example.jp", "no address with http or https"),
    ],
)
def test_what_cannot_be_watched_is_one_line_and_status_1(watched: Watched, line: str, words: str) -> None:
    result = watched.run(line.format(www=watched.www))
    assert result.exit_code == 1
    assert words in result.output
    assert len(result.output.splitlines()) == 1


def test_the_public_key_of_minisign_alone_is_enough(watched: Watched) -> None:
    key = (watched.folder / "var" / "keys" / "release.pub").read_text().splitlines()[-1]
    watched.succeed(f"verify --once --config none.toml --public-key {key} {watched.www}")
    watched.alter("index.html", "Hacked")
    assert watched.run(f"verify --once --config none.toml --public-key {key} {watched.www}").exit_code == 1


def test_without_settings_the_history_lies_where_the_audit_pack_looks_for_it() -> None:
    assert Path(Config().folder) == AuditSettings().verifier


def test_a_missing_publish_toml_is_told_with_the_page_that_shows_how_to_write_one(tmp_path: Path) -> None:
    operator = Operator(tmp_path)
    (tmp_path / "publish.toml").unlink()
    for line in ("release", "releases", "mirrors", "release-keys show", "publish --dry-run"):
        result = operator.run(line)
        assert result.exit_code == 1
        assert "publish.toml: there is no such file here. docs/how-to/publish.md shows how" in result.stderr
    assert "## 1. Mirrors" in Path("docs/how-to/publish.md").read_text("utf-8")
