"""Something else in the place of a file of settings: each command says what it is, and waits for nothing."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.samples.mail.mail_bundles import make_database, write_config, write_issue, write_lists
from tests.samples.tiny import TinySite
from todoke import app


def make_socket(path: Path) -> None:
    """A path of a socket is short (108 bytes on Linux), so it is bound from inside its folder."""
    before = Path.cwd()
    os.chdir(path.parent)
    try:
        socket.socket(socket.AF_UNIX).bind(path.name)
    finally:
        os.chdir(before)


KINDS: dict[str, Callable[[Path], object]] = {
    "pipe": lambda path: os.mkfifo(path, 0o600),
    "folder": Path.mkdir,
    "socket": make_socket,
    "device": lambda path: path.symlink_to("/dev/zero"),
}
SITE = {
    "publications.toml": (
        "check --publications {root}/publications.toml --content {root}/content",
        "feeds list --publications {root}/publications.toml",
    ),
    "pelicanconf.py": ("build", "check"),
    "content/data/municipalities.csv": ("check --publications {root}/publications.toml --content {root}/content",),
}
MAIL = {
    "mailer.toml": ("status --config {root}/mailer.toml", "send fukko-press/45 --config {root}/mailer.toml"),
    "approvers.toml": ("approvers --config {root}/mailer.toml --mail {root}/mail",),
    "var/todoke.db": ("status --config {root}/mailer.toml", "send fukko-press/45 --config {root}/mailer.toml"),
    "mail/lists.json": ("send fukko-press/45 --config {root}/mailer.toml --mail {root}/mail",),
    "publish.toml": ("mirrors --config {root}/publish.toml",),
}
CASES = [(file, line, kind) for file, lines in (SITE | MAIL).items() for line in lines for kind in KINDS]


@pytest.mark.parametrize(("file", "line", "kind"), CASES)
def test_what_lies_in_the_place_of_a_file_is_told(tiny: TinySite, file: str, line: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tiny.root
    monkeypatch.chdir(root)
    (root / "pelicanconf.py").write_text("THEME = 'theme'\n", "utf-8")
    make_database(write_config(root))
    write_lists(root / "mail")
    write_issue(root / "mail")
    (root / file).unlink(missing_ok=True)
    KINDS[kind](root / file)
    done = CliRunner().invoke(app, line.format(root=root).split(), env={"TODOKE_SECRET": "k" * 40})
    words = done.output
    assert done.exit_code in (1, 2) and isinstance(done.exception, SystemExit), (words, done.exception)
    assert Path(file).name in words and "no such file" not in words
    assert kind in words, words
