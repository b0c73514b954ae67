"""What strangers wrote reaches a terminal as text; no encoding, full disk or closed pipe ends a command half way. Real processes, pipes and a pseudo-terminal."""

from __future__ import annotations

import encodings.aliases
import io
import json
import os
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from terminal import EX_IOERR, guard, visible
from tests.command_line import NO_READER, NO_STREAM, run, run_on_terminal
from tests.samples.mail.mail_bundles import make_database, write_config, write_issue, write_lists
from tests.samples.tiny import TinySite

OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f\ufeff]")
"""What a terminal obeys, written down a second time."""
HOSTILE = "A\x1b]0;PWN\x07B\x9b31m\u202egnp.\u2066\x7f\r偽"
TROUBLE = st.text(
    st.characters() | st.sampled_from("\x00\x07\x1b\r\n\t\x7f\x85\x9b\u061c\u200e\u2028\u202e\u2066\u206a\ufeff\ud800\udc9b復髙é😀\\")
)
ENCODINGS = sorted(
    {*encodings.aliases.aliases.values()}
    - {"base64_codec", "bz2_codec", "hex_codec", "quopri_codec", "rot_13", "uu_codec", "zlib_codec", "mbcs"}
)
"""Every encoding that Python can give a stream; the others are none for text. mbcs is Windows' own."""


@given(TROUBLE)
@settings(derandomize=True, max_examples=500, deadline=None)
def test_no_character_that_a_terminal_obeys_survives_and_all_other_text_stays(text: str) -> None:
    shown = visible(text)
    assert not OBEYED.search(shown)
    assert shown.encode("utf-8").decode("utf-8") == shown
    harmless = [
        character
        for character in text
        if not OBEYED.search(character) and not "\ud800" <= character <= "\udfff" and not "\ufff9" <= character <= "\ufffb"
    ]
    rest = iter(shown)
    assert all(character in rest for character in harmless), "in the same order"
    assert visible(shown) == shown
    assert visible("".join(harmless)) == "".join(harmless)


@given(st.lists(TROUBLE, max_size=5), st.sampled_from(["utf-8", "ascii", "cp1252", "latin-1", "utf-16"]))
@settings(derandomize=True, max_examples=300, deadline=None)
def test_a_json_document_stays_the_same_document_in_every_encoding(texts: list[str], encoding: str) -> None:
    stream = guard(io.TextIOWrapper(raw := io.BytesIO(), encoding=encoding))
    stream.write(json.dumps(texts, ensure_ascii=False))
    stream.flush()
    assert json.loads(raw.getvalue().decode(encoding)) == json.loads(json.dumps(texts))


@given(st.lists(TROUBLE, max_size=4), st.sampled_from(ENCODINGS))
@settings(derandomize=True, max_examples=600, deadline=None)
def test_every_text_can_be_printed_in_every_encoding_that_python_knows(texts: list[str], encoding: str) -> None:
    stream = guard(io.TextIOWrapper(io.BytesIO(), encoding=encoding))
    for text in texts:
        stream.write(text + "\n")
    stream.flush()
    assert stream.failure is None


@pytest.fixture
def hostile(tiny: TinySite) -> TinySite:
    """A site in which whatever an editor can write holds controls: file names, keys, values, links."""
    name = HOSTILE.replace("/", "")
    tiny.write(
        f"press/2020/{name}.md", f'---\ntitle: {HOSTILE!a}\n"ke\\ey\\x9b\\u202e": 1\ndate: 2020-05-01\n---\n[l]({HOSTILE}) [m](x&#27;[2J)\n'
    )
    tiny.article("press/2020/b.md", "題 &#27;]0;x&#7;", lead="![](\x9b2J.png)")
    return tiny


def places(site: TinySite) -> list[str]:
    return ["--content", str(site.content), "--publications", str(site.root / "publications.toml"), "--now", "2021-03-31T12:00"]


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_file_names_yaml_and_links_with_controls_reach_no_terminal_in_any_format(hostile: TinySite, form: str) -> None:
    done = run("check", "--format", form, *places(hostile))
    assert done.status == 1 and b"PWN" in done.out + done.err
    for text in (done.out.decode(), done.err.decode()):
        assert not OBEYED.search(text)
    if form in ("json", "sarif"):
        assert json.loads(done.out)


COLOUR = re.compile(r"\x1b\[[0-9;]*m|\r\n")


def test_on_a_terminal_our_own_colours_stay_and_a_strangers_do_not(hostile: TinySite) -> None:
    shown = run_on_terminal("check", *places(hostile))
    assert "\x1b[1;31m" in shown and "PWN" in shown
    assert not OBEYED.search(COLOUR.sub("", shown)) and "\x1b[2J" not in shown


@pytest.mark.parametrize(
    "words", [(HOSTILE,), ("check", "--explain", HOSTILE), ("build", "--now", HOSTILE), ("send", HOSTILE), ("check", f"--{HOSTILE}")]
)
def test_a_command_line_with_controls_is_quoted_without_them(words: tuple[str, ...]) -> None:
    shown = run_on_terminal(*words)
    assert "PWN" in shown and not OBEYED.search(COLOUR.sub("", shown))


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "cp932", "utf-16"])
@pytest.mark.parametrize("words", [["--help"], ["check", "--explain", "all"], ["no-such"]])
def test_help_rules_and_errors_can_be_printed_in_the_encoding_of_any_terminal(encoding: str, words: list[str]) -> None:
    done = run(*words, encoding=encoding)
    assert done.status == (2 if words == ["no-such"] else 0)
    assert "Traceback" not in done.err.decode(encoding) and len(done.out + done.err) > 100


@pytest.mark.parametrize("words", [["check"], ["build"], ["publish"], ["send"], ["new", "notice"]], ids=" ".join)
def test_help_in_japanese_is_folded_and_never_cut_on_a_narrow_terminal(words: list[str]) -> None:
    wide = run(*words, "--help", COLUMNS="400").out.decode()
    narrow = run(*words, "--help", COLUMNS="80").out.decode()
    assert "…" not in narrow
    assert Counter(sign for sign in narrow if "\u3000" <= sign <= "\u9fff") == Counter(
        sign for sign in wide if "\u3000" <= sign <= "\u9fff"
    )


def test_check_fix_repairs_and_shows_a_line_that_the_terminal_cannot_write(tiny: TinySite) -> None:
    file = tiny.article("press/2020/a.md", "題", lead="😀 ﾊﾝｶｸです。")
    done = run("check", "--fix", *places(tiny), encoding="cp932")
    assert "Traceback" not in done.err.decode("cp932") and "\\ud83d\\ude00" in done.out.decode("cp932")
    assert done.status == 0 and "ハンカク" in file.read_text("utf-8")


@pytest.mark.parametrize("words", [["--version"], ["--help"], ["check", "--explain", "all"], ["feeds", "list", "--json"]])
def test_a_full_disk_is_one_line_and_a_status_of_its_own(words: list[str]) -> None:
    done = run(*words, stdout="/dev/full")
    assert done.status == EX_IOERR
    assert done.err.decode().count("\n") == 1 and "No space left on device" in done.err.decode()


def test_a_reader_that_goes_away_ends_no_command_half_way(tiny: TinySite) -> None:
    tiny.article("press/2020/a.md", "題")
    done = run("build", *places(tiny), "--output", str(tiny.output), stdout=NO_READER)
    assert (tiny.output / "site/index.html").exists(), done
    assert done.status == EX_IOERR and done.err.decode().count("\n") == 1 and "Broken pipe" in done.err.decode()


def test_a_command_that_is_started_without_a_stream_ends_with_the_right_status() -> None:
    without_out, without_err = run("--version", stdout=NO_STREAM), run("--version", stderr=NO_STREAM)
    assert (without_out.status, without_err.status) == (EX_IOERR, 0)
    assert b"Traceback" not in without_out.err and without_err.out


def test_errors_that_nobody_can_read_keep_their_status() -> None:
    assert [run("no-such", stderr=stream).status for stream in ("/dev/full", NO_READER, NO_STREAM)] == [2, 2, 2]


SITE_COMMANDS = [
    "build",
    "check",
    "check --fix",
    "preview",
    "new issue press",
    "feeds list",
    "feeds update",
    "feeds review",
    "validate",
    "events import x.csv",
    "readings doubtful",
    "readings compare x.csv",
]
MAIL_COMMANDS = ["send a/1", "status", "audit", "schedule", "who-missed a/1", "approve a/1 --as x", "subscribers import x.csv"]


@pytest.mark.parametrize("line", [*SITE_COMMANDS, *MAIL_COMMANDS])
def test_in_a_wrong_folder_each_command_says_so_in_one_line_and_leaves_nothing(tmp_path: Path, line: str) -> None:
    (tmp_path / "x.csv").write_text("a,b\n", "utf-8")
    done = run(*line.split(), folder=tmp_path)
    assert done.status == (1 if line in MAIL_COMMANDS else 2) and done.out == b""
    assert done.err.decode().count("\n") == 1 and "Traceback" not in done.err.decode()
    assert [path.name for path in tmp_path.iterdir()] == ["x.csv"]


def test_a_file_that_the_system_refuses_is_one_line_with_its_name(tiny: TinySite) -> None:
    (tiny.root / "dir.csv").mkdir()
    done = run("subscribers", "import", "none.csv", "--config", str(tiny.root / "dir.csv"))
    assert done.status == 1 and "dir.csv" in done.err.decode() and done.err.decode().count("\n") == 1


def test_the_variable_that_python_reads_for_its_streams_is_obeyed_and_a_full_disk_too() -> None:
    """The one test that starts Python itself."""
    words = [sys.executable, "-m", "todoke", "check", "--explain", "all"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(words, stdout=full, stderr=subprocess.PIPE, env=os.environ | {"PYTHONIOENCODING": "ascii"}, check=False)
    assert done.returncode == EX_IOERR and done.stderr.isascii() and done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("special", ["fifo", "/dev/full"])
@pytest.mark.parametrize(
    "line", ["subscribers import {}", "status --config {}", "audit --anchor {}", "check --publications {}", "feeds update --state {}"]
)
def test_a_pipe_or_a_device_in_the_place_of_a_file_is_refused_and_never_waited_for(tiny: TinySite, line: str, special: str) -> None:
    os.mkfifo(tiny.root / "fifo")
    make_database(write_config(tiny.root))
    write_lists(tiny.root / "mail")
    mail = ["--mail", "mail"] if "import" in line else []
    done = run(*line.format(special).split(), *mail, folder=tiny.root, TODOKE_SECRET="k" * 40)
    assert done.status in (1, 2) and done.err.decode().count("\n") == 1 and special in done.err.decode()


@pytest.mark.parametrize("file", ["mailer.toml", "approvers.toml", "key", "mail/lists.json", "mail/fukko-press/45/issue.json"])
def test_a_pipe_in_the_place_of_a_file_that_the_mailer_knows_by_name_is_not_waited_for(tmp_path: Path, file: str) -> None:
    make_database(write_config(tmp_path, head='secret_file = "key"\n'))
    (tmp_path / "key").write_text("k" * 40)
    (tmp_path / "key").chmod(0o600)
    write_lists(tmp_path / "mail")
    write_issue(tmp_path / "mail")
    (tmp_path / file).unlink(missing_ok=True)
    os.mkfifo(tmp_path / file, 0o600)
    line = "approvers" if file == "approvers.toml" else "send fukko-press/45"
    done = run(*line.split(), "--mail", "mail", folder=tmp_path, TODOKE_SECRET="")
    assert done.status == 1 and "pipe" in done.err.decode() and file in done.err.decode()
