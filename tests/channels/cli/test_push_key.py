"""`todoke channels key`, as an operator types it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from channels.adapters.web_push import public_key, read_key
from tests.command_line import Ended
from tests.command_line import run as run_command


def run(folder: Path, *words: str) -> Ended:
    return run_command("channels", "key", *words, folder=folder)


def test_a_key_is_made_once_for_its_owner_only_and_its_public_half_is_told(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        made = run(tmp_path, "vapid.pem")
    finally:
        os.umask(mask)
    file = tmp_path / "vapid.pem"
    assert (made.status, made.err) == (0, b"made: vapid.pem\n")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made.out.decode().strip() == public_key(read_key(file.read_text()))
    assert b"PRIVATE" not in made.out + made.err
    before = file.read_bytes()
    again = run(tmp_path, "vapid.pem")
    assert (again.status, again.out, again.err) == (0, made.out, b"already there: vapid.pem\n")
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("content", "mode", "words"), [("no key", 0o600, "no private key"), ("no key", 0o644, "chmod"), ("", 0o600, "no private key")]
)
def test_a_file_that_is_no_key_or_that_others_can_read_is_told_on_one_line(tmp_path: Path, content: str, mode: int, words: str) -> None:
    file = tmp_path / "vapid.pem"
    file.write_text(content)
    file.chmod(mode)
    ended = run(tmp_path, "vapid.pem")
    assert ended.status == 1
    assert words in ended.err.decode() and ended.err.count(b"\n") == 1
    assert file.read_text() == content


def test_a_folder_that_is_missing_is_told(tmp_path: Path) -> None:
    ended = run(tmp_path, "missing/vapid.pem")
    assert ended.status == 1
    assert b"No such file or directory" in ended.err
